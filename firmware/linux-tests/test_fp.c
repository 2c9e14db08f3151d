// Floating-point and general state across context switches, between threads, processes and system calls.
#include "state.h"

static volatile int stop;

// One switch after another under registers of this thread's own; the result is the first register that changed.
static long keep_state(uint64_t seed, int rounds)
{
    struct state in, out;
    state_fill(&in, seed, (unsigned)seed);
    for (int i = 0; i < rounds; i++) {
        int difference;
        if (i & 1) {
            in.x[8] = SYS_sched_yield;
            state_call(&in, &out);
        } else {
            in.x[0] = 20000;
            state_spin(&in, &out);
        }
        difference = state_difference(&in, &out, 1);
        if (difference >= 0)
            return difference + 1;
        in.fpsr = out.fpsr;
    }
    return 0;
}

static void keep_in_thread(struct thread *thread)
{
    thread->result = keep_state((uint64_t)thread->argument, 150);
}

static enum outcome test_threads(void)
{
    static struct thread threads[10];
    for (long i = 0; i < 10; i++)
        thread_create(&threads[i], keep_in_thread, i + 1);
    for (int i = 0; i < 10; i++)
        thread_join(&threads[i]);
    for (int i = 0; i < 10; i++)
        if (threads[i].result != 0)
            return fail("thread %d: register %d changed", i, (int)threads[i].result - 1);
    return OK;
}

static enum outcome test_processes(void)
{
    long pid[10];
    for (uint64_t i = 0; i < 10; i++) {
        pid[i] = fork_process();
        if (pid[i] == 0)
            syscall(SYS_exit_group, keep_state(i + 50, 150));
    }
    for (int i = 0; i < 10; i++) {
        int status = wait_for(pid[i]);
        if (status != 0)
            return fail("process %d: status %d", i, status);
    }
    return OK;
}

// Preemption only: no thread gives the processor away by itself.
static void spin_in_thread(struct thread *thread)
{
    struct state in, out;
    state_fill(&in, (uint64_t)thread->argument, (unsigned)thread->argument);
    while (!stop) {
        in.x[0] = 1000000;
        state_spin(&in, &out);
        int difference = state_difference(&in, &out, 1);
        if (difference >= 0) {
            thread->result = difference + 1;
            return;
        }
    }
}

static enum outcome test_preemption(void)
{
    static struct thread threads[6];
    for (long i = 0; i < 6; i++)
        thread_create(&threads[i], spin_in_thread, i + 20);
    sleep_milliseconds(400);
    stop = 1;
    for (int i = 0; i < 6; i++)
        thread_join(&threads[i]);
    for (int i = 0; i < 6; i++)
        if (threads[i].result != 0)
            return fail("thread %d: register %d changed", i, (int)threads[i].result - 1);
    return OK;
}

// The kernel may clobber nothing but x0.
static enum outcome test_system_call(void)
{
    struct state in, out;
    for (unsigned i = 0; i < 32; i++) {
        state_fill(&in, i + 7, i);
        in.x[8] = SYS_getppid;
        state_call(&in, &out);
        CHECK_EQUAL("register that differs", state_difference(&in, &out, 1), -1);
    }
    return OK;
}

static enum outcome test_fork_inherits(void)
{
    struct state in, out;
    state_fill(&in, 77, 3);
    memset(in.x, 0, sizeof in.x);
    in.x[0] = SIGCHLD;
    in.x[8] = SYS_clone;
    state_call(&in, &out);
    int difference = state_difference(&in, &out, 1);
    if (out.x[0] == 0)
        syscall(SYS_exit_group, difference + 1);
    CHECK_EQUAL("child's register that differs + 1", wait_for((long)out.x[0]) >> 8, 0);
    CHECK_EQUAL("parent's register that differs", difference, -1);
    return OK;
}

// Each rounding mode gives its own quotient, in threads that interleave.
static void divide(struct thread *thread)
{
    static const uint64_t third[4] = { 0x3fd5555555555555, 0x3fd5555555555556, 0x3fd5555555555555, 0x3fd5555555555555 };
    uint64_t mode = (uint64_t)thread->argument & 3, bits;
    __asm__ volatile("msr fpcr, %0" ::"r"(mode << 22));
    for (int i = 0; i < 2000; i++) {
        __asm__ volatile("fmov d0, #1.0\n fmov d1, #3.0\n fdiv d0, d0, d1\n fmov %0, d0" : "=r"(bits)::"v0", "v1");
        if (bits != third[mode])
            thread->result = 1;
        if (i % 16 == 0)
            syscall(SYS_sched_yield);
    }
}

static enum outcome test_rounding(void)
{
    static struct thread threads[8];
    for (long i = 0; i < 8; i++)
        thread_create(&threads[i], divide, i);
    for (int i = 0; i < 8; i++) {
        thread_join(&threads[i]);
        CHECK_EQUAL("wrong quotient in thread", threads[i].result, 0);
    }
    return OK;
}

const struct test tests_fp[] = {
    { "fp-threads", test_threads },
    { "fp-processes", test_processes },
    { "fp-preemption", test_preemption },
    { "fp-system-call", test_system_call },
    { "fp-fork-inherits", test_fork_inherits },
    { "fp-rounding-per-thread", test_rounding },
    { 0, 0 },
};
