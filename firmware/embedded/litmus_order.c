// Litmus tests of ordering: message passing, store buffering, load buffering, 2+2W, coherence, independent reads of independent writes.
// Names are those of the literature (Alglave, Maranget, Tautschnig, "Herding Cats", TOPLAS 2014).
#include "litmus.h"

// Each part is a few instructions in a fixed order: no compiler may move them.
#define PART(name, instructions)                                                                             \
    static void name(void)                                                                                   \
    {                                                                                                        \
        for (struct cell *c = cells; c < cells + LITMUS_BATCH; c++) {                                        \
            if (((c - cells) & 31) == 0)                                                                     \
                litmus_align((uint32_t)(c - cells) + 1);                                                     \
            uint64_t a = 0, b = 0;                                                                           \
            asm volatile(instructions                                                                        \
                         : "+&r"(a), "+&r"(b)                                                                \
                         : "r"(&c->x), "r"(&c->y), "r"(1ul), "r"(2ul), "r"(c)                                \
                         : "memory");                                                                        \
        }                                                                                                    \
    }

// %0 %1: what was read. %2 %3: x and y. %4 %5: 1 and 2. %6: the cell.
#define ST_X "str %4, [%2]\n\t"
#define ST_Y "str %4, [%3]\n\t"
#define STL_X "stlr %4, [%2]\n\t"
#define STL_Y "stlr %4, [%3]\n\t"
#define ST2_X "str %5, [%2]\n\t"
#define ST2_Y "str %5, [%3]\n\t"
#define LD_A_X "ldr %0, [%2]\n\t"
#define LD_A_Y "ldr %0, [%3]\n\t"
#define LD_B_X "ldr %1, [%2]\n\t"
#define LD_B_Y "ldr %1, [%3]\n\t"
#define LDA_A_X "ldar %0, [%2]\n\t"
#define LDA_A_Y "ldar %0, [%3]\n\t"
#define DMB "dmb ish\n\t"
#define DMB_ST "dmb ishst\n\t"
#define DMB_LD "dmb ishld\n\t"
#define SEEN_A(n) "str %0, [%6, #(256 + 8 * " #n ")]\n\t"
#define SEEN_B(n) "str %1, [%6, #(256 + 8 * " #n ")]\n\t"

_Static_assert(__builtin_offsetof(struct cell, seen) == 256, "SEEN knows the layout of a cell");

PART(mp_w, ST_X ST_Y)
PART(mp_w_dmb, ST_X DMB_ST ST_Y)
PART(mp_w_rel, ST_X STL_Y)
PART(mp_w_reversed, ST_Y DMB ST_X)
PART(mp_r, LD_A_Y LD_B_X SEEN_A(0) SEEN_B(1))
PART(mp_r_dmb, LD_A_Y DMB_LD LD_B_X SEEN_A(0) SEEN_B(1))
PART(mp_r_acq, LDA_A_Y LD_B_X SEEN_A(0) SEEN_B(1))

PART(sb_0, ST_X LD_A_Y SEEN_A(0))
PART(sb_1, ST_Y LD_A_X SEEN_A(1))
PART(sb_0_dmb, ST_X DMB LD_A_Y SEEN_A(0))
PART(sb_1_dmb, ST_Y DMB LD_A_X SEEN_A(1))
PART(sb_0_rel, STL_X LDA_A_Y SEEN_A(0))
PART(sb_1_rel, STL_Y LDA_A_X SEEN_A(1))

PART(lb_0, LD_A_Y ST_X SEEN_A(0))
PART(lb_1, LD_A_X ST_Y SEEN_A(1))
PART(lb_0_dmb, LD_A_Y DMB ST_X SEEN_A(0))
PART(lb_1_dmb, LD_A_X DMB ST_Y SEEN_A(1))
PART(lb_0_reversed, ST_X DMB LD_A_Y SEEN_A(0))
PART(lb_1_reversed, ST_Y DMB LD_A_X SEEN_A(1))

PART(w22_0, ST_X ST2_Y)
PART(w22_1, ST_Y ST2_X)
PART(w22_0_dmb, ST_X DMB_ST ST2_Y)
PART(w22_1_dmb, ST_Y DMB_ST ST2_X)
PART(w22_0_reversed, ST2_Y DMB ST_X)
PART(w22_1_reversed, ST2_X DMB ST_Y)

PART(corr_w, ST_X)
PART(corr_r, LD_A_X LD_B_X SEEN_A(0) SEEN_B(1))
PART(corr_r_reversed, LD_B_X LD_A_X SEEN_A(0) SEEN_B(1))

PART(iriw_wx, ST_X)
PART(iriw_wy, ST_Y)
PART(iriw_rxy, LD_A_X LD_B_Y SEEN_A(0) SEEN_B(1))
PART(iriw_ryx, LD_A_Y LD_B_X SEEN_A(2) SEEN_B(3))
PART(iriw_rxy_dmb, LD_A_X DMB LD_B_Y SEEN_A(0) SEEN_B(1))
PART(iriw_ryx_dmb, LD_A_Y DMB LD_B_X SEEN_A(2) SEEN_B(3))

// The broken readers read their second location for all rounds before the first one for any, with time between for the writers.
PART(read_y_early, LD_B_Y SEEN_B(1))
PART(read_x_late, LD_A_X SEEN_A(0))
PART(read_x_early, LD_B_X SEEN_B(3))
PART(read_y_late, LD_A_Y SEEN_A(2))

static void iriw_rxy_broken(void)
{
    read_y_early();
    litmus_pause();
    read_x_late();
}

static void iriw_ryx_broken(void)
{
    read_x_early();
    litmus_pause();
    read_y_late();
}

// Bits of an outcome, highest first: what was seen, in the order of the cell's words.
static uint32_t two(const struct cell *c) { return (uint32_t)(c->seen[0] << 1 | c->seen[1]); }

static uint32_t four(const struct cell *c) { return (uint32_t)(c->seen[0] << 3 | c->seen[1] << 2 | c->seen[2] << 1 | c->seen[3]); }

// Bit 1: x is 1 in the end; bit 0: y is 1.
static uint32_t final(const struct cell *c) { return (uint32_t)((c->x == 1) << 1 | (c->y == 1)); }

#define OUT(bits) (1u << (bits))
#define TWO(name, a, b, outcome, forbidden) {name, 2, {a, b, 0, 0}, outcome, forbidden, false}
#define CONTROL(name, a, b, outcome, forbidden) {name, 2, {a, b, 0, 0}, outcome, forbidden, true}

const struct litmus litmus_tests[] = {
    CONTROL("MP-control", mp_w_reversed, mp_r_dmb, two, OUT(2)),
    TWO("MP", mp_w, mp_r, two, 0),
    TWO("MP+dmb.st+dmb.ld", mp_w_dmb, mp_r_dmb, two, OUT(2)),
    TWO("MP+rel+acq", mp_w_rel, mp_r_acq, two, OUT(2)),
    // Without barriers the store buffers of the host show what the barriers must forbid.
    CONTROL("SB-control", sb_0, sb_1, two, OUT(0)),
    TWO("SB+dmbs", sb_0_dmb, sb_1_dmb, two, OUT(0)),
    TWO("SB+rel-acq", sb_0_rel, sb_1_rel, two, OUT(0)),
    CONTROL("LB-control", lb_0_reversed, lb_1_reversed, two, OUT(3)),
    TWO("LB", lb_0, lb_1, two, 0),
    TWO("LB+dmbs", lb_0_dmb, lb_1_dmb, two, OUT(3)),
    CONTROL("2+2W-control", w22_0_reversed, w22_1_reversed, final, OUT(3)),
    TWO("2+2W", w22_0, w22_1, final, 0),
    TWO("2+2W+dmb.sts", w22_0_dmb, w22_1_dmb, final, OUT(3)),
    CONTROL("CoRR-control", corr_w, corr_r_reversed, two, OUT(2)),
    TWO("CoRR", corr_w, corr_r, two, OUT(2)),
    {"IRIW-control", 4, {iriw_wx, iriw_wy, iriw_rxy_broken, iriw_ryx_broken}, four, OUT(10), true},
    {"IRIW", 4, {iriw_wx, iriw_wy, iriw_rxy, iriw_ryx}, four, 0, false},
    {"IRIW+dmbs", 4, {iriw_wx, iriw_wy, iriw_rxy_dmb, iriw_ryx_dmb}, four, OUT(10), false},
    {0, 0, {0}, 0, 0, false},
};
