#include "state.h"

static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdul;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ul;
    return value ^ value >> 33;
}

void state_fill(struct state *state, uint64_t seed, unsigned rounding)
{
    for (uint64_t i = 0; i < 31; i++)
        state->x[i] = mix(seed * 100 + i + 1);
    state->nzcv = (seed & 15) << 28;
    state->fpsr = seed * 5 & 0x1f;
    state->fpcr = (uint64_t)(rounding & 3) << 22;
    for (uint64_t i = 0; i < 32; i++)
        state->v[i] = (vector_t)mix(seed * 100 + 40 + i) << 64 | mix(seed * 100 + 80 + i);
}

int state_difference(const struct state *a, const struct state *b, int skip)
{
    for (int i = skip; i < 31; i++)
        if (a->x[i] != b->x[i])
            return i;
    if (a->nzcv != b->nzcv)
        return 31;
    if (a->fpsr != b->fpsr)
        return 32;
    if (a->fpcr != b->fpcr)
        return 33;
    for (int i = 0; i < 32; i++)
        if (a->v[i] != b->v[i])
            return 34 + i;
    return -1;
}
