// Decides what an exception means: an interrupt, an expected trap, the end of EL0, or the end of the run.
#include "trap.h"
#include "irq.h"
#include "print.h"
#include "psci.h"

_Static_assert(sizeof(struct trap_frame) == 288, "vectors.S saves this layout");

volatile struct trap_probe trap_probe;

extern char el0_leave[];

static void record(const struct trap_frame *frame, uint64_t vector)
{
    trap_probe.record.count++;
    trap_probe.record.vector = vector;
    trap_probe.record.elr = frame->elr;
    trap_probe.record.spsr = frame->spsr;
    trap_probe.record.esr = frame->esr;
    trap_probe.record.far = frame->far;
}

static void unexpected(const struct trap_frame *frame, uint64_t vector)
{
    print("EXCEPTION vector=%lu esr=%lx far=%lx elr=%lx spsr=%lx\n", vector, frame->esr, frame->far, frame->elr, frame->spsr);
    for (int i = 0; i < 31; i++)
        print("x%d=%lx%c", i, frame->x[i], i % 4 == 3 || i == 30 ? '\n' : ' ');
    print("FIRMWARE FAIL\n");
    psci_system_off();
}

void trap_dispatch(struct trap_frame *frame, uint64_t vector)
{
    if (vector == VECTOR_SPX_IRQ || vector == VECTOR_EL0_IRQ) {
        irq_dispatch();
    } else if (vector == VECTOR_EL0_SYNC) {
        record(frame, vector);
        frame->elr = (uint64_t)el0_leave;
        frame->spsr = 0x3c5; // EL1h, DAIF masked
    } else if ((vector == VECTOR_SPX_SYNC || vector == VECTOR_SP0_SYNC) && trap_probe.resume != 0) {
        record(frame, vector);
        frame->elr = trap_probe.resume;
        frame->spsr &= ~(1ul << 20); // IL: or the next instruction would take the same exception again
    } else {
        unexpected(frame, vector);
    }
}
