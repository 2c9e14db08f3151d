// The generic timer (Arm ARM D12).
#pragma once
#include <stdint.h>

#define TIMER_VIRTUAL_INTID 27u
#define TIMER_PHYSICAL_INTID 30u

uint64_t timer_frequency(void);
uint64_t timer_ticks(void);              // the virtual counter, not speculated
uint64_t timer_to_ns(uint64_t ticks);
uint64_t timer_from_ns(uint64_t ns);
