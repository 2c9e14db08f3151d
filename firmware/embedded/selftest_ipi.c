// Interrupts between CPUs, and of devices to chosen CPUs: GICv2 and v3 (Arm IHI 0048, IHI 0069).
#include "arch.h"
#include "irq.h"
#include "selftest.h"
#include "team.h"
#include "timer.h"

#define STORM 200u
#define SPI 200u // of no device
#define SHARED_ROUNDS 20u

static volatile uint32_t failed; // what a CPU found wrong

static bool settles(uint32_t cpu, uint32_t intid, uint32_t expected)
{
    uint64_t start = timer_ticks(), limit = timer_from_ns(10000000000ul);
    while (irq_taken_by(cpu, intid) < expected)
        if (timer_ticks() - start > limit)
            return false;
    return true;
}

static uint32_t taken_by_all(uint32_t intid)
{
    uint32_t sum = 0;
    for (uint32_t cpu = 0; cpu < team_size(); cpu++)
        sum += irq_taken_by(cpu, intid);
    return sum;
}

// Waits a moment in which what must not come would.
static void moment(void)
{
    uint64_t start = timer_ticks();
    while (timer_ticks() - start < timer_from_ns(300000))
        ;
}

static enum outcome with_team(void (*job)(uint32_t), enum outcome (*check)(void))
{
    if (team_size() < 2)
        return skip("one CPU");
    failed = 0;
    if (!team_start())
        return fail("a CPU does not start");
    bool ok = team_run(job);
    enum outcome outcome = ok ? check() : fail("a CPU is lost, step %u", failed);
    return team_stop() || outcome != OK ? outcome : fail("a CPU does not switch off");
}

// ---- One target, all others, oneself -----------------------------------------------------------------------------------

static void unmask_sgis(uint32_t cpu)
{
    (void)cpu;
    for (uint32_t sgi = 1; sgi < 5; sgi++)
        irq_unmask(sgi, 0x80);
}

static enum outcome check_targets(void)
{
    for (uint32_t target = 0; target < team_size(); target++) {
        uint32_t before = taken_by_all(1), own = irq_taken_by(target, 1);
        irq_send_to(1, target);
        if (!settles(target, 1, own + 1))
            return fail("no interrupt at CPU %u", target);
        moment();
        CHECK_EQUAL("interrupts for one target", taken_by_all(1) - before, 1);
    }
    uint32_t before = taken_by_all(2), own = irq_taken(2), others[TEAM_CPUS];
    for (uint32_t cpu = 1; cpu < team_size(); cpu++)
        others[cpu] = irq_taken_by(cpu, 2);
    irq_send_others(2);
    for (uint32_t cpu = 1; cpu < team_size(); cpu++)
        if (!settles(cpu, 2, others[cpu] + 1))
            return fail("no interrupt at CPU %u of all others", cpu);
    moment();
    CHECK_EQUAL("interrupts for all others", taken_by_all(2) - before, team_size() - 1);
    CHECK_EQUAL("interrupts at the sender", irq_taken(2) - own, 0);
    irq_send_self(2);
    if (!settles(0, 2, own + 1))
        return fail("no interrupt at the sender");
    return OK;
}

static enum outcome test_targets(void) { return with_team(unmask_sgis, check_targets); }

// ---- Each to its neighbour, again and again: none is lost --------------------------------------------------------------

static void storm(uint32_t cpu)
{
    irq_unmask(3, 0x80);
    uint32_t neighbour = (cpu + 1) % team_size();
    team_meet();
    uint32_t first = irq_taken_by(neighbour, 3);
    team_meet();
    for (uint32_t i = 1; i <= STORM; i++) {
        irq_send_to(3, neighbour);
        if (!settles(neighbour, 3, first + i))
            failed = i;
    }
    team_meet();
}

static enum outcome check_storm(void)
{
    CHECK_EQUAL("the round in which an interrupt was lost", failed, 0);
    return OK;
}

static enum outcome test_storm(void) { return with_team(storm, check_storm); }

// ---- Priorities, on every CPU at once ----------------------------------------------------------------------------------

static volatile uint8_t order[TEAM_CPUS][4];
static volatile uint32_t ordered[TEAM_CPUS];

static void note(uint32_t sgi)
{
    uint32_t cpu = team_self(), n = ordered[cpu];
    if (n < 4)
        order[cpu][n] = (uint8_t)sgi;
    ordered[cpu] = n + 1;
}

static void note8(void) { note(8); }
static void note9(void) { note(9); }
static void note10(void) { note(10); }

static void priorities(uint32_t cpu)
{
    ordered[cpu] = 0;
    irq_unmask(8, 0xa0);
    irq_unmask(9, 0x40);
    irq_unmask(10, 0x80);
    irq_disable();
    for (uint32_t sgi = 8; sgi <= 10; sgi++)
        irq_send_self(sgi);
    dsb();
    isb();
    // A mask between them lets only the first through.
    irq_set_priority_mask(0x60);
    irq_enable();
    isb();
    team_wait(&ordered[cpu], 1);
    moment();
    if (ordered[cpu] != 1)
        failed = 1;
    irq_set_priority_mask(0xf0);
    team_wait(&ordered[cpu], 3);
    team_meet();
}

static enum outcome check_priorities(void)
{
    CHECK_EQUAL("what came through the mask beside the first", failed, 0);
    for (uint32_t cpu = 0; cpu < team_size(); cpu++)
        if (ordered[cpu] != 3 || order[cpu][0] != 9 || order[cpu][1] != 10 || order[cpu][2] != 8)
            return fail("CPU %u took %u: %u %u %u", cpu, ordered[cpu], order[cpu][0], order[cpu][1], order[cpu][2]);
    return OK;
}

static enum outcome test_priorities(void)
{
    irq_set_handler(8, note8);
    irq_set_handler(9, note9);
    irq_set_handler(10, note10);
    return with_team(priorities, check_priorities);
}

// ---- Pending and active are of one CPU ---------------------------------------------------------------------------------

static volatile uint32_t inside[TEAM_CPUS], release, active_seen[TEAM_CPUS], pending_seen[TEAM_CPUS];

static void hold(void)
{
    uint32_t cpu = team_self();
    if (inside[cpu]++ != 0)
        return;
    active_seen[cpu] = mmio_read32(irq_bank(11) + GICD_ISACTIVER) >> 11 & 1;
    team_wait(&release, 1);
    pending_seen[cpu] = irq_is_pending(11);
}

static void states(uint32_t cpu)
{
    inside[cpu] = 0;
    irq_unmask(11, 0x80);
    team_meet();
    if (cpu == 0) {
        irq_send_to(11, 1);
        team_wait(&inside[1], 1);
        // Again while it is active there: it stays pending and is taken afterwards. Here it is neither.
        irq_send_to(11, 1);
        active_seen[0] = mmio_read32(irq_bank(11) + GICD_ISACTIVER) >> 11 & 1;
        pending_seen[0] = irq_is_pending(11);
        __atomic_store_n(&release, 1, __ATOMIC_RELEASE);
        team_wait(&inside[1], 2);
    }
    // CPU 1 must not leave before; it waits with interrupts on.
    team_meet();
}

static enum outcome check_states(void)
{
    CHECK_EQUAL("active at CPU 1", active_seen[1], 1);
    CHECK_EQUAL("pending at CPU 1", pending_seen[1], 1);
    CHECK_EQUAL("taken at CPU 1", inside[1], 2);
    CHECK_EQUAL("active at CPU 0", active_seen[0], 0);
    CHECK_EQUAL("pending at CPU 0", pending_seen[0], 0);
    CHECK_EQUAL("taken at CPU 0", inside[0], 0);
    return OK;
}

static enum outcome test_states(void)
{
    release = 0;
    irq_set_handler(11, hold);
    enum outcome outcome = with_team(states, check_states);
    irq_set_handler(11, 0);
    return outcome;
}

// ---- Masking is of one CPU ---------------------------------------------------------------------------------------------

static void masks(uint32_t cpu)
{
    irq_unmask(12, 0x80);
    if (cpu == 1)
        irq_mask(12);
    uint32_t before = irq_taken(12);
    team_meet();
    if (cpu == 0)
        irq_send_others(12);
    if (cpu > 1 && !settles(cpu, 12, before + 1))
        failed = 1;
    if (cpu == 1) {
        while (!irq_is_pending(12))
            ;
        moment();
        if (irq_taken(12) != before)
            failed = 2;
        irq_unmask(12, 0x80);
        if (!settles(1, 12, before + 1))
            failed = 3;
    }
    team_meet();
}

static enum outcome check_masks(void)
{
    CHECK_EQUAL("step", failed, 0);
    return OK;
}

static enum outcome test_masks(void) { return with_team(masks, check_masks); }

// ---- A shared interrupt goes where it is routed ------------------------------------------------------------------------

static void nothing(uint32_t cpu) { (void)cpu; }

static void make_pending(void)
{
    mmio_write32(irq_bank(SPI) + GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    dsb();
}

static enum outcome check_routes(void)
{
    irq_unmask(SPI, 0x80);
    for (uint32_t cpu = 0; cpu < team_size(); cpu++) {
        irq_route(SPI, cpu);
        uint32_t before = taken_by_all(SPI), own = irq_taken_by(cpu, SPI);
        make_pending();
        if (!settles(cpu, SPI, own + 1))
            return fail("no shared interrupt at CPU %u", cpu);
        moment();
        CHECK_EQUAL("shared interrupts for one target", taken_by_all(SPI) - before, 1);
    }

    // Routed anew while it is pending and masked: it comes at the new place.
    irq_mask(SPI);
    irq_route(SPI, 0);
    uint32_t before = taken_by_all(SPI), there = irq_taken_by(1, SPI);
    make_pending();
    moment();
    CHECK_EQUAL("masked", taken_by_all(SPI) - before, 0);
    irq_route(SPI, 1);
    mmio_write32(irq_bank(SPI) + GICD_ISENABLER + SPI / 32 * 4, 1u << SPI % 32);
    if (!settles(1, SPI, there + 1))
        return fail("no interrupt where it was routed while pending");
    moment();
    CHECK_EQUAL("taken after routing anew", taken_by_all(SPI) - before, 1);
    irq_mask(SPI);
    irq_route(SPI, 0);
    return OK;
}

static enum outcome test_routes(void) { return with_team(nothing, check_routes); }

// ---- One of all: exactly one CPU takes it ------------------------------------------------------------------------------

static enum outcome check_any(void)
{
    irq_unmask(SPI, 0x80);
    irq_route(SPI, IRQ_ANY_CPU);
    for (uint32_t round = 0; round < SHARED_ROUNDS; round++) {
        uint32_t before = taken_by_all(SPI);
        make_pending();
        uint64_t start = timer_ticks();
        while (taken_by_all(SPI) == before)
            if (timer_ticks() - start > timer_from_ns(10000000000ul))
                return fail("nobody took interrupt %u", round);
        moment();
        CHECK_EQUAL("CPUs that took it", taken_by_all(SPI) - before, 1);
    }
    irq_mask(SPI);
    irq_route(SPI, 0);
    return OK;
}

static enum outcome test_any(void) { return irq_is_shared_by_any() ? with_team(nothing, check_any) : skip("not offered"); }

const struct selftest selftests_ipi[] = {
    {"ipi-targets", test_targets},
    {"ipi-storm", test_storm},
    {"ipi-priorities", test_priorities},
    {"ipi-states", test_states},
    {"ipi-masks", test_masks},
    {"spi-routes", test_routes},
    {"spi-one-of-all", test_any},
    {0, 0},
};
