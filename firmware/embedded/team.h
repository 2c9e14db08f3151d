// Several CPUs that do the same job at the same time, for tests. CPU 0 leads.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define TEAM_CPUS 8u

extern char secondary_start[];

// CPUs that take part: those of the board, eight at most.
uint32_t team_size(void);

// Starts the other CPUs, which then wait for jobs with interrupts on. False where one does not start.
bool team_start(void);

// Runs a job on every CPU, this one included, and waits until all have done it; false when that takes too long.
bool team_run(void (*job)(uint32_t cpu));

// In a job: waits until all CPUs are here.
void team_meet(void);

// In a job or before it: waits until *word is at least `value`; false when that takes too long.
bool team_wait(const volatile uint32_t *word, uint32_t value);

// Switches the other CPUs off and waits until PSCI says so.
bool team_stop(void);

uint32_t team_self(void);
