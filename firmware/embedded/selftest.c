#include "selftest.h"
#include <stdarg.h>
#include "print.h"
#include "trap.h"

static char detail[160];

static const struct selftest *const groups[] = {
    selftests_exception, selftests_el0, selftests_mmu, selftests_space, selftests_interrupt, selftests_integer,
    selftests_fp, selftests_neon, selftests_atomic, selftests_code, selftests_board, selftests_smp,
    selftests_psci, selftests_ipi, selftests_lock,
};

enum outcome fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_to(detail, sizeof detail, format, arguments);
    va_end(arguments);
    return FAIL;
}

enum outcome skip(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_to(detail, sizeof detail, format, arguments);
    va_end(arguments);
    return SKIP;
}

bool trapped(uint32_t class)
{
    return trap_probe.record.count == 1 && esr_class(trap_probe.record.esr) == class && trap_probe.record.elr == trap_probe.site;
}

enum outcome fail_trap(const char *what)
{
    return fail("%s: %lu traps, esr %lx far %lx elr %lx, instruction at %lx", what, trap_probe.record.count, trap_probe.record.esr,
                trap_probe.record.far, trap_probe.record.elr, trap_probe.site);
}

bool selftest_run(void)
{
    uint32_t count[3] = {0};
    for (uint32_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const struct selftest *test = groups[g]; test->name; test++) {
            enum outcome outcome = test->run();
            count[outcome]++;
            if (outcome == OK)
                print("SELFTEST %s ok\n", test->name);
            else
                print("SELFTEST %s %s %s\n", test->name, outcome == SKIP ? "skip" : "FAIL", detail);
        }
    print("SELFTESTS %u ok, %u skipped, %u failed\n", count[OK], count[SKIP], count[FAIL]);
    return count[FAIL] == 0;
}
