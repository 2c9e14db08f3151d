// Locks and barriers of several CPUs: exclusives and LSE atomics, waiting by WFE. Each lock guards a counter that is not atomic.
#include "arch.h"
#include "selftest.h"
#include "team.h"

#define ROUNDS 400u

static volatile uint64_t counter;
static volatile uint64_t guard __attribute__((aligned(64)));
static volatile uint32_t next_ticket __attribute__((aligned(64))), serving __attribute__((aligned(64)));

static void count(uint32_t rounds, void (*lock)(void), void (*unlock)(void))
{
    team_meet();
    while (rounds--) {
        lock();
        counter = counter + 1;
        unlock();
    }
}

static void lock_exclusive(void)
{
    uint32_t status;
    uint64_t value;
    asm volatile("sevl\n1:\twfe\n2:\tldaxr %1, [%2]\n\tcbnz %1, 1b\n\tstxr %w0, %3, [%2]\n\tcbnz %w0, 2b"
                 : "=&r"(status), "=&r"(value) : "r"(&guard), "r"(1ul) : "memory");
}

static void unlock_exclusive(void) { asm volatile("stlr xzr, [%0]" : : "r"(&guard) : "memory"); }

static void lock_swap(void)
{
    uint64_t old;
    do
        asm volatile(".arch_extension lse\n\tswpa %1, %0, [%2]" : "=&r"(old) : "r"(1ul), "r"(&guard) : "memory");
    while (old != 0);
}

// The release is an atomic too.
static void unlock_swap(void) { asm volatile(".arch_extension lse\n\tswpl %0, xzr, [%1]" : : "r"(0ul), "r"(&guard) : "memory"); }

static void await_ticket(uint32_t mine)
{
    uint32_t seen;
    asm volatile("sevl\n1:\twfe\n\tldaxr %w0, [%1]\n\tcmp %w0, %w2\n\tb.ne 1b" : "=&r"(seen) : "r"(&serving), "r"(mine) : "memory", "cc");
}

static void lock_ticket(void)
{
    uint32_t mine, next, status;
    asm volatile("1:\tldaxr %w0, [%3]\n\tadd %w1, %w0, #1\n\tstxr %w2, %w1, [%3]\n\tcbnz %w2, 1b"
                 : "=&r"(mine), "=&r"(next), "=&r"(status) : "r"(&next_ticket) : "memory");
    await_ticket(mine);
}

static void lock_ticket_lse(void)
{
    uint32_t mine;
    asm volatile(".arch_extension lse\n\tldadda %w1, %w0, [%2]" : "=&r"(mine) : "r"(1), "r"(&next_ticket) : "memory");
    await_ticket(mine);
}

static void unlock_ticket(void) { __atomic_store_n(&serving, serving + 1, __ATOMIC_RELEASE); }

static void exclusive(uint32_t cpu) { (void)cpu; count(ROUNDS, lock_exclusive, unlock_exclusive); }
static void swap(uint32_t cpu) { (void)cpu; count(ROUNDS, lock_swap, unlock_swap); }
static void ticket(uint32_t cpu) { (void)cpu; count(ROUNDS, lock_ticket, unlock_ticket); }
static void ticket_lse(uint32_t cpu) { (void)cpu; count(ROUNDS, lock_ticket_lse, unlock_ticket); }

// The same on purpose without a lock; where CPUs run at the same time it loses counts, which is only reported by `litmus`.
static void meeting(uint32_t cpu)
{
    (void)cpu;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        team_meet();
        if (team_self() == i % team_size())
            counter = counter + 1;
    }
    team_meet();
}

static enum outcome run(void (*job)(uint32_t), uint64_t expected)
{
    if (team_size() < 2)
        return skip("one CPU");
    counter = guard = next_ticket = serving = 0;
    if (!team_start())
        return fail("a CPU does not start");
    bool ok = team_run(job);
    ok &= team_stop();
    if (!ok)
        return fail("a CPU is lost; counter %lu", counter);
    CHECK_EQUAL("counter", counter, expected);
    return OK;
}

static bool has_lse(void) { return id_field(read_sysreg(id_aa64isar0_el1), 20) >= 2; }

static enum outcome test_exclusive(void) { return run(exclusive, (uint64_t)ROUNDS * team_size()); }
static enum outcome test_ticket(void) { return run(ticket, (uint64_t)ROUNDS * team_size()); }
static enum outcome test_swap(void) { return has_lse() ? run(swap, (uint64_t)ROUNDS * team_size()) : skip("no LSE"); }
static enum outcome test_ticket_lse(void) { return has_lse() ? run(ticket_lse, (uint64_t)ROUNDS * team_size()) : skip("no LSE"); }
static enum outcome test_meeting(void) { return run(meeting, ROUNDS); }

const struct selftest selftests_lock[] = {
    {"lock-exclusive", test_exclusive},
    {"lock-swap", test_swap},
    {"lock-ticket", test_ticket},
    {"lock-ticket-lse", test_ticket_lse},
    {"meeting", test_meeting},
    {0, 0},
};
