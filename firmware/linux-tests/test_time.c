// Clocks and sleeping.
#include "harness.h"

static uint64_t counter(void)
{
    uint64_t value;
    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(value)::"memory");
    return value;
}

static uint64_t frequency(void)
{
    uint64_t value;
    __asm__("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

static enum outcome test_monotonic(void)
{
    uint64_t clock = 0, count = 0;
    for (int i = 0; i < 20000; i++) {
        uint64_t now = nanoseconds(CLOCK_MONOTONIC), ticks = counter();
        CHECK("the clock does not go back", now >= clock);
        CHECK("the counter does not go back", ticks >= count);
        clock = now;
        count = ticks;
    }
    return OK;
}

static enum outcome test_rate(void)
{
    uint64_t start = nanoseconds(CLOCK_MONOTONIC), ticks = counter();
    sleep_milliseconds(100);
    uint64_t elapsed = nanoseconds(CLOCK_MONOTONIC) - start;
    ticks = counter() - ticks;
    uint64_t by_counter = ticks * 1000 / (frequency() / 1000000);
    // The two pairs of reads are not simultaneous: a busy host may come between them.
    if (elapsed < 100000000 || by_counter < elapsed - elapsed / 50 || by_counter > elapsed + elapsed / 50 + 20000000)
        return fail("clock %lu ns, counter %lu ns", elapsed, by_counter);
    return OK;
}

static enum outcome test_sleep_is_idle(void)
{
    uint64_t busy = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < 20; i++) {
        uint64_t start = nanoseconds(CLOCK_MONOTONIC);
        sleep_milliseconds(5);
        CHECK("slept long enough", nanoseconds(CLOCK_MONOTONIC) - start >= 5000000);
    }
    busy = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
    CHECK("a sleeping process uses less than half of the time", busy < 50000000);
    return OK;
}

static volatile int alarms;

static void on_alarm(int signal, struct siginfo *info, void *context)
{
    (void)signal, (void)info, (void)context;
    alarms++;
}

// WFE and YIELD in a loop do not keep a timer's signal away.
static enum outcome test_alarm_in_wfe(void)
{
    struct { long interval_seconds, interval, seconds, value; } timer = { 0, 5000, 0, 5000 };
    handle(SIGALRM, on_alarm, 0);
    syscall(SYS_setitimer, 0, &timer, 0);
    uint64_t end = nanoseconds(CLOCK_MONOTONIC) + 10000000000ul;
    while (alarms < 10) {
        __asm__ volatile("wfe\n yield");
        CHECK("ten alarms in 10 s", nanoseconds(CLOCK_MONOTONIC) < end);
    }
    return OK;
}

const struct test tests_time[] = {
    { "time-monotonic", test_monotonic },
    { "time-rate", test_rate },
    { "time-sleep-is-idle", test_sleep_is_idle },
    { "time-alarm-in-wfe", test_alarm_in_wfe },
    { 0, 0 },
};
