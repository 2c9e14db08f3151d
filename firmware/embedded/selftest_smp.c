// A second CPU, when the board has one: start, shared counters, interrupts and invalidations between CPUs, stop.
#include "arch.h"
#include "fdt.h"
#include "irq.h"
#include "mmu.h"
#include "psci.h"
#include "selftest.h"
#include "timer.h"
#include "work.h"

#define ROUNDS 20000u

extern char secondary_start[];

// Where the two meet. Each step is a number that one writes and the other waits for.
static volatile uint32_t phase, seen_mpidr;
static volatile uint64_t lock, counter, last_read;

static bool wait_for(uint32_t value)
{
    uint64_t start = timer_ticks(), limit = timer_from_ns(5000000000ul);
    while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) != value)
        if (timer_ticks() - start > limit)
            return false;
    return true;
}

static void enter(uint32_t value) { __atomic_store_n(&phase, value, __ATOMIC_RELEASE); }

// A lock of load-acquire exclusive and store-release, waiting by WFE (Arm ARM K13.3).
static void count_locked(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t status;
        uint64_t value;
        asm volatile("sevl\n1:\twfe\n2:\tldaxr %1, [%2]\n\tcbnz %1, 1b\n\tstxr %w0, %3, [%2]\n\tcbnz %w0, 2b"
                     : "=&r"(status), "=&r"(value) : "r"(&lock), "r"(1ul) : "memory");
        counter++;
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
}

static void secondary(void)
{
    irq_init_secondary();
    irq_unmask(5, 0x80);
    irq_enable();
    seen_mpidr = (uint32_t)read_sysreg(mpidr_el1);
    enter(2);
    wait_for(3);
    count_locked();
    enter(4);
    wait_for(5);
    // 6: the first CPU sends SGI 5 until the count here rises.
    uint32_t before = irq_taken(5);
    enter(6);
    while (irq_taken(5) == before)
        ;
    enter(7);
    // 8: read through a mapping that the first CPU then changes.
    wait_for(8);
    last_read = *(volatile uint64_t *)TEST_PAGE(40);
    enter(9);
    wait_for(10);
    last_read = *(volatile uint64_t *)TEST_PAGE(40);
    enter(11);
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

static enum outcome test_smp(void)
{
    if (fdt_count("cpu") < 2)
        return skip("one CPU");
    if (psci_call(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
        return fail("CPU 1 is not off");
    phase = 1;
    CHECK_EQUAL("CPU_ON", psci_call(PSCI_CPU_ON, 1, (uint64_t)secondary_start, (uint64_t)secondary), 0);
    if (!wait_for(2))
        return fail("CPU 1 did not start");
    CHECK_EQUAL("affinity", seen_mpidr & 0xffffff, 1);
    enter(3);
    count_locked();
    if (!wait_for(4))
        return fail("CPU 1 did not finish counting");
    CHECK_EQUAL("counter under a lock", counter, 2 * ROUNDS);
    enter(5);
    if (!wait_for(6))
        return fail("CPU 1 is not ready for an interrupt");
    irq_send_others(5);
    if (!wait_for(7))
        return fail("no interrupt at CPU 1");
    *(volatile uint64_t *)work = 111;
    *(volatile uint64_t *)(work + PAGE_SIZE) = 222;
    mmu_map_page(40, (uint64_t)work, PTE_NORMAL | PTE_XN);
    enter(8);
    if (!wait_for(9))
        return fail("CPU 1 did not read");
    CHECK_EQUAL("first mapping", last_read, 111);
    mmu_map_page(40, (uint64_t)work + PAGE_SIZE, PTE_NORMAL | PTE_XN);
    enter(10);
    if (!wait_for(11))
        return fail("CPU 1 did not read again");
    CHECK_EQUAL("after a broadcast invalidation", last_read, 222);
    uint64_t start = timer_ticks();
    while (psci_call(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
        if (timer_ticks() - start > timer_from_ns(5000000000ul))
            return fail("CPU 1 did not turn off");
    return OK;
}

const struct selftest selftests_smp[] = {
    {"smp", test_smp},
    {0, 0},
};
