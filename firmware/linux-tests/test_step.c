// Single step: every instruction stops once, at the address that it leads to.
#include "tracee.h"

// What is stepped: labels mark where each step must stop.
void stepped(uint64_t);
__asm__(
    ".text\n"
    "stepped:\n"
    "step_0: mov x1, #3\n"
    "step_1: subs x1, x1, #1\n"
    "step_2: b.ne step_1\n"
    "step_3: cbz x1, step_5\n"
    "step_4: nop\n"
    "step_5: tbnz x1, #0, step_4\n"
    "step_6: adr x2, step_9\n"
    "step_7: br x2\n"
    "step_8: nop\n"
    "step_9: bl step_sub\n"
    "step_10: mov x8, #172\n" // getpid
    "step_11: svc #0\n"
    "step_12: mov x9, sp\n"
    "step_13: stp x0, x1, [sp, #-16]!\n"
    "step_14: ldp x3, x4, [sp], #16\n"
    "step_15: fmov d0, #1.5\n"
    "step_16: fadd d0, d0, d0\n"
    "step_17: mrs x5, nzcv\n"
    "step_18: mrs x6, tpidr_el0\n"
    "step_19: mrs x7, ctr_el0\n"
    "step_20: isb\n"
    "step_21: dsb sy\n"
    "step_22: wfe\n"
    "step_23: yield\n"
    "step_24: nop\n"
    "step_25: udf #0\n"
    "step_sub: ret\n");
extern char step_0[], step_1[], step_2[], step_3[], step_5[], step_6[], step_7[], step_9[], step_10[], step_11[], step_12[], step_24[], step_sub[];

static enum outcome step_to(long pid, const char *expected)
{
    int status = tracee_resume(pid, PTRACE_SINGLESTEP, 0);
    struct user_registers registers = tracee_registers(pid);
    if (status != STOPPED_BY(SIGTRAP))
        return fail("status %x at pc %lx, expected a stop at %lx", (unsigned)status, registers.pc, (uint64_t)expected);
    CHECK_EQUAL("pc after the step", registers.pc, (uint64_t)expected);
    struct siginfo info = tracee_siginfo(pid);
    if (expected != step_12) { // after a system call the kernel reports the step itself
        CHECK_EQUAL("signal code", info.code, TRAP_TRACE);
        CHECK_EQUAL("signal address", (uint64_t)info.address, (uint64_t)expected);
    }
    return OK;
}

static enum outcome test_instructions(void)
{
    const char *stops[64] = { step_1, step_2, step_1, step_2, step_1, step_2, step_3, step_5, step_6, step_7, step_9, step_sub, step_10, step_11, step_12 };
    int count = 15;
    for (const char *next = step_12 + 4; next <= step_24; next += 4)
        stops[count++] = next;
    long pid = tracee_start(stepped, 0);
    for (int i = 0; i < count; i++) {
        if (step_to(pid, stops[i]) != OK)
            return fail("step %d", i);
        // The kernel reports the end of the system call, and then the step that it had pending.
        if (stops[i] == step_12)
            CHECK_EQUAL("status", tracee_resume(pid, PTRACE_SINGLESTEP, 0), STOPPED_BY(SIGTRAP));
    }
    struct user_registers registers = tracee_registers(pid);
    CHECK_EQUAL("result of the system call", registers.x[0], (uint64_t)pid);
    CHECK_EQUAL("loaded pair", registers.x[3], (uint64_t)pid);
    CHECK_EQUAL("stack pointer", registers.sp, registers.x[9]);
    tracee_end(pid);
    return OK;
}

void stepped_exclusive(uint64_t);
__asm__(
    ".text\n"
    ".arch armv8.1-a+lse\n"
    "stepped_exclusive:\n"
    "  mov x1, x0\n"
    "  mov x2, #7\n"
    "1: ldxr x3, [x1]\n"
    "  add x3, x3, #1\n"
    "  stxr w4, x3, [x1]\n"
    "  nop\n"
    "  clrex\n"
    "  nop\n"
    ".arch armv8-a\n");

// An exception return clears the exclusive monitor, so a stepped store-exclusive fails, and writes nothing.
static enum outcome test_exclusive(void)
{
    static uint64_t word = 5;
    long pid = tracee_start(stepped_exclusive, (uint64_t)&word);
    for (int i = 1; i < 8; i++)
        if (step_to(pid, (char *)stepped_exclusive + 4 * i) != OK)
            return fail("step %d", i);
    struct user_registers registers = tracee_registers(pid);
    CHECK_EQUAL("loaded", registers.x[3], 6);
    CHECK_EQUAL("store status", registers.x[4], 1);
    CHECK_EQUAL("word", syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, &word, &registers.x[0]), 0);
    CHECK_EQUAL("word", registers.x[0], 5);
    tracee_end(pid);
    return OK;
}

void stepped_atomics(uint64_t);
__asm__(
    ".text\n"
    ".arch armv8.1-a+lse\n"
    "stepped_atomics:\n"
    "  mov x1, #10\n"
    "  ldadd x1, x2, [x0]\n"
    "  mov x3, #15\n"
    "  mov x4, #99\n"
    "  casal x3, x4, [x0]\n"
    "  swp x1, x5, [x0]\n"
    "  ldsetal x1, x6, [x0]\n"
    "  stadd x1, [x0]\n"
    "  nop\n"
    ".arch armv8-a\n");

static enum outcome test_atomics(void)
{
    static uint64_t word = 5;
    if (!(hwcap & HWCAP_ATOMICS))
        return skip("no large system extensions");
    long pid = tracee_start(stepped_atomics, (uint64_t)&word);
    for (int i = 1; i < 9; i++)
        if (step_to(pid, (char *)stepped_atomics + 4 * i) != OK)
            return fail("step %d", i);
    struct user_registers registers = tracee_registers(pid);
    CHECK_EQUAL("ldadd", registers.x[2], 5);
    CHECK_EQUAL("casal", registers.x[3], 15);
    CHECK_EQUAL("swp", registers.x[5], 99);
    CHECK_EQUAL("ldset", registers.x[6], 10);
    CHECK_EQUAL("word", syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, &word, &registers.x[0]), 0);
    CHECK_EQUAL("word", registers.x[0], 20);
    tracee_end(pid);
    return OK;
}

static void on_user_signal(int signal, struct siginfo *info, void *context)
{
    (void)signal, (void)info, (void)context;
}

// A signal delivered to a stepped process stops it before the handler's first instruction.
static enum outcome test_into_handler(void)
{
    handle(SIGUSR1, on_user_signal, 0);
    long pid = tracee_start(stepped, 0);
    if (step_to(pid, step_1) != OK)
        return FAIL;
    int status = tracee_resume(pid, PTRACE_SINGLESTEP, SIGUSR1);
    CHECK_EQUAL("status", status, STOPPED_BY(SIGTRAP));
    CHECK_EQUAL("pc", tracee_registers(pid).pc, (uint64_t)on_user_signal);
    int steps = 0;
    while (tracee_registers(pid).pc != (uint64_t)step_1 && steps++ < 100)
        CHECK_EQUAL("status", tracee_resume(pid, PTRACE_SINGLESTEP, 0), STOPPED_BY(SIGTRAP));
    CHECK("back from the handler within 100 steps", steps < 100);
    if (step_to(pid, step_2) != OK)
        return FAIL;
    tracee_end(pid);
    return OK;
}

// A step onto an instruction that faults: the fault's signal, with the pc at the instruction.
static enum outcome test_fault(void)
{
    long pid = tracee_start(stepped, 0);
    struct user_registers registers = tracee_registers(pid);
    registers.pc = (uint64_t)step_24;
    tracee_set_registers(pid, &registers);
    if (step_to(pid, step_24 + 4) != OK)
        return FAIL;
    CHECK_EQUAL("status", tracee_resume(pid, PTRACE_SINGLESTEP, 0), STOPPED_BY(SIGILL));
    CHECK_EQUAL("pc", tracee_registers(pid).pc, (uint64_t)step_24 + 4);
    tracee_end(pid);
    return OK;
}

void count_down(uint64_t);
__asm__(
    ".text\n"
    "count_down:\n"
    "  subs x0, x0, #1\n"
    "  b.ne count_down\n"
    "  brk #7\n");

// A thousand steps in a loop, then at full speed to its end: no step is left over.
static enum outcome test_many(void)
{
    long pid = tracee_start(count_down, 100000);
    for (int i = 0; i < 1000; i++)
        CHECK_EQUAL("status", tracee_resume(pid, PTRACE_SINGLESTEP, 0), STOPPED_BY(SIGTRAP));
    struct user_registers registers = tracee_registers(pid);
    CHECK_EQUAL("counter", registers.x[0], 100000 - 500);
    CHECK_EQUAL("status", tracee_resume(pid, PTRACE_CONT, 0), STOPPED_BY(SIGTRAP));
    CHECK_EQUAL("code", tracee_siginfo(pid).code, TRAP_BRKPT);
    CHECK_EQUAL("counter", tracee_registers(pid).x[0], 0);
    tracee_end(pid);
    return OK;
}

const struct test tests_step[] = {
    { "step-instructions", test_instructions },
    { "step-exclusive", test_exclusive },
    { "step-atomics", test_atomics },
    { "step-into-handler", test_into_handler },
    { "step-fault", test_fault },
    { "step-many", test_many },
    { 0, 0 },
};
