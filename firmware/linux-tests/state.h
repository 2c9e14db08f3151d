// Everything that a program may keep in registers, loaded and stored around one event.
#pragma once
#include "harness.h"

struct state {
    uint64_t x[31], nzcv, fpsr, fpcr;
    vector_t v[32];
};

// Each loads all registers from `in`, lets the event happen, and stores all registers to `out`.
void state_spin(const struct state *in, struct state *out); // counts x0 down to zero without touching the flags
void state_break(const struct state *in, struct state *out); // brk #0x51; the handler steps over it
void state_call(const struct state *in, struct state *out); // svc with the number in x8
void state_wait(const struct state *in, struct state *out, const uint64_t *word); // loops until *word (its address in x1) is not zero

// Distinct values in every register; `rounding` goes to FPCR.RMode.
void state_fill(struct state *state, uint64_t seed, unsigned rounding);

// The number of the first register that differs (x0-x30, 31 flags, 32 FPSR, 33 FPCR, 34 + v0-v31), or -1. The lowest `skip` X registers are not compared.
int state_difference(const struct state *a, const struct state *b, int skip);
