// Signals: what the kernel saves is what comes back, and what a handler writes into its context takes effect.
#include "state.h"

static volatile unsigned signals;

// Overwrites every vector register and the FP control registers.
static void scramble(void)
{
    struct state in = { .fpsr = 0x1f, .fpcr = 0x01c00000 }, out;
    for (int i = 0; i < 32; i++)
        in.v[i] = ~(vector_t)signals;
    in.x[0] = 1;
    state_spin(&in, &out);
    __asm__ volatile("msr fpcr, %0\n msr fpsr, %1" ::"r"(in.fpcr), "r"(in.fpsr));
}

static void skip_break(int signal, struct siginfo *info, void *context)
{
    (void)signal, (void)info;
    struct ucontext *uc = context;
    signals++;
    scramble();
    uc->machine.pc += 4;
}

static void count_alarm(int signal, struct siginfo *info, void *context)
{
    (void)signal, (void)info, (void)context;
    signals++;
    scramble();
}

static enum outcome test_synchronous(void)
{
    struct state in, out;
    handle(SIGTRAP, skip_break, 0);
    for (unsigned i = 0; i < 64; i++) {
        state_fill(&in, i, i);
        state_break(&in, &out);
        int difference = state_difference(&in, &out, 0);
        if (difference >= 0)
            return fail("round %d: register %d changed", (int)i, difference);
    }
    CHECK_EQUAL("signals", signals, 64);
    return OK;
}

static void set_timer(long microseconds)
{
    struct { long interval_seconds, interval, seconds, value; } timer = { 0, microseconds, 0, microseconds };
    syscall(SYS_setitimer, 0, &timer, 0);
}

static enum outcome test_asynchronous(void)
{
    struct state in, out;
    handle(SIGALRM, count_alarm, 0);
    set_timer(2000);
    uint64_t end = nanoseconds(CLOCK_MONOTONIC) + 20000000000ul;
    for (unsigned i = 0; signals < 100; i++) {
        state_fill(&in, i, i);
        in.x[0] = 3000000;
        state_spin(&in, &out);
        int difference = state_difference(&in, &out, 1);
        if (difference >= 0)
            return fail("round %d: register %d changed", (int)i, difference);
        CHECK("100 signals in 20 s", nanoseconds(CLOCK_MONOTONIC) < end);
    }
    set_timer(0);
    return OK;
}

static void edit(int signal, struct siginfo *info, void *context)
{
    (void)signal, (void)info;
    struct ucontext *uc = context;
    struct fpsimd_context *fp = fp_of(uc);
    uc->machine.pc += 4;
    uc->machine.x[7] = 0x7777;
    uc->machine.pstate = (uc->machine.pstate & ~0xf0000000ul) | 0x60000000;
    fp->v[9] = (vector_t)0x9999 << 64 | 0x1111;
    fp->fpsr = 0x8000011;
    fp->fpcr = 0x00800000;
}

static enum outcome test_edited_context(void)
{
    struct state in, out;
    handle(SIGTRAP, edit, 0);
    state_fill(&in, 5, 1);
    state_break(&in, &out);
    in.x[7] = 0x7777;
    in.nzcv = 0x60000000;
    in.v[9] = (vector_t)0x9999 << 64 | 0x1111;
    in.fpsr = 0x8000011;
    in.fpcr = 0x00800000;
    CHECK_EQUAL("register that differs", state_difference(&in, &out, 0), -1);
    return OK;
}

static volatile int depth, deepest;

static void nest(int signal, struct siginfo *info, void *context)
{
    skip_break(signal, info, context);
    if (++depth > deepest)
        deepest = depth;
    if (depth < 12) {
        struct state in, out;
        state_fill(&in, (uint64_t)depth, (unsigned)depth);
        state_break(&in, &out);
        if (state_difference(&in, &out, 0) >= 0)
            deepest = 1000;
    }
    depth--;
}

static enum outcome test_nested(void)
{
    struct state in, out;
    handle(SIGTRAP, nest, SA_NODEFER);
    state_fill(&in, 99, 2);
    state_break(&in, &out);
    CHECK_EQUAL("register that differs", state_difference(&in, &out, 0), -1);
    CHECK_EQUAL("depth", deepest, 12);
    return OK;
}

static void overflow(uint64_t page)
{
    __asm__ volatile("mov sp, %0\n stp x0, x1, [sp, #-16]!" ::"r"(page) : "memory");
}

static enum outcome test_stack_overflow(void)
{
    char *stack = pages(2, PROT_READ | PROT_WRITE);
    syscall(SYS_mprotect, stack, PAGE, PROT_NONE);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL("signal", trapped(overflow, (uint64_t)stack + PAGE), SIGSEGV);
        CHECK_EQUAL("code", trap.code, SEGV_ACCERR);
        CHECK_EQUAL("address", trap.address, (uint64_t)stack + PAGE - 16);
    }
    return OK;
}

// A handler that never returns by sigreturn, but many times over.
static void fault(uint64_t address)
{
    *(volatile char *)address = 1;
}

static enum outcome test_many_faults(void)
{
    char *hole = pages(1, PROT_NONE);
    for (uint64_t i = 0; i < 2000; i++) {
        if (trapped(fault, (uint64_t)hole + i) != SIGSEGV || trap.address != (uint64_t)hole + i) {
            syscall(SYS_rt_sigprocmask, 0, 0, 0, 8);
            return fail("fault %lu: signal %d at %lx", i, trap.signal, trap.address);
        }
    }
    return OK;
}

const struct test tests_signal[] = {
    { "signal-synchronous-state", test_synchronous },
    { "signal-asynchronous-state", test_asynchronous },
    { "signal-edited-context", test_edited_context },
    { "signal-nested", test_nested },
    { "signal-stack-overflow", test_stack_overflow },
    { "signal-many-faults", test_many_faults },
    { 0, 0 },
};
