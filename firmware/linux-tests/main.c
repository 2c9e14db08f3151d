// First process of the guest: runs every test in a process of its own and switches the machine off.
// One line per test: "LINUX name ok", "LINUX name skip" or "LINUX name FAIL", details on the line before; then "LINUX n ok, n skipped, n failed".
// "only=PREFIX" on the kernel's command line selects tests (an environment variable by the time it gets here).
#include "harness.h"

static const struct test *const groups[] = {
    tests_signal, tests_fp, tests_code, tests_step, tests_debug, tests_exception, tests_memory, tests_process, tests_atomic, tests_time, tests_perf, tests_pauth,
};

uint64_t hwcap, hwcap2, vdso_base;
static const char *only = "";

static bool has_prefix(const char *text, const char *prefix)
{
    while (*prefix && *text == *prefix)
        text++, prefix++;
    return !*prefix;
}

static void read_environment(uint64_t *stack)
{
    uint64_t *p = stack + 1 + stack[0] + 1;
    for (; *p; p++)
        if (has_prefix((const char *)*p, "only="))
            only = (const char *)*p + 5;
    for (p++; p[0]; p += 2) {
        if (p[0] == 16)
            hwcap = p[1];
        else if (p[0] == 26)
            hwcap2 = p[1];
        else if (p[0] == 33)
            vdso_base = p[1];
    }
}

static enum outcome run_alone(const struct test *test)
{
    long pid = fork_process();
    if (pid == 0) {
        static const struct { long interval[2], seconds, microseconds; } limit = { .seconds = 60 };
        syscall(SYS_setitimer, 0, &limit, 0);
        syscall(SYS_exit_group, test->run());
    }
    int status = wait_for(pid);
    if (status & 0x7f)
        return fail("ended by signal %d", status & 0x7f);
    return status >> 8 & 0xff;
}

void program(uint64_t *stack)
{
    unsigned count[3] = { 0, 0, 0 };
    read_environment(stack);
    if (stack[0] > 1) // executed again by a test: the exit status says that the argument came through
        syscall(SYS_exit_group, *(const char *)stack[2]);
    syscall(SYS_mkdirat, -100, "/proc", 0755);
    syscall(SYS_mount, "proc", "/proc", "proc", 0, 0);
    print("LINUX hwcap %lx hwcap2 %lx\n", hwcap, hwcap2);
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        for (const struct test *test = groups[g]; test->name; test++) {
            if (!has_prefix(test->name, only))
                continue;
            enum outcome outcome = run_alone(test);
            outcome = outcome > FAIL ? FAIL : outcome;
            count[outcome]++;
            print("LINUX %s %s\n", test->name, outcome == OK ? "ok" : outcome == SKIP ? "skip" : "FAIL");
        }
    }
    print("LINUX %u ok, %u skipped, %u failed\n", count[OK], count[SKIP], count[FAIL]);
    if (syscall(SYS_getpid) == 1)
        syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
    syscall(SYS_exit_group, count[FAIL] != 0);
}
