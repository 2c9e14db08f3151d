// Options from the command line in the device tree: /chosen/bootargs, words of the form name=value.
//   kernels=sort,fft   which kernels run, in the list's order of this program; "none" for none; default all
//   seconds=0.5        how long each kernel runs
//   selftest=0         skip the self-tests
//   litmus=1000000     litmus tests on two CPUs or more, so many rounds of each
//   reset              at the end a reset (PSCI SYSTEM_RESET) by one CPU while the others run
//   idle               afterwards wait for ever, woken by the timer once a period; idle=1000: so many times
//   period=1           seconds between two wake-ups
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *kernels; // null: all. Ends at a space or at the end of the string
    uint64_t kernel_ns;
    bool selftest;
    uint64_t litmus; // rounds; 0: none
    bool reset;
    bool idle;
    uint64_t wakes; // 0: for ever
    uint64_t period_ns;
};

struct options options_read(void);
bool options_selects(const struct options *options, const char *kernel);
