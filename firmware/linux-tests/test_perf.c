// The performance monitors as the kernel's perf events use them: counting one level, and samples from the overflow interrupt.
#include "harness.h"

enum { SYS_ioctl = 29, SYS_perf_event_open = 241 };
enum { EVENT_ENABLE = 0x2400, EVENT_DISABLE = 0x2401 };
enum { HARDWARE = 0, CPU_CYCLES = 0, INSTRUCTIONS = 1, BRANCHES = 4, SAMPLE_IP = 1, RECORD_SAMPLE = 9 };
enum { DISABLED = 1 << 0, PINNED = 1 << 2, EXCLUDE_USER = 1 << 4, EXCLUDE_KERNEL = 1 << 5 };

struct event {
    uint32_t type, size;
    uint64_t config, period, sample_type, read_format, flags;
    uint32_t wakeup, breakpoint_type;
    uint64_t breakpoint_address;
};

static long open_event(uint64_t what, uint64_t flags, uint64_t period)
{
    struct event event = { HARDWARE, sizeof event, what, period, period ? SAMPLE_IP : 0, 0, flags | DISABLED | PINNED, 0, 0, 0 };
    return syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static long open_cycles(uint64_t flags, uint64_t period) { return open_event(CPU_CYCLES, flags, period); }

static __attribute__((noinline)) void busy(uint64_t milliseconds)
{
    uint64_t end = nanoseconds(CLOCK_MONOTONIC) + milliseconds * 1000000;
    while (nanoseconds(CLOCK_MONOTONIC) < end)
        for (volatile int i = 0; i < 200000; i++) // long beside a system call, however slow pointer authentication is
            ;
}

static uint64_t counted(long event)
{
    uint64_t count = 0;
    return syscall(SYS_read, event, &count, sizeof count) == sizeof count ? count : 0;
}

static enum outcome test_count(void)
{
    long user = open_cycles(EXCLUDE_KERNEL, 0), kernel = open_cycles(EXCLUDE_USER, 0), both = open_cycles(0, 0);
    if (both < 0)
        return skip("no hardware events (error %lu)", (uint64_t)-both);
    // What counts everything counts longest, so that a pause of the host between two calls does not make it the smaller.
    long events[] = { both, kernel, user };
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL("enable", syscall(SYS_ioctl, events[i], EVENT_ENABLE, 0), 0);
    busy(150); // long beside what a busy host takes away at a time
    for (int i = 2; i >= 0; i--)
        CHECK_EQUAL("disable", syscall(SYS_ioctl, events[i], EVENT_DISABLE, 0), 0);
    uint64_t u = counted(user), k = counted(kernel), b = counted(both);
    if (!u || !k || !b || u < k || b < u || b > u + k + (u + k) / 4 || u + k > b + b / 4)
        return fail("user %lu, kernel %lu, both %lu", u, k, b);
    busy(5);
    CHECK_EQUAL("stands still when disabled", counted(both), b);
    return OK;
}

static enum outcome test_instructions(void)
{
    long event = open_event(INSTRUCTIONS, EXCLUDE_KERNEL, 0);
    if (event < 0)
        return skip("instructions are not counted (error %lu)", (uint64_t)-event);
    CHECK_EQUAL("enable", syscall(SYS_ioctl, event, EVENT_ENABLE, 0), 0);
    uint64_t rounds = 1000000;
    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(rounds)::"cc");
    CHECK_EQUAL("disable", syscall(SYS_ioctl, event, EVENT_DISABLE, 0), 0);
    uint64_t count = counted(event);
    // Two instructions a round; interrupted blocks may count twice.
    if (count < 2000000 || count > 2010000)
        return fail("%lu instructions", count);
    return OK;
}

// What "perf stat -e branches" counts, taken branches: 1,000,000 of the loop but for the last, and 1,000,000 behind it.
static enum outcome test_branches(void)
{
    long event = open_event(BRANCHES, EXCLUDE_KERNEL, 0);
    if (event < 0)
        return skip("branches are not counted (error %lu)", (uint64_t)-event);
    CHECK_EQUAL("enable", syscall(SYS_ioctl, event, EVENT_ENABLE, 0), 0);
    uint64_t rounds = 1000000;
    __asm__ volatile("1: subs %0, %0, #1\n cbz %0, 2f\n b 3f\n 3: b.ne 1b\n 2:" : "+r"(rounds)::"cc");
    CHECK_EQUAL("disable", syscall(SYS_ioctl, event, EVENT_DISABLE, 0), 0);
    uint64_t count = counted(event);
    if (count < 1999990 || count > 2001000)
        return fail("%lu branches", count);
    return OK;
}

static enum outcome test_samples(void)
{
    long event = open_cycles(EXCLUDE_KERNEL, 500000);
    if (event < 0)
        return skip("no hardware events (error %lu)", (uint64_t)-event);
    uint8_t *ring = (uint8_t *)syscall(SYS_mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
    CHECK("a ring buffer", (long)ring > 0);
    CHECK_EQUAL("enable", syscall(SYS_ioctl, event, EVENT_ENABLE, 0), 0);
    busy(200);
    CHECK_EQUAL("disable", syscall(SYS_ioctl, event, EVENT_DISABLE, 0), 0);

    // struct perf_event_mmap_page: data_head at 1024. A sample is a header of 8 bytes and the address.
    uint64_t head = *(volatile uint64_t *)(ring + 1024), samples = 0, in_kernel = 0;
    for (uint64_t at = 0; at + 16 <= head && at + 16 <= PAGE; ) {
        uint32_t type = *(uint32_t *)(ring + PAGE + at);
        uint16_t size = *(uint16_t *)(ring + PAGE + at + 6);
        if (type == RECORD_SAMPLE) {
            samples++;
            in_kernel += *(uint64_t *)(ring + PAGE + at + 8) >> 63;
        }
        CHECK("a record has a size", size >= 8);
        at += size;
    }
    // 200 ms of at least 1 cycle/ns are 400 periods; a busy host takes some away.
    if (samples < 20)
        return fail("%lu samples, %lu bytes", samples, head);
    // The interrupt may arrive when the program has just entered the kernel.
    if (in_kernel > samples / 2)
        return fail("%lu of %lu samples in the kernel", in_kernel, samples);
    return OK;
}

static void read_cycles(uint64_t unused)
{
    (void)unused;
    __asm__ volatile("mrs x9, pmccntr_el0" ::: "x9");
}

static enum outcome test_user_access(void)
{
    CHECK_EQUAL("signal", trapped(read_cycles, 0), SIGILL);
    return OK;
}

const struct test tests_perf[] = {
    { "perf-count", test_count },
    { "perf-instructions", test_instructions },
    { "perf-branches", test_branches },
    { "perf-samples", test_samples },
    { "perf-user-access", test_user_access },
    { 0, 0 },
};
