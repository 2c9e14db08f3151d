// Counters shared by threads that are preempted anywhere: no increment is lost.
#include "harness.h"

enum { THREADS = 6, INCREMENTS = 100000 };
static struct thread threads[THREADS];
static volatile uint64_t counters[8];
static volatile vector_t wide __attribute__((aligned(16)));

static enum outcome run(void (*function)(struct thread *))
{
    for (int i = 0; i < THREADS; i++)
        thread_create(&threads[i], function, i);
    for (int i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    return OK;
}

static void count_exclusive(struct thread *thread)
{
    (void)thread;
    for (int i = 0; i < INCREMENTS; i++) {
        uint64_t value;
        uint32_t status;
        __asm__ volatile("1: ldxr %0, [%2]\n add %0, %0, #1\n stlxr %w1, %0, [%2]\n cbnz %w1, 1b" : "=&r"(value), "=&r"(status) : "r"(counters) : "memory");
    }
}

static enum outcome test_exclusive(void)
{
    run(count_exclusive);
    CHECK_EQUAL("count", counters[0], THREADS * INCREMENTS);
    return OK;
}

static void count_pair(struct thread *thread)
{
    (void)thread;
    for (int i = 0; i < INCREMENTS; i++) {
        uint64_t low, high;
        uint32_t status;
        __asm__ volatile("1: ldaxp %0, %1, [%3]\n add %0, %0, #1\n add %1, %1, #2\n stxp %w2, %0, %1, [%3]\n cbnz %w2, 1b"
                         : "=&r"(low), "=&r"(high), "=&r"(status)
                         : "r"(&wide)
                         : "memory");
    }
}

static enum outcome test_pair(void)
{
    run(count_pair);
    CHECK_EQUAL("low", (uint64_t)wide, THREADS * INCREMENTS);
    CHECK_EQUAL("high", (uint64_t)(wide >> 64), 2 * THREADS * INCREMENTS);
    return OK;
}

static void count_lse(struct thread *thread)
{
    for (int i = 0; i < INCREMENTS; i++) {
        uint64_t expected, value;
        __asm__ volatile(".arch armv8.1-a+lse\n"
                         "stadd %0, [%1]\n"
                         "stadd %w0, [%2]\n"
                         ".arch armv8-a\n" ::"r"(1ul), "r"(&counters[1]), "r"(&counters[2])
                         : "memory");
        do {
            expected = counters[3];
            value = expected;
            __asm__ volatile(".arch armv8.1-a+lse\ncasal %0, %1, [%2]\n.arch armv8-a\n" : "+r"(value) : "r"(expected + 3), "r"(&counters[3]) : "memory");
        } while (value != expected);
    }
    (void)thread;
}

static enum outcome test_lse(void)
{
    if (!(hwcap & HWCAP_ATOMICS))
        return skip("no large system extensions");
    run(count_lse);
    CHECK_EQUAL("stadd", counters[1], THREADS * INCREMENTS);
    CHECK_EQUAL("stadd, 32 bits", counters[2], THREADS * INCREMENTS);
    CHECK_EQUAL("cas", counters[3], 3 * THREADS * INCREMENTS);
    return OK;
}

// An intrusive stack popped with load/store exclusive: the value alone would not tell A-B-A apart.
static volatile uint64_t head;
static uint64_t nodes[THREADS * 2][2];

static uint64_t *pop(void)
{
    uint64_t *node;
    uint64_t next;
    uint32_t status;
    __asm__ volatile("1: ldaxr %0, [%3]\n cbz %0, 2f\n ldr %1, [%0]\n stxr %w2, %1, [%3]\n cbnz %w2, 1b\n2: clrex"
                     : "=&r"(node), "=&r"(next), "=&r"(status)
                     : "r"(&head)
                     : "memory");
    return node;
}

static void push(uint64_t *node)
{
    uint64_t old;
    uint32_t status;
    __asm__ volatile("1: ldxr %0, [%3]\n str %0, [%2]\n stlxr %w1, %2, [%3]\n cbnz %w1, 1b" : "=&r"(old), "=&r"(status) : "r"(node), "r"(&head) : "memory");
}

static void juggle(struct thread *thread)
{
    for (int i = 0; i < INCREMENTS / 2; i++) {
        uint64_t *a = pop(), *b = pop();
        if (a && ++a[1] != 1)
            thread->result = 1; // someone else holds it
        if (b && ++b[1] != 1)
            thread->result = 1;
        if (a)
            a[1]--, push(a);
        if (b)
            b[1]--, push(b);
    }
}

static enum outcome test_stack(void)
{
    for (int i = 0; i < THREADS * 2; i++)
        push(nodes[i]);
    run(juggle);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL("two owners seen by thread", threads[i].result, 0);
    int count = 0;
    while (pop())
        count++;
    CHECK_EQUAL("nodes left", count, THREADS * 2);
    return OK;
}

// A futex lock around plain increments.
static volatile int lock;
static volatile uint64_t guarded;

static void count_locked(struct thread *thread)
{
    (void)thread;
    for (int i = 0; i < INCREMENTS / 10; i++) {
        while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
            syscall(SYS_futex, &lock, FUTEX_WAIT, 1, 0);
        guarded++;
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
        if (i % 8 == 0)
            syscall(SYS_futex, &lock, FUTEX_WAKE, 1);
    }
    syscall(SYS_futex, &lock, FUTEX_WAKE, THREADS);
}

static enum outcome test_lock(void)
{
    run(count_locked);
    CHECK_EQUAL("count", guarded, THREADS * (INCREMENTS / 10));
    return OK;
}

const struct test tests_atomic[] = {
    { "atomic-exclusive", test_exclusive },
    { "atomic-exclusive-pair", test_pair },
    { "atomic-lse", test_lse },
    { "atomic-stack", test_stack },
    { "atomic-lock", test_lock },
    { 0, 0 },
};
