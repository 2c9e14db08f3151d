#include "idle.h"
#include "arch.h"
#include "irq.h"
#include "print.h"
#include "timer.h"

#define SAMPLES 1024u

static uint32_t late_ns[SAMPLES];
static volatile uint64_t taken_at;

static void stop(void)
{
    taken_at = timer_ticks();
    write_sysreg(cntv_ctl_el0, 0);
    isb();
}

// Sorted by insertion, so that a rank can be read off.
static void keep(uint32_t count, uint32_t late)
{
    uint32_t i = count < SAMPLES ? count : SAMPLES - 1;
    for (; i > 0 && late_ns[i - 1] > late; i--)
        late_ns[i] = late_ns[i - 1];
    late_ns[i] = late;
}

void idle_run(uint64_t wakes, uint64_t period_ns)
{
    uint64_t period = timer_from_ns(period_ns), next = timer_ticks();
    irq_set_handler(TIMER_VIRTUAL_INTID, stop);
    irq_unmask(TIMER_VIRTUAL_INTID, 0x80);
    for (uint64_t n = 0; wakes == 0 || n < wakes; n++) {
        uint32_t before = irq_taken(TIMER_VIRTUAL_INTID);
        next += period;
        irq_disable(); // WFI ends for a masked interrupt too, so none is missed between the look and the wait
        write_sysreg(cntv_cval_el0, next);
        write_sysreg(cntv_ctl_el0, 1);
        isb();
        while (irq_taken(TIMER_VIRTUAL_INTID) == before) {
            wfi();
            irq_enable();
            isb();
            irq_disable();
        }
        irq_enable();
        uint64_t late = timer_to_ns(taken_at - next);
        if (wakes != 0)
            keep((uint32_t)n, late < 0xffffffffu ? (uint32_t)late : 0xffffffffu);
        if (late > period_ns)
            next = timer_ticks(); // the machine stood still meanwhile
    }
    irq_mask(TIMER_VIRTUAL_INTID);
    uint32_t count = wakes < SAMPLES ? (uint32_t)wakes : SAMPLES;
    print("IDLE %lu wakes, late by p50 %u p99 %u max %u ns\n", wakes, late_ns[count / 2], late_ns[count * 99 / 100], late_ns[count - 1]);
}
