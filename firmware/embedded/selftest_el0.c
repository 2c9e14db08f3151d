// EL0: entry by ERET, return by SVC, and what it must not be able to do. Its code is mapped at a test page of its own.
#include "arch.h"
#include "irq.h"
#include "mmu.h"
#include "selftest.h"
#include "timer.h"
#include "trap.h"
#include "work.h"

extern char el0_page[], el0_svc[], el0_load[], el0_store[], el0_branch[], el0_privileged[], el0_push[], el0_spin[], el0_step[];

// Window pages: 0 code, 1 stack and data (EL0 read/write), 2 EL1 only, 3 EL0 read-only.
#define EL0_MASKED 0x3c0ul

static uint64_t run(const char *entry, uint64_t argument, uint64_t spsr)
{
    mmu_map_page(0, (uint64_t)el0_page, PTE_NORMAL | PTE_EL0 | PTE_READ_ONLY | PTE_PXN | PTE_NG);
    mmu_map_page(1, (uint64_t)work, PTE_NORMAL | PTE_EL0 | PTE_XN | PTE_NG);
    mmu_map_page(2, (uint64_t)work + PAGE_SIZE, PTE_NORMAL | PTE_XN | PTE_NG);
    mmu_map_page(3, (uint64_t)work + 2 * PAGE_SIZE, PTE_NORMAL | PTE_EL0 | PTE_READ_ONLY | PTE_XN | PTE_NG);
    write_sysreg(cntkctl_el1, 3); // EL0 may read the counters
    trap_probe.record.count = 0;
    uint64_t result = el0_run(TEST_PAGE(0) + (uint64_t)(entry - el0_page), TEST_PAGE(2), argument, spsr);
    irq_enable();
    return result;
}

static enum outcome expect(const char *what, uint32_t class, uint32_t status)
{
    if (trap_probe.record.vector != VECTOR_EL0_SYNC || esr_class(trap_probe.record.esr) != class
        || (esr_iss(trap_probe.record.esr) & (ISS_WNR | 0x3f)) != status)
        return fail("%s: vector %lu esr %lx far %lx", what, trap_probe.record.vector, trap_probe.record.esr, trap_probe.record.far);
    return OK;
}

static enum outcome test_svc(void)
{
    CHECK_EQUAL("result", run(el0_svc, 41, EL0_MASKED), 42);
    CHECK_EQUAL("class", esr_class(trap_probe.record.esr), EC_SVC64);
    CHECK_EQUAL("immediate", esr_iss(trap_probe.record.esr), 7);
    CHECK_EQUAL("mode", trap_probe.record.spsr & 0x1f, 0);
    CHECK_EQUAL("stack and counter", run(el0_push, 21, EL0_MASKED), 42);
    CHECK_EQUAL("immediate", esr_iss(trap_probe.record.esr), 11);
    return OK;
}

static enum outcome test_protection(void)
{
    enum outcome outcome;
    *(volatile uint64_t *)(work + 2 * PAGE_SIZE) = 0x1122334455667788ul;
    CHECK_EQUAL("readable page", run(el0_load, TEST_PAGE(3), EL0_MASKED), 0x1122334455667788ul);
    run(el0_load, TEST_PAGE(2), EL0_MASKED);
    if ((outcome = expect("load of an EL1 page", EC_DABORT_LOWER, FSC_PERMISSION + 3)) != OK)
        return outcome;
    CHECK_EQUAL("far", trap_probe.record.far, TEST_PAGE(2));
    run(el0_store, TEST_PAGE(3), EL0_MASKED);
    if ((outcome = expect("store to a read-only page", EC_DABORT_LOWER, (FSC_PERMISSION + 3) | ISS_WNR)) != OK)
        return outcome;
    run(el0_branch, TEST_PAGE(1), EL0_MASKED);
    if ((outcome = expect("execution of a UXN page", EC_IABORT_LOWER, FSC_PERMISSION + 3)) != OK)
        return outcome;
    CHECK_EQUAL("elr", trap_probe.record.elr, TEST_PAGE(1));
    run(el0_branch, TEST_HOLE, EL0_MASKED);
    return expect("execution of nothing", EC_IABORT_LOWER, FSC_TRANSLATION + 1);
}

static enum outcome test_privilege(void)
{
    run(el0_privileged, 0, EL0_MASKED);
    CHECK_EQUAL("class", esr_class(trap_probe.record.esr), EC_UNKNOWN);
    CHECK_EQUAL("elr", trap_probe.record.elr, TEST_PAGE(0) + (uint64_t)(el0_privileged - el0_page));
    return OK;
}

static void handler(void)
{
    write_sysreg(cntv_ctl_el0, 0);
    isb();
    *(volatile uint64_t *)work = 77;
}

static enum outcome test_interrupt(void)
{
    *(volatile uint64_t *)work = 0;
    irq_set_handler(TIMER_VIRTUAL_INTID, handler);
    irq_unmask(TIMER_VIRTUAL_INTID, 0x80);
    write_sysreg(cntv_tval_el0, timer_from_ns(1000000));
    write_sysreg(cntv_ctl_el0, 1);
    irq_disable();
    uint64_t result = run(el0_spin, TEST_PAGE(1), 0);
    irq_mask(TIMER_VIRTUAL_INTID);
    irq_set_handler(TIMER_VIRTUAL_INTID, 0);
    CHECK_EQUAL("spin result", result, 77);
    return OK;
}

// Software step (Arm ARM D2.12): with SPSR.SS and MDSCR_EL1.SS set, one instruction runs and then EL1 is back.
static enum outcome test_step(void)
{
    uint64_t mdscr = read_sysreg(mdscr_el1);
    write_sysreg(oslar_el1, 0);
    write_sysreg(mdscr_el1, mdscr | 1);
    isb();
    uint64_t result = run(el0_step, 0, EL0_MASKED | 1 << 21);
    write_sysreg(mdscr_el1, mdscr);
    isb();
    CHECK_EQUAL("class", esr_class(trap_probe.record.esr), EC_STEP_LOWER);
    CHECK_EQUAL("result", result, 1);
    CHECK_EQUAL("elr", trap_probe.record.elr, TEST_PAGE(0) + (uint64_t)(el0_step - el0_page) + 4);
    return OK;
}

const struct selftest selftests_el0[] = {
    {"el0-svc", test_svc},
    {"el0-protection", test_protection},
    {"el0-privilege", test_privilege},
    {"el0-interrupt", test_interrupt},
    {"el0-step", test_step},
    {0, 0},
};
