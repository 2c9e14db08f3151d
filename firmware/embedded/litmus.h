// Litmus tests: short programs on several CPUs whose outcomes the memory model allows or forbids (Arm ARM B2.3), run many times.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define LITMUS_CPUS 4u
#define LITMUS_BATCH 1024u

// The memory of one round: two locations that share no cache line, and what the CPUs saw.
struct cell {
    volatile uint64_t x, pad0[15];
    volatile uint64_t y, pad1[15];
    volatile uint64_t seen[4], pad2[12];
};

extern struct cell cells[LITMUS_BATCH];

// One test. Each CPU runs its part over all cells of a batch; then the outcomes are counted.
struct litmus {
    const char *name;
    uint32_t cpus;
    void (*run[LITMUS_CPUS])(void);

    // Which outcome a cell shows, 0 to 15, where its bits are what the test calls them.
    uint32_t (*outcome)(const struct cell *cell);
    uint16_t forbidden; // outcomes that must not be seen, a bit for each
    bool control;       // a broken variant: here a forbidden outcome must be seen, or the test could not notice one
};

// Tests that are no tables of outcomes: `broken` runs the variant that must be noticed. The number of violations.
struct race {
    const char *name;
    void (*prepare)(void);
    void (*run[2])(uint32_t rounds, bool broken);
    uint64_t (*violations)(uint32_t rounds);
};

extern const struct litmus litmus_tests[];
extern const struct race litmus_races[];

// Runs all tests for at least so many rounds each; false where one failed.
bool litmus_run(uint64_t rounds);

// Waits until all CPUs of the test are here.
void litmus_meet(void);

// Waits a moment for the other CPU to come to the same place of its part: rounds only race where both run at once.
void litmus_align(uint32_t place);

// Lets the CPUs of other roles run, where the host has fewer processors than the test has roles.
void litmus_pause(void);

// Numbers from a sequence of this CPU's own.
uint32_t litmus_random(void);
