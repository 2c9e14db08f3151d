// Arm64Vm's own firmware: describes the machine it woke up on, tests it, measures it, and powers it off.
// What it prints is an interface: SELFTEST, KERNEL and FIRMWARE lines are read by programs.
#include "arch.h"
#include "fdt.h"
#include "idle.h"
#include "irq.h"
#include "kernel.h"
#include "litmus.h"
#include "options.h"
#include "print.h"
#include "psci.h"
#include "selftest.h"
#include "timer.h"
#include "uart.h"
#include "work.h"

#define RAM_BASE 0x40000000ul

struct feature {
    const char *name;
    uint8_t reg; // 0: ID_AA64PFR0_EL1, 1: ID_AA64ISAR0_EL1, 2: ID_AA64MMFR0_EL1, 3: ID_AA64MMFR2_EL1, 4: ID_AA64ISAR1_EL1
    uint8_t shift;
    uint8_t least;
};

static const struct feature features[] = {
    {"aes", 1, 4, 1}, {"pmull", 1, 4, 2}, {"sha1", 1, 8, 1}, {"sha256", 1, 12, 1}, {"sha512", 1, 12, 2}, {"crc32", 1, 16, 1},
    {"lse", 1, 20, 2}, {"rdm", 1, 28, 1}, {"sha3", 1, 32, 1}, {"dotprod", 1, 44, 1}, {"flagm", 1, 52, 1}, {"rng", 1, 60, 1},
    {"sve", 0, 32, 1}, {"ras", 0, 28, 1}, {"dpb", 4, 0, 1}, {"jscvt", 4, 12, 1}, {"fcma", 4, 16, 1}, {"lrcpc", 4, 20, 1},
    {"lse2", 3, 32, 1},
};

static void print_banner(uint64_t entry_el)
{
    uint64_t regs[] = {read_sysreg(id_aa64pfr0_el1), read_sysreg(id_aa64isar0_el1), read_sysreg(id_aa64mmfr0_el1),
                       read_sysreg(id_aa64mmfr2_el1), read_sysreg(id_aa64isar1_el1)};
    print("\narm64vm-firmware 1.0\n");
    print("CPU el=%lu entry-el=%lu midr=%lx mpidr=%lx\n", read_sysreg(CurrentEL) >> 2, entry_el, read_sysreg(midr_el1), read_sysreg(mpidr_el1));
    print("ID pfr0=%lx isar0=%lx isar1=%lx mmfr0=%lx mmfr2=%lx\n", regs[0], regs[1], regs[4], regs[2], regs[3]);
    print("FEATURES");
    for (uint32_t i = 0; i < sizeof features / sizeof *features; i++)
        if (id_field(regs[features[i].reg], features[i].shift) >= features[i].least)
            print(" %s", features[i].name);
    uint32_t size = 0;
    const uint8_t *memory = fdt_property("memory", 0, "reg", &size);
    print("\nBOARD gic=%s psci=%s cpus=%u ram=%luM cntfrq=%lu\n", irq_controller(), psci_conduit(), fdt_count("cpu"),
          memory && size >= 16 ? fdt_u64(memory + 8) >> 20 : 0, timer_frequency());
}

// The device tree is where x0 says, if it lies in mapped RAM, else at the base of RAM.
static bool open_device_tree(uint64_t address)
{
    if (address >= RAM_BASE && address < WORK_BASE + WORK_SIZE && fdt_open(address))
        return true;
    return fdt_open(RAM_BASE);
}

void firmware_main(uint64_t device_tree, uint64_t entry_el)
{
    uart_init();
    bool ok = open_device_tree(device_tree);
    psci_init();
    bool interrupts = irq_init();
    print_banner(entry_el);
    if (!ok)
        print("SELFTEST device-tree FAIL not at %lx nor at %lx\n", device_tree, RAM_BASE);
    if (!interrupts)
        print("SELFTEST interrupt-controller FAIL no GICv2 or GICv3 in the device tree\n");
    struct options options = options_read();
    ok &= interrupts;
    if (options.selftest && ok)
        ok = selftest_run();
    ok &= kernels_run(&options);
    if (options.litmus && ok)
        ok = litmus_run(options.litmus);
    print("FIRMWARE %s\n", ok ? "OK" : "FAIL");
    if (options.idle && interrupts)
        idle_run(options.wakes, options.period_ns);
    if (options.reset)
        psci_reset_while_running();
    psci_system_off();
}
