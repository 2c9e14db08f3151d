// The board's devices: identification registers, the clock, PSCI, cache maintenance by ID registers.
#include "arch.h"
#include "psci.h"
#include "selftest.h"
#include "uart.h"
#include "work.h"

#define RTC_BASE 0x09010000ul

// PrimeCell identification: peripheral ID in 0xfe0-0xfec, component ID in 0xff0-0xffc, a byte per word.
static uint32_t id_at(uint64_t address)
{
    uint32_t id = 0;
    for (uint32_t i = 0; i < 4; i++)
        id |= (mmio_read32(address + 4 * i) & 0xff) << 8 * i;
    return id;
}

static enum outcome test_uart(void)
{
    CHECK_EQUAL("part", id_at(UART_BASE + 0xfe0) & 0xfff, 0x011);
    CHECK_EQUAL("component", id_at(UART_BASE + 0xff0), 0xb105f00d);
    CHECK_EQUAL("receive FIFO empty or not, transmitter ready", mmio_read32(UART_BASE + UART_FR) & 0x20, 0);
    return OK;
}

static enum outcome test_rtc(void)
{
    CHECK_EQUAL("part", id_at(RTC_BASE + 0xfe0) & 0xfff, 0x031);
    CHECK_EQUAL("component", id_at(RTC_BASE + 0xff0), 0xb105f00d);
    uint32_t first = mmio_read32(RTC_BASE), second = mmio_read32(RTC_BASE);
    if (first < 1577836800u) // 2020: the host knows the date
        return fail("seconds since 1970: %u", first);
    if (second - first > 1)
        return fail("went from %u to %u", first, second);
    return OK;
}

static enum outcome test_psci(void)
{
    int64_t version = psci_call(PSCI_VERSION, 0, 0, 0);
    if (version < 2)
        return fail("version %lx", version);
    CHECK_EQUAL("FEATURES(CPU_ON)", psci_call(PSCI_FEATURES, PSCI_CPU_ON, 0, 0), 0);
    CHECK_EQUAL("FEATURES of nothing", psci_call(PSCI_FEATURES, 0x8400ff00u, 0, 0), PSCI_NOT_SUPPORTED);
    CHECK_EQUAL("AFFINITY_INFO of this CPU", psci_call(PSCI_AFFINITY_INFO, read_sysreg(mpidr_el1) & 0xff00fffffful, 0, 0), 0);
    CHECK_EQUAL("CPU_ON of this CPU (ALREADY_ON)", psci_call(PSCI_CPU_ON, read_sysreg(mpidr_el1) & 0xff00fffffful, 0, 0), -4);
    CHECK_EQUAL("CPU_ON of no CPU (INVALID_PARAMETERS)", psci_call(PSCI_CPU_ON, 0xffff00, 0, 0), -2);
    return OK;
}

static enum outcome test_zero_block(void)
{
    uint64_t dczid = read_sysreg(dczid_el0);
    if (dczid & 16)
        return skip("DC ZVA prohibited");
    uint64_t size = 4ul << (dczid & 15);
    for (uint64_t i = 0; i < 3 * size; i++)
        work[i] = 0xee;
    asm volatile("dc zva, %0" ::"r"((uint64_t)work + size + size / 2) : "memory");
    for (uint64_t i = 0; i < 3 * size; i++)
        if (work[i] != (i >= size && i < 2 * size ? 0 : 0xee))
            return fail("byte %lu is %x", i, work[i]);
    return OK;
}

static enum outcome test_id_registers(void)
{
    CHECK_EQUAL("EL0 and EL1 in AArch64", (read_sysreg(id_aa64pfr0_el1) & 0xff) != 0, 1);
    CHECK_EQUAL("current EL", read_sysreg(CurrentEL), 4);
    CHECK_EQUAL("4 KiB granule", id_field(read_sysreg(id_aa64mmfr0_el1), 28) != 15, 1);
    write_sysreg(tpidr_el1, 0x123456789abcdef0ul);
    CHECK_EQUAL("TPIDR_EL1", read_sysreg(tpidr_el1), 0x123456789abcdef0ul);
    // Unallocated ID registers of the AArch64 feature space read as zero (Arm ARM D24.2, "Reserved").
    CHECK_EQUAL("reserved ID register", read_sysreg(S3_0_C0_C7_7), 0);
    return OK;
}

const struct selftest selftests_board[] = {
    {"uart", test_uart},
    {"rtc", test_rtc},
    {"psci", test_psci},
    {"zero-block", test_zero_block},
    {"id-registers", test_id_registers},
    {0, 0},
};
