// Self-tests of the machine. Each prints one line: SELFTEST name ok, SELFTEST name skip reason, or SELFTEST name FAIL detail.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum outcome { OK, SKIP, FAIL };

struct selftest {
    const char *name;
    enum outcome (*run)(void);
};

// A group ends with a null name.
extern const struct selftest selftests_exception[], selftests_el0[], selftests_mmu[], selftests_space[], selftests_interrupt[],
    selftests_integer[], selftests_fp[], selftests_neon[], selftests_atomic[], selftests_code[], selftests_board[], selftests_smp[], selftests_psci[],
    selftests_ipi[], selftests_lock[];

// Runs all groups; false when any test failed.
bool selftest_run(void);

// How a test ends other than by `return OK`: with the detail to print.
enum outcome fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum outcome skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Checks that the last probe trapped with this exception class and left ELR at its own instruction.
bool trapped(uint32_t class);
enum outcome fail_trap(const char *what);

#define CHECK_EQUAL(what, got, expected)                                                   \
    do {                                                                                   \
        uint64_t got_ = (uint64_t)(got), expected_ = (uint64_t)(expected);                 \
        if (got_ != expected_)                                                             \
            return fail("%s: got %lx, expected %lx", what, got_, expected_);               \
    } while (0)

// The last probe must have trapped with this class at its own instruction.
#define CHECK_TRAP(what, class)                                                            \
    do {                                                                                   \
        if (!trapped(class))                                                               \
            return fail_trap(what);                                                        \
    } while (0)
