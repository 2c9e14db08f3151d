// Waiting: WFI, woken by the virtual timer.
#pragma once
#include <stdint.h>

// Wakes so many times, 0 for ever, a period apart, and prints how late the timer's interrupt was taken.
void idle_run(uint64_t wakes, uint64_t period_ns);
