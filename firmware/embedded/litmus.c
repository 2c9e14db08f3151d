// The harness of the litmus tests: CPUs that meet, rounds in batches, outcomes counted.
#include "litmus.h"
#include "arch.h"
#include "fdt.h"
#include "print.h"
#include "psci.h"
#include "timer.h"

#define CONTROL_NS 15000000000ul
#define RACE_ROUNDS 32768u // numbers of rounds fit the immediate of MOV

struct cell cells[LITMUS_BATCH];
extern char secondary_start[];

// What the CPUs are to do next; written by CPU 0 between two meetings.
static const struct litmus *test;
static const struct race *race;
static bool broken, finished;
static uint32_t cpus = 1, rounds; // CPU 0 is there
static volatile uint32_t places[LITMUS_CPUS];
static volatile uint32_t arrived, generation;
static uint32_t seeds[LITMUS_CPUS][16];

static uint32_t self(void) { return (uint32_t)read_sysreg(mpidr_el1) & 0xff; }

uint32_t litmus_random(void)
{
    uint32_t *seed = seeds[self()], x = *seed ? *seed : self() * 2654435761u + 1;
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    return *seed = x;
}

void litmus_meet(void)
{
    uint32_t before = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL) == cpus) {
        arrived = 0;
        __atomic_store_n(&generation, before + 1, __ATOMIC_RELEASE);
        return;
    }
    // Two CPUs mostly run at the same time; more may have to take turns.
    uint32_t patience = cpus > 2 ? 500 : 20000;
    for (uint32_t spins = 0; __atomic_load_n(&generation, __ATOMIC_ACQUIRE) == before; spins++)
        if (spins > patience)
            asm volatile("yield");
}

void litmus_pause(void)
{
    for (uint32_t i = 0; i < 16; i++)
        asm volatile("yield");
}

void litmus_align(uint32_t place)
{
    uint32_t cpu = self();
    places[cpu] = place;
    // In turns of whole batches the roles would only ever see each other finished or not begun.
    if (cpus > 2 && (litmus_random() & 15) == 0)
        asm volatile("yield");
    for (uint32_t spins = 0; spins < 300 && places[cpu ^ 1] < place; spins++)
        ;
}

// One CPU's part between two meetings. CPUs that the test does not need only meet.
static void take_part(uint32_t cpu)
{
    for (volatile uint32_t delay = litmus_random() & 63; delay; delay--)
        ;
    if (cpus > 2 && (litmus_random() & 1) != 0)
        litmus_pause();
    if (race) {
        if (cpu < 2)
            race->run[cpu](rounds, broken);
    } else if (cpu < test->cpus) {
        test->run[cpu]();
    }
}

static void secondary(void)
{
    for (;;) {
        litmus_meet();
        if (finished)
            break;
        take_part(self());
        litmus_meet();
    }
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

static void clear_cells(void)
{
    for (uint32_t i = 0; i < LITMUS_BATCH; i++) {
        cells[i].x = cells[i].y = 0;
        for (uint32_t k = 0; k < 4; k++)
            cells[i].seen[k] = 0;
    }
}

// A control ends when it has shown what it must; on a busy host its CPUs may seldom run at the same time.
static bool patient(uint64_t start, uint64_t noticed)
{
    return noticed == 0 && timer_ticks() - start < timer_from_ns(CONTROL_NS);
}

static bool run_litmus(const struct litmus *t, uint64_t wanted)
{
    uint64_t counts[16] = {0}, done = 0, bad = 0;
    test = t;
    race = 0;
    uint64_t start = timer_ticks();
    while (t->control ? patient(start, bad) : done < wanted) {
        clear_cells();
        for (uint32_t cpu = 0; cpu < LITMUS_CPUS; cpu++)
            places[cpu] = 0;
        litmus_meet();
        take_part(0);
        litmus_meet();
        for (uint32_t i = 0; i < LITMUS_BATCH; i++) {
            uint32_t outcome = t->outcome(&cells[i]) & 15;
            counts[outcome]++;
            bad += t->forbidden >> outcome & 1;
        }
        done += LITMUS_BATCH;
    }
    bool ok = t->control ? bad != 0 : bad == 0;
    print("LITMUS %s %s rounds=%lu", t->name, ok ? "ok" : "FAIL", done);
    for (uint32_t i = 0; i < 16; i++)
        if (counts[i])
            print(" %u%u%u%u=%lu", i >> 3, i >> 2 & 1, i >> 1 & 1, i & 1, counts[i]);
    print(t->control ? " noticed=%lu\n" : " forbidden=%lu\n", bad);
    return ok;
}

static bool run_race(const struct race *r, uint64_t wanted, bool control)
{
    uint64_t done = 0, bad = 0;
    race = r;
    broken = control;
    rounds = RACE_ROUNDS;
    uint64_t start = timer_ticks();
    while (control ? patient(start, bad) : done < wanted) {
        r->prepare();
        litmus_meet();
        take_part(0);
        litmus_meet();
        bad += r->violations(rounds);
        done += rounds;
    }
    bool ok = control ? bad != 0 : bad == 0;
    print("LITMUS %s%s %s rounds=%lu %s=%lu\n", r->name, control ? "-control" : "", ok ? "ok" : "FAIL", done, control ? "noticed" : "violations", bad);
    return ok;
}

static bool start(uint32_t wanted)
{
    // How many meet is set first: a CPU that starts goes there at once.
    uint32_t cpu = cpus;
    if (cpus < wanted)
        cpus = wanted;
    for (; cpu < wanted; cpu++)
        if (psci_call(PSCI_CPU_ON, cpu, (uint64_t)secondary_start, (uint64_t)secondary) != 0) {
            print("LITMUS FAIL CPU %u does not start\n", cpu);
            return false;
        }
    return true;
}

bool litmus_run(uint64_t wanted)
{
    uint32_t present = fdt_count("cpu");
    if (present < 2) {
        print("LITMUS skip one CPU\n");
        return true;
    }
    // CPUs that a test has no part for would only take the others' time: they start when they are needed.
    bool ok = start(2);
    for (const struct race *r = litmus_races; ok && r->name; r++) {
        ok &= run_race(r, wanted, true);
        ok &= run_race(r, wanted, false);
    }
    for (const struct litmus *t = litmus_tests; t->name; t++)
        if (t->cpus > present)
            print("LITMUS %s skip needs %u CPUs\n", t->name, t->cpus);
        else
            ok &= start(t->cpus) && run_litmus(t, wanted);
    finished = true;
    litmus_meet();
    print("LITMUS %s\n", ok ? "OK" : "FAIL");
    return ok;
}
