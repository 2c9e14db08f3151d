// PSCI with several CPUs (Arm DEN 0022): what is refused, who wins a race for CPU_ON, suspending, switching off and on again.
#include "arch.h"
#include "irq.h"
#include "psci.h"
#include "selftest.h"
#include "team.h"
#include "timer.h"

#define RACES 50u
#define CYCLES 100u
#define WAKE_SGI 6u

static enum outcome test_refusals(void)
{
    if (psci_call(PSCI_VERSION, 0, 0, 0) < 0x10000)
        return skip("PSCI before 1.0");
    uint64_t entry = (uint64_t)secondary_start;
    CHECK_EQUAL("CPU_ON of the caller", psci_call(PSCI_CPU_ON, 0, entry, 0), PSCI_ALREADY_ON);
    CHECK_EQUAL("CPU_ON of no CPU", psci_call(PSCI_CPU_ON, 0xff0000, entry, 0), PSCI_INVALID_PARAMETERS);
    CHECK_EQUAL("AFFINITY_INFO of the caller", psci_call(PSCI_AFFINITY_INFO, 0, 0, 0), 0);
    CHECK_EQUAL("AFFINITY_INFO of the caller's cluster", psci_call(PSCI_AFFINITY_INFO, 0, 1, 0), 0);
    CHECK_EQUAL("AFFINITY_INFO of no CPU", psci_call(PSCI_AFFINITY_INFO, 0xff0000, 0, 0), PSCI_INVALID_PARAMETERS);
    CHECK_EQUAL("AFFINITY_INFO of a level that is not", psci_call(PSCI_AFFINITY_INFO, 0, 9, 0), PSCI_INVALID_PARAMETERS);
    int64_t migration = psci_call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0);
    if (migration != 2 && migration != PSCI_NOT_SUPPORTED)
        return fail("MIGRATE_INFO_TYPE %lx", migration);
    CHECK_EQUAL("FEATURES of CPU_ON", psci_call(PSCI_FEATURES, PSCI_CPU_ON, 0, 0), 0);
    CHECK_EQUAL("FEATURES of nothing", psci_call(PSCI_FEATURES, 0x8400ff00u, 0, 0), PSCI_NOT_SUPPORTED);
    CHECK_EQUAL("a function that is not", psci_call(0x8400ff00u, 0, 0, 0), PSCI_NOT_SUPPORTED);
    return OK;
}

// ---- A race for CPU_ON: all CPUs but the last try to switch that one on ------------------------------------------------

static volatile uint32_t winners, losers, entries, wrong;

static void entered(void)
{
    __atomic_add_fetch(&entries, 1, __ATOMIC_ACQ_REL);
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

static void race(uint32_t cpu)
{
    (void)cpu;
    int64_t answer = psci_call(PSCI_CPU_ON, team_size() - 1, (uint64_t)secondary_start, (uint64_t)entered);
    if (answer == 0)
        __atomic_add_fetch(&winners, 1, __ATOMIC_ACQ_REL);
    else if (answer == PSCI_ALREADY_ON || answer == PSCI_ON_PENDING)
        __atomic_add_fetch(&losers, 1, __ATOMIC_ACQ_REL);
    else
        wrong = (uint32_t)answer;
}

static volatile uint32_t racing, raced;

static void racer(void)
{
    for (uint32_t round = 1; round <= RACES; round++) {
        team_wait(&racing, round);
        race(team_self());
        __atomic_add_fetch(&raced, 1, __ATOMIC_ACQ_REL);
    }
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

static enum outcome wait_off(uint32_t cpu)
{
    uint64_t start = timer_ticks();
    while (psci_call(PSCI_AFFINITY_INFO, cpu, 0, 0) != 1)
        if (timer_ticks() - start > timer_from_ns(10000000000ul))
            return fail("CPU %u does not switch off", cpu);
    return OK;
}

static enum outcome test_race(void)
{
    uint32_t last = team_size() - 1;
    if (last == 0)
        return skip("one CPU");
    winners = losers = entries = wrong = racing = raced = 0;
    for (uint32_t cpu = 1; cpu < last; cpu++)
        CHECK_EQUAL("CPU_ON of a racer", psci_call(PSCI_CPU_ON, cpu, (uint64_t)secondary_start, (uint64_t)racer), 0);
    for (uint32_t round = 1; round <= RACES; round++) {
        uint32_t before = winners;
        __atomic_store_n(&racing, round, __ATOMIC_RELEASE);
        race(0);
        if (!team_wait(&raced, round * (last - 1)))
            return fail("a racer is lost in round %u", round);
        // One that comes after the CPU has switched itself off again wins too.
        if (winners == before)
            return fail("nobody won round %u", round);
        if (!team_wait(&entries, winners))
            return fail("round %u: %u won, %u came", round, winners, entries);
        if (wait_off(last) != OK)
            return FAIL;
    }
    for (uint32_t cpu = 1; cpu < last; cpu++)
        if (wait_off(cpu) != OK)
            return FAIL;
    CHECK_EQUAL("another answer", wrong, 0);
    CHECK_EQUAL("entries", entries, winners);
    CHECK_EQUAL("winners and losers", winners + losers, RACES * last);
    return OK;
}

static enum outcome test_off_and_on(void)
{
    uint32_t last = team_size() - 1;
    if (last == 0)
        return skip("one CPU");
    entries = 0;
    for (uint32_t round = 1; round <= CYCLES; round++) {
        uint32_t cpu = 1 + round % last;
        CHECK_EQUAL("CPU_ON", psci_call(PSCI_CPU_ON, cpu, (uint64_t)secondary_start, (uint64_t)entered), 0);
        if (!team_wait(&entries, round))
            return fail("CPU %u did not come in round %u", cpu, round);
        if (wait_off(cpu) != OK)
            return FAIL;
    }
    return OK;
}

// ---- CPU_SUSPEND ends for an interrupt, taken or masked ----------------------------------------------------------------

static volatile uint32_t suspended, resumed, answers;

static void suspend(uint32_t cpu)
{
    if (cpu == 0) {
        team_wait(&suspended, team_size() - 1);
        // Some may not sleep yet: their interrupt is pending when they do, or ends the sleep.
        irq_send_others(WAKE_SGI);
        team_wait(&resumed, team_size() - 1);
        return;
    }
    irq_unmask(WAKE_SGI, 0x80);
    uint32_t before = irq_taken(WAKE_SGI);
    irq_disable();
    __atomic_add_fetch(&suspended, 1, __ATOMIC_ACQ_REL);
    if (psci_call(PSCI_CPU_SUSPEND, 0, 0, 0) != 0)
        answers++;
    irq_enable();
    isb();
    while (irq_taken(WAKE_SGI) == before)
        ;
    __atomic_add_fetch(&resumed, 1, __ATOMIC_ACQ_REL);
}

static enum outcome test_suspend(void)
{
    if (team_size() < 2)
        return skip("one CPU");
    suspended = resumed = answers = 0;
    if (!team_start())
        return fail("a CPU does not start");
    CHECK_EQUAL("CPU_ON of a running CPU", psci_call(PSCI_CPU_ON, 1, (uint64_t)secondary_start, 0), PSCI_ALREADY_ON);
    CHECK_EQUAL("AFFINITY_INFO of a running CPU", psci_call(PSCI_AFFINITY_INFO, 1, 0, 0), 0);
    bool ok = team_run(suspend);
    ok &= team_stop();
    if (!ok)
        return fail("%u suspended, %u resumed", suspended, resumed);
    CHECK_EQUAL("answers that are no success", answers, 0);
    return OK;
}

// ---- SYSTEM_RESET ------------------------------------------------------------------------------------------------------

static void reset(uint32_t cpu)
{
    static volatile uint64_t work[TEAM_CPUS];
    team_meet();
    for (uint64_t i = 0; cpu + 1 != team_size() || i < 1000000; i++)
        work[cpu]++;
    psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
}

void psci_reset_while_running(void)
{
    if (team_start())
        team_run(reset);
}

const struct selftest selftests_psci[] = {
    {"psci-refusals", test_refusals},
    {"psci-race", test_race},
    {"psci-off-on", test_off_and_on},
    {"psci-suspend", test_suspend},
    {0, 0},
};
