// Interrupts: both EL1 timers, software-generated ones, a device's line, priorities, and WFI.
#include "arch.h"
#include "irq.h"
#include "selftest.h"
#include "timer.h"
#include "uart.h"

#define MILLISECOND 1000000ul
#define PATIENCE (2000 * MILLISECOND)

static void stop_virtual(void)
{
    write_sysreg(cntv_ctl_el0, 0);
    isb();
}

static void stop_physical(void)
{
    write_sysreg(cntp_ctl_el0, 0);
    isb();
}

// Waits until the interrupt has been taken `target` times; false when it takes too long.
static bool wait(uint32_t intid, uint32_t target)
{
    uint64_t start = timer_ticks(), limit = timer_from_ns(PATIENCE);
    while (irq_taken(intid) != target)
        if (timer_ticks() - start > limit)
            return false;
    return true;
}

static enum outcome timer_test(uint32_t intid, void (*stop)(void), bool is_virtual)
{
    irq_set_handler(intid, stop);
    irq_unmask(intid, 0x80);
    enum outcome outcome = OK;
    for (int i = 0; i < 3 && outcome == OK; i++) {
        uint32_t before = irq_taken(intid);
        uint64_t start = timer_ticks(), ticks = timer_from_ns(MILLISECOND);
        if (is_virtual) {
            write_sysreg(cntv_tval_el0, ticks);
            write_sysreg(cntv_ctl_el0, 1);
        } else {
            write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) + ticks);
            write_sysreg(cntp_ctl_el0, 1);
        }
        isb();
        if (!wait(intid, before + 1))
            outcome = fail("interrupt %u did not arrive", intid);
        else if (timer_ticks() - start < ticks)
            outcome = fail("early by %lu ticks", ticks - (timer_ticks() - start));
    }
    stop();
    irq_mask(intid);
    irq_set_handler(intid, 0);
    return outcome;
}

static enum outcome test_virtual_timer(void) { return timer_test(TIMER_VIRTUAL_INTID, stop_virtual, true); }
static enum outcome test_physical_timer(void) { return timer_test(TIMER_PHYSICAL_INTID, stop_physical, false); }

// ISTATUS and the pending bit follow the comparison; IMASK takes the line down.
static enum outcome test_timer_status(void)
{
    write_sysreg(cntv_cval_el0, 0);
    write_sysreg(cntv_ctl_el0, 1);
    isb();
    CHECK_EQUAL("control of an expired timer", read_sysreg(cntv_ctl_el0), 5);
    CHECK_EQUAL("pending", irq_is_pending(TIMER_VIRTUAL_INTID), 1);
    write_sysreg(cntv_ctl_el0, 3);
    isb();
    CHECK_EQUAL("control of a masked timer", read_sysreg(cntv_ctl_el0), 7);
    CHECK_EQUAL("pending while masked", irq_is_pending(TIMER_VIRTUAL_INTID), 0);
    write_sysreg(cntv_cval_el0, ~0ul >> 1);
    write_sysreg(cntv_ctl_el0, 1);
    isb();
    CHECK_EQUAL("control of a far timer", read_sysreg(cntv_ctl_el0), 1);
    CHECK_EQUAL("pending when far", irq_is_pending(TIMER_VIRTUAL_INTID), 0);
    stop_virtual();
    return OK;
}

static enum outcome test_software(void)
{
    for (uint32_t sgi = 0; sgi < 16; sgi++) {
        irq_unmask(sgi, 0x90);
        uint32_t before = irq_taken(sgi);
        irq_send_self(sgi);
        bool arrived = wait(sgi, before + 1);
        irq_mask(sgi);
        if (!arrived)
            return fail("SGI %u did not arrive", sgi);
    }
    return OK;
}

// With the mask at a priority, equal and lower ones wait; opening the mask lets the pending ones in, the highest first.
static uint32_t order[2], arrived;
static void note3(void) { order[arrived++ & 1] = 3; }
static void note4(void) { order[arrived++ & 1] = 4; }

static enum outcome test_priority(void)
{
    uint32_t before3 = irq_taken(3), before4 = irq_taken(4);
    arrived = 0;
    irq_set_handler(3, note3);
    irq_set_handler(4, note4);
    irq_unmask(3, 0xa0);
    irq_unmask(4, 0x40);
    irq_set_priority_mask(0x40);
    irq_send_self(3);
    irq_send_self(4);
    uint64_t start = timer_ticks();
    while (timer_ticks() - start < timer_from_ns(MILLISECOND))
        ;
    uint32_t early = arrived;
    irq_set_priority_mask(0xf0);
    bool both = wait(3, before3 + 1) && wait(4, before4 + 1);
    irq_mask(3);
    irq_mask(4);
    irq_set_handler(3, 0);
    irq_set_handler(4, 0);
    CHECK_EQUAL("taken under the mask", early, 0);
    CHECK_EQUAL("both taken", both, 1);
    CHECK_EQUAL("first", order[0], 4);
    CHECK_EQUAL("second", order[1], 3);
    return OK;
}

static void quiet_uart(void)
{
    mmio_write32(UART_BASE + UART_IMSC, 0);
    mmio_write32(UART_BASE + UART_ICR, UART_INT_TX);
}

// A shared peripheral interrupt, level sensitive: the UART's transmit interrupt.
static enum outcome test_device_line(void)
{
    uint32_t before = irq_taken(UART_INTID);
    irq_set_handler(UART_INTID, quiet_uart);
    irq_unmask(UART_INTID, 0x80);
    mmio_write32(UART_BASE + UART_ICR, 0x7ff);
    mmio_write32(UART_BASE + UART_IMSC, UART_INT_TX);
    uart_put('\r');
    bool taken = wait(UART_INTID, before + 1);
    irq_mask(UART_INTID);
    irq_set_handler(UART_INTID, 0);
    quiet_uart();
    CHECK_EQUAL("taken", taken, 1);
    CHECK_EQUAL("line after the handler", irq_is_pending(UART_INTID), 0);
    return OK;
}

// WFI ends by a pending interrupt even when PSTATE.I keeps it from being taken.
static enum outcome test_wfi(void)
{
    uint32_t before = irq_taken(TIMER_VIRTUAL_INTID);
    irq_disable();
    irq_set_handler(TIMER_VIRTUAL_INTID, stop_virtual);
    irq_unmask(TIMER_VIRTUAL_INTID, 0x80);
    uint64_t ticks = timer_from_ns(5 * MILLISECOND), start = timer_ticks();
    write_sysreg(cntv_tval_el0, ticks);
    write_sysreg(cntv_ctl_el0, 1);
    isb();
    while (!(read_sysreg(cntv_ctl_el0) & 4)) // WFI may also end for no reason
        wfi();
    uint64_t slept = timer_ticks() - start;
    uint32_t masked = irq_taken(TIMER_VIRTUAL_INTID);
    irq_enable();
    isb();
    bool taken = wait(TIMER_VIRTUAL_INTID, before + 1);
    stop_virtual();
    irq_mask(TIMER_VIRTUAL_INTID);
    irq_set_handler(TIMER_VIRTUAL_INTID, 0);
    CHECK_EQUAL("taken while masked", masked, before);
    CHECK_EQUAL("taken after", taken, 1);
    if (slept < ticks)
        return fail("woke after %lu of %lu ticks", slept, ticks);
    return OK;
}

static enum outcome test_counter(void)
{
    uint64_t last = timer_ticks();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = timer_ticks();
        if (now < last)
            return fail("went back from %lx to %lx", last, now);
        last = now;
    }
    CHECK_EQUAL("frequency", timer_frequency() >= 1000000, 1);
    return OK;
}

const struct selftest selftests_interrupt[] = {
    {"counter", test_counter},
    {"timer-status", test_timer_status},
    {"timer-virtual", test_virtual_timer},
    {"timer-physical", test_physical_timer},
    {"interrupt-software", test_software},
    {"interrupt-priority", test_priority},
    {"interrupt-device", test_device_line},
    {"wfi", test_wfi},
    {0, 0},
};
