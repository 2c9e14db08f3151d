#include "timer.h"
#include "arch.h"

uint64_t timer_frequency(void) { return read_sysreg(cntfrq_el0); }

uint64_t timer_ticks(void)
{
    isb();
    return read_sysreg(cntvct_el0);
}

// Whole seconds apart from the rest, so that nothing overflows for any frequency below 18 GHz.
uint64_t timer_to_ns(uint64_t ticks)
{
    uint64_t frequency = timer_frequency();
    return ticks / frequency * 1000000000ul + ticks % frequency * 1000000000ul / frequency;
}

uint64_t timer_from_ns(uint64_t ns)
{
    uint64_t frequency = timer_frequency();
    return ns / 1000000000ul * frequency + ns % 1000000000ul * frequency / 1000000000ul;
}
