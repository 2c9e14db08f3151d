#include "team.h"
#include "arch.h"
#include "fdt.h"
#include "irq.h"
#include "psci.h"
#include "timer.h"

#define PATIENCE_NS 20000000000ul

static void (*volatile job)(uint32_t cpu); // null: switch off
static volatile uint32_t started, ordered, done, arrived, generation;

uint32_t team_self(void) { return (uint32_t)read_sysreg(mpidr_el1) & 0xff; }

uint32_t team_size(void)
{
    static volatile uint32_t size; // the device tree is not walked each time
    if (size == 0) {
        uint32_t present = fdt_count("cpu");
        size = present < TEAM_CPUS ? present : TEAM_CPUS;
    }
    return size;
}

bool team_wait(const volatile uint32_t *word, uint32_t value)
{
    uint64_t start = timer_ticks(), limit = timer_from_ns(PATIENCE_NS);
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) < value) {
        asm volatile("yield");
        if (timer_ticks() - start > limit)
            return false;
    }
    return true;
}

void team_meet(void)
{
    uint32_t before = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == team_size()) {
        arrived = 0;
        __atomic_store_n(&generation, before + 1, __ATOMIC_RELEASE);
        return;
    }
    while (__atomic_load_n(&generation, __ATOMIC_ACQUIRE) == before)
        asm volatile("yield");
}

static void member(void)
{
    irq_init_secondary();
    irq_enable();
    uint32_t seen = __atomic_load_n(&ordered, __ATOMIC_ACQUIRE);
    __atomic_add_fetch(&started, 1, __ATOMIC_ACQ_REL);
    for (;;) {
        while (__atomic_load_n(&ordered, __ATOMIC_ACQUIRE) == seen)
            asm volatile("yield");
        seen++;
        if (!job)
            break;
        job(team_self());
        __atomic_add_fetch(&done, 1, __ATOMIC_ACQ_REL);
    }
    irq_disable();
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

bool team_start(void)
{
    started = arrived = 0;
    for (uint32_t cpu = 1; cpu < team_size(); cpu++)
        if (psci_call(PSCI_CPU_ON, cpu, (uint64_t)secondary_start, (uint64_t)member) != 0)
            return false;
    return team_wait(&started, team_size() - 1);
}

static void order(void (*what)(uint32_t cpu))
{
    job = what;
    done = 0;
    __atomic_add_fetch(&ordered, 1, __ATOMIC_ACQ_REL);
}

bool team_run(void (*what)(uint32_t cpu))
{
    order(what);
    what(0);
    return team_wait(&done, team_size() - 1);
}

bool team_stop(void)
{
    order(0);
    uint64_t start = timer_ticks(), limit = timer_from_ns(PATIENCE_NS);
    for (uint32_t cpu = 1; cpu < team_size(); cpu++)
        while (psci_call(PSCI_AFFINITY_INFO, cpu, 0, 0) != 1)
            if (timer_ticks() - start > limit)
                return false;
    return true;
}
