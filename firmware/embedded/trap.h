// Exceptions: the saved frame, the probes that expect one, and the way into EL0 and back.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// What vectors.S saves; the layout is shared with it.
struct trap_frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
    uint64_t esr;
    uint64_t far;
    uint64_t padding;
};

// What the last expected exception was. `count` stays 0 when the probed instruction completed.
struct trap_record {
    uint64_t count;
    uint64_t vector;
    uint64_t elr;
    uint64_t spsr;
    uint64_t esr;
    uint64_t far;
};

// Shared with the PROBE macro: while `resume` is not zero, a synchronous exception is recorded and execution continues there.
struct trap_probe {
    uint64_t resume;
    uint64_t site;
    struct trap_record record;
};
extern volatile struct trap_probe trap_probe;

// Exception classes, ESR_ELx.EC (Arm ARM D24.2.40).
enum {
    EC_UNKNOWN = 0x00,
    EC_FP_ACCESS = 0x07,
    EC_ILLEGAL_STATE = 0x0e,
    EC_SVC64 = 0x15,
    EC_SYSREG = 0x18,
    EC_IABORT_LOWER = 0x20,
    EC_IABORT_SAME = 0x21,
    EC_PC_ALIGNMENT = 0x22,
    EC_DABORT_LOWER = 0x24,
    EC_DABORT_SAME = 0x25,
    EC_SP_ALIGNMENT = 0x26,
    EC_STEP_LOWER = 0x32,
    EC_BRK64 = 0x3c,
};

// Fault status codes of aborts, ISS[5:0]; add the level to the first three.
enum {
    FSC_TRANSLATION = 0x04,
    FSC_ACCESS_FLAG = 0x08,
    FSC_PERMISSION = 0x0c,
    FSC_ALIGNMENT = 0x21,
    ISS_WNR = 1 << 6,
};

enum {
    VECTOR_SP0_SYNC = 0,
    VECTOR_SPX_SYNC = 4,
    VECTOR_SPX_IRQ = 5,
    VECTOR_EL0_SYNC = 8,
    VECTOR_EL0_IRQ = 9,
};

static inline uint32_t esr_class(uint64_t esr) { return (uint32_t)(esr >> 26) & 0x3f; }
static inline uint32_t esr_iss(uint64_t esr) { return (uint32_t)esr & 0x1ffffff; }

// Runs one instruction that is expected to trap. Afterwards trap_probe.record tells what happened and trap_probe.site is the
// instruction's own address. OUTPUTS and INPUTS are asm operand lists in parentheses-free form; x0, x9, x10, x16, x17 and x30 are clobbered.
#define PROBE(instruction, outputs, ...)                                                            \
    do {                                                                                            \
        trap_probe.record.count = 0;                                                                \
        asm volatile("adr x16, 2f\n\tadr x17, 1f\n\tstp x16, x17, [%[probe_]]\n1:\t" instruction    \
                     "\n2:\tstr xzr, [%[probe_]]"                                                   \
                     : outputs                                                                      \
                     : [probe_] "r"(&trap_probe), ##__VA_ARGS__                                     \
                     : "x0", "x9", "x10", "x16", "x17", "x30", "memory", "cc");                                       \
    } while (0)

#define NO_OUTPUT

// Called by vectors.S.
void trap_dispatch(struct trap_frame *frame, uint64_t vector);

// Enters EL0 at `pc` with stack `sp`, x0 = argument. The first synchronous exception from EL0 ends it and is recorded in
// trap_probe.record; returns EL0's x0 at that moment.
uint64_t el0_run(uint64_t pc, uint64_t sp, uint64_t argument, uint64_t spsr);
