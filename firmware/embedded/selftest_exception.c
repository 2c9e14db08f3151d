// Synchronous exceptions taken from EL1 to EL1: class, syndrome, fault address and return address (Arm ARM D1.3, D24.2.40).
#include "arch.h"
#include "mmu.h"
#include "selftest.h"
#include "trap.h"
#include "work.h"

static enum outcome test_svc(void)
{
    PROBE("svc #0x1234", NO_OUTPUT);
    // SVC is the one whose preferred return address is the next instruction.
    CHECK_EQUAL("traps", trap_probe.record.count, 1);
    CHECK_EQUAL("class", esr_class(trap_probe.record.esr), EC_SVC64);
    CHECK_EQUAL("immediate", esr_iss(trap_probe.record.esr), 0x1234);
    CHECK_EQUAL("elr", trap_probe.record.elr, trap_probe.site + 4);
    CHECK_EQUAL("vector", trap_probe.record.vector, VECTOR_SPX_SYNC);
    return OK;
}

static enum outcome test_brk(void)
{
    PROBE("brk #0x4321", NO_OUTPUT);
    CHECK_TRAP("brk", EC_BRK64);
    CHECK_EQUAL("comment", esr_iss(trap_probe.record.esr), 0x4321);
    return OK;
}

static enum outcome test_udf(void)
{
    PROBE(".inst 0x00000000", NO_OUTPUT); // UDF #0
    CHECK_TRAP("udf", EC_UNKNOWN);
    CHECK_EQUAL("iss", esr_iss(trap_probe.record.esr), 0);
    CHECK_EQUAL("il", trap_probe.record.esr >> 25 & 1, 1);
    PROBE(".inst 0xd51f0000", NO_OUTPUT); // MSR to an unallocated op0=3 op1=7 CRn=0 register
    CHECK_TRAP("unallocated system register", EC_UNKNOWN);
    return OK;
}

static enum outcome test_spsr(void)
{
    // NZCV and the masks of the interrupted code arrive in SPSR_EL1; the mode field says EL1h.
    trap_probe.record.count = 0;
    asm volatile("adr x16, 2f\n\tstr x16, [%0]\n\tmsr nzcv, %1\n\tbrk #1\n2:\tstr xzr, [%0]" ::"r"(&trap_probe), "r"(0xa0000000ul)
                 : "x16", "memory", "cc");
    CHECK_EQUAL("traps", trap_probe.record.count, 1);
    CHECK_EQUAL("nzcv", trap_probe.record.spsr >> 28, 0xa);
    CHECK_EQUAL("mode", trap_probe.record.spsr & 0x1f, 5);
    CHECK_EQUAL("irq mask", trap_probe.record.spsr >> 7 & 1, 0);
    return OK;
}

static enum outcome test_data_abort(void)
{
    uint64_t value = 0x5555, address = TEST_HOLE + 0x128;
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("load", EC_DABORT_SAME);
    CHECK_EQUAL("far", trap_probe.record.far, address);
    CHECK_EQUAL("load status", esr_iss(trap_probe.record.esr) & (0x3f | ISS_WNR), FSC_TRANSLATION + 1);
    CHECK_EQUAL("load destination", value, 0x5555);
    PROBE("str %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("store", EC_DABORT_SAME);
    CHECK_EQUAL("store status", esr_iss(trap_probe.record.esr) & (0x3f | ISS_WNR), (FSC_TRANSLATION + 1) | ISS_WNR);
    // Outside the 39 bits of TTBR0, and in TTBR1's half, whose walks EPD1 disables: level 0.
    address = 1ul << 40;
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("out of range", EC_DABORT_SAME);
    CHECK_EQUAL("out of range status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_TRANSLATION);
    CHECK_EQUAL("out of range far", trap_probe.record.far, address);
    address = 0xffffffffc0001000ul;
    PROBE("ldrb %w[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("upper half", EC_DABORT_SAME);
    CHECK_EQUAL("upper half far", trap_probe.record.far, address);
    return OK;
}

// A faulting access with write-back leaves its base as it was; a faulting pair leaves both destinations.
static enum outcome test_abort_restart(void)
{
    uint64_t base = TEST_HOLE + 0x1000;
    PROBE("ldr x9, [%[b], #64]!", [b] "+&r"(base));
    CHECK_TRAP("pre-index", EC_DABORT_SAME);
    CHECK_EQUAL("pre-index base", base, TEST_HOLE + 0x1000);
    CHECK_EQUAL("pre-index far", trap_probe.record.far, TEST_HOLE + 0x1040);
    PROBE("str x9, [%[b]], #16", [b] "+&r"(base));
    CHECK_TRAP("post-index", EC_DABORT_SAME);
    CHECK_EQUAL("post-index base", base, TEST_HOLE + 0x1000);
    PROBE("stp x9, x10, [%[b], #-16]!", [b] "+&r"(base));
    CHECK_TRAP("pair", EC_DABORT_SAME);
    CHECK_EQUAL("pair base", base, TEST_HOLE + 0x1000);
    return OK;
}

static enum outcome test_instruction_abort(void)
{
    uint64_t address = TEST_HOLE + 0x40;
    PROBE("blr %[a]", NO_OUTPUT, [a] "r"(address));
    CHECK_EQUAL("traps", trap_probe.record.count, 1);
    CHECK_EQUAL("class", esr_class(trap_probe.record.esr), EC_IABORT_SAME);
    CHECK_EQUAL("status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_TRANSLATION + 1);
    CHECK_EQUAL("far", trap_probe.record.far, address);
    CHECK_EQUAL("elr", trap_probe.record.elr, address);
    // The work area is mapped never-executable.
    address = (uint64_t)work;
    PROBE("br %[a]", NO_OUTPUT, [a] "r"(address));
    CHECK_EQUAL("no-execute class", esr_class(trap_probe.record.esr), EC_IABORT_SAME);
    CHECK_EQUAL("no-execute status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_PERMISSION + 2);
    CHECK_EQUAL("no-execute elr", trap_probe.record.elr, address);
    return OK;
}

static enum outcome test_pc_alignment(void)
{
    uint64_t address = (uint64_t)work + 2;
    PROBE("br %[a]", NO_OUTPUT, [a] "r"(address));
    CHECK_EQUAL("traps", trap_probe.record.count, 1);
    CHECK_EQUAL("class", esr_class(trap_probe.record.esr), EC_PC_ALIGNMENT);
    CHECK_EQUAL("far", trap_probe.record.far, address);
    CHECK_EQUAL("elr", trap_probe.record.elr, address);
    return OK;
}

// On SP_EL0, so that the vectors still have a usable SP_EL1. QEMU does not check the stack pointer's alignment.
static enum outcome test_sp_alignment(void)
{
    uint64_t sp = (uint64_t)work + 0x1008;
    trap_probe.record.count = 0;
    asm volatile("msr daifset, #2\n\tmsr sp_el0, %[sp]\n\tadr x16, 2f\n\tadr x17, 1f\n\tstp x16, x17, [%[p]]\n\t"
                 "msr spsel, #0\n1:\tldr x16, [sp]\n2:\tmsr spsel, #1\n\tstr xzr, [%[p]]\n\tmsr daifclr, #2"
                 ::[sp] "r"(sp), [p] "r"(&trap_probe)
                 : "x16", "x17", "memory");
    if (trap_probe.record.count == 0)
        return skip("not checked by this machine");
    CHECK_TRAP("load from sp", EC_SP_ALIGNMENT);
    CHECK_EQUAL("vector", trap_probe.record.vector, VECTOR_SP0_SYNC);
    return OK;
}

static enum outcome test_alignment(void)
{
    // Normal memory takes any alignment, also across a page; Device memory and exclusives do not.
    volatile uint8_t *page = work + 2 * PAGE_SIZE;
    for (int i = -8; i < 8; i++)
        page[i] = (uint8_t)(i + 9);
    uint64_t value = 0, address = (uint64_t)page - 3;
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_EQUAL("normal memory traps", trap_probe.record.count, 0);
    CHECK_EQUAL("normal memory", value, 0x0d0c0b0a09080706ul);
    mmu_map_page(0, (uint64_t)work, PTE_DEVICE);
    address = TEST_PAGE(0) + 1;
    PROBE("ldr %w[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    mmu_unmap_page(0);
    CHECK_TRAP("device memory", EC_DABORT_SAME);
    CHECK_EQUAL("device memory status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_ALIGNMENT);
    CHECK_EQUAL("device memory far", trap_probe.record.far, address);
    address = (uint64_t)page + 12; // crosses 16 bytes, so FEAT_LSE2 does not permit it either
    PROBE("ldxr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("exclusive", EC_DABORT_SAME);
    CHECK_EQUAL("exclusive status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_ALIGNMENT);
    return OK;
}

static enum outcome test_fp_trap(void)
{
    uint64_t cpacr = read_sysreg(cpacr_el1);
    write_sysreg(cpacr_el1, cpacr & ~(3ul << 20));
    isb();
    PROBE("fmov d0, d0", NO_OUTPUT);
    write_sysreg(cpacr_el1, cpacr);
    isb();
    CHECK_TRAP("fmov", EC_FP_ACCESS);
    PROBE("fmov d0, d0", NO_OUTPUT);
    CHECK_EQUAL("traps once enabled", trap_probe.record.count, 0);
    return OK;
}

// An ERET to a reserved mode sets PSTATE.IL: the next instruction takes the Illegal Execution state exception.
static enum outcome test_illegal_return(void)
{
    trap_probe.record.count = 0;
    asm volatile("msr daifset, #2\n\tadr x16, 2f\n\tadr x17, 1f\n\tstp x16, x17, [%[p]]\n\tmsr elr_el1, x17\n\tmsr spsr_el1, %[mode]\n\teret\n"
                 "1:\tnop\n2:\tstr xzr, [%[p]]\n\tmsr daifclr, #2"
                 ::[p] "r"(&trap_probe), [mode] "r"(0x3cdul) // M[3:0] = EL3h
                 : "x16", "x17", "memory");
    CHECK_TRAP("after eret", EC_ILLEGAL_STATE);
    return OK;
}

const struct selftest selftests_exception[] = {
    {"svc", test_svc},
    {"brk", test_brk},
    {"udf", test_udf},
    {"spsr", test_spsr},
    {"data-abort", test_data_abort},
    {"abort-restart", test_abort_restart},
    {"instruction-abort", test_instruction_abort},
    {"pc-alignment", test_pc_alignment},
    {"sp-alignment", test_sp_alignment},
    {"alignment", test_alignment},
    {"fp-trap", test_fp_trap},
    {"illegal-return", test_illegal_return},
    {0, 0},
};
