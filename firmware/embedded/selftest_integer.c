// Integer corner cases that translators get wrong: division, carries, conditional compares, shifts, bit fields, wide products.
#include "selftest.h"

// Runs one instruction on x1 = a, x2 = b with the flags given, and returns x0.
#define ALU(instruction, a, b, nzcv)                                                                     \
    ({                                                                                                   \
        register uint64_t x0_ asm("x0") = 0;                                                             \
        register uint64_t x1_ asm("x1") = (uint64_t)(a);                                                 \
        register uint64_t x2_ asm("x2") = (uint64_t)(b);                                                 \
        asm volatile("msr nzcv, %3\n\t" instruction : "+r"(x0_) : "r"(x1_), "r"(x2_), "r"((uint64_t)(nzcv) << 28) : "cc"); \
        x0_;                                                                                             \
    })

#define FLAGS(instruction, a, b, nzcv) (ALU(instruction "\n\tmrs x0, nzcv", a, b, nzcv) >> 28)

#define MIN64 0x8000000000000000ul
#define MAX64 0x7ffffffffffffffful

static enum outcome test_division(void)
{
    CHECK_EQUAL("udiv by 0", ALU("udiv x0, x1, x2", 5, 0, 0), 0);
    CHECK_EQUAL("sdiv by 0", ALU("sdiv x0, x1, x2", -5, 0, 0), 0);
    CHECK_EQUAL("sdiv overflow", ALU("sdiv x0, x1, x2", MIN64, -1, 0), MIN64);
    CHECK_EQUAL("sdiv w overflow", ALU("sdiv w0, w1, w2", 0x80000000, -1, 0), 0x80000000);
    CHECK_EQUAL("sdiv rounds to zero", ALU("sdiv x0, x1, x2", -7, 2, 0), -3);
    CHECK_EQUAL("udiv w", ALU("udiv w0, w1, w2", 0xffffffff00000007, 2, 0), 3);
    return OK;
}

static enum outcome test_flags(void)
{
    CHECK_EQUAL("adds overflow", FLAGS("adds x0, x1, x2", MAX64, 1, 0), 9);
    CHECK_EQUAL("adds carry", FLAGS("adds x0, x1, x2", -1, 1, 0), 6);
    CHECK_EQUAL("adds w overflow", FLAGS("adds w0, w1, w2", 0x80000000, 0x80000000, 0), 7);
    CHECK_EQUAL("subs borrow", FLAGS("subs x0, x1, x2", 0, 1, 0), 8);
    CHECK_EQUAL("subs equal", FLAGS("subs x0, x1, x2", 3, 3, 0), 6);
    CHECK_EQUAL("subs overflow", FLAGS("subs x0, x1, x2", MIN64, 1, 0), 3);
    CHECK_EQUAL("ands clears C and V", FLAGS("ands x0, x1, x2", MIN64, MIN64, 15), 8);
    CHECK_EQUAL("adcs carry in", FLAGS("adcs x0, x1, x2", -1, 0, 2), 6);
    CHECK_EQUAL("adcs max", ALU("adcs x0, x1, x2", -1, -1, 2), -1);
    CHECK_EQUAL("sbcs borrow in", FLAGS("sbcs x0, x1, x2", 0, 0, 0), 8);
    CHECK_EQUAL("sbc", ALU("sbc x0, x1, x2", 5, 3, 0), 1);
    CHECK_EQUAL("negs of min", FLAGS("negs x0, x1", MIN64, 0, 0), 9);
    return OK;
}

static enum outcome test_conditions(void)
{
    CHECK_EQUAL("ccmp taken", FLAGS("ccmp x1, x2, #15, eq", 1, 2, 4), 8);
    CHECK_EQUAL("ccmp not taken", FLAGS("ccmp x1, x2, #15, eq", 1, 2, 0), 15);
    CHECK_EQUAL("ccmn taken", FLAGS("ccmn x1, x2, #0, al", -1, 1, 0), 6);
    // All conditions against all flags, by their definitions (Arm ARM C1.2.4).
    for (uint32_t nzcv = 0; nzcv < 16; nzcv++) {
        uint32_t n = nzcv >> 3, z = nzcv >> 2 & 1, c = nzcv >> 1 & 1, v = nzcv & 1, got = 0;
        uint32_t expected = z | c << 1 | n << 2 | v << 3 | (c & !z) << 4 | (uint32_t)(n == v) << 5 | (uint32_t)(n == v && !z) << 6;
        got |= (uint32_t)ALU("cset x0, eq", 0, 0, nzcv);
        got |= (uint32_t)ALU("cset x0, cs", 0, 0, nzcv) << 1;
        got |= (uint32_t)ALU("cset x0, mi", 0, 0, nzcv) << 2;
        got |= (uint32_t)ALU("cset x0, vs", 0, 0, nzcv) << 3;
        got |= (uint32_t)ALU("cset x0, hi", 0, 0, nzcv) << 4;
        got |= (uint32_t)ALU("cset x0, ge", 0, 0, nzcv) << 5;
        got |= (uint32_t)ALU("cset x0, gt", 0, 0, nzcv) << 6;
        if (got != expected)
            return fail("nzcv %x: conditions %x, expected %x", nzcv, got, expected);
    }
    return OK;
}

static enum outcome test_wide(void)
{
    CHECK_EQUAL("umulh", ALU("umulh x0, x1, x2", -1, -1, 0), -2);
    CHECK_EQUAL("smulh", ALU("smulh x0, x1, x2", MIN64, MIN64, 0), 1ul << 62);
    CHECK_EQUAL("smaddl", ALU("smaddl x0, w1, w2, x1", 0xffffffff, 3, 0), 0xfffffffcul);
    CHECK_EQUAL("umsubl", ALU("umsubl x0, w1, w2, x2", 7, 5, 0), -30);
    CHECK_EQUAL("extr", ALU("extr x0, x1, x2, #12", 0xabc, 0x123456789abcd000, 0), 0xabc123456789abcdul);
    return OK;
}

static enum outcome test_bits(void)
{
    CHECK_EQUAL("lsl by 65", ALU("lsl x0, x1, x2", 3, 65, 0), 6);
    CHECK_EQUAL("asr w by 35", ALU("asr w0, w1, w2", 0x80000000, 35, 0), 0xf0000000);
    CHECK_EQUAL("ror", ALU("ror x0, x1, x2", 1, 1, 0), MIN64);
    CHECK_EQUAL("sbfx", ALU("sbfx x0, x1, #4, #8", 0xf80, 0, 0), -8);
    CHECK_EQUAL("ubfiz", ALU("ubfiz x0, x1, #60, #4", 0x1f, 0, 0), 0xf000000000000000ul);
    CHECK_EQUAL("bfi", ALU("mov x0, x2\n\tbfi x0, x1, #8, #8", 0xab, -1, 0), 0xffffffffffffabfful);
    CHECK_EQUAL("clz of 0", ALU("clz x0, x1", 0, 0, 0), 64);
    CHECK_EQUAL("clz w of 0", ALU("clz w0, w1", 1ul << 32, 0, 0), 32);
    CHECK_EQUAL("cls", ALU("cls x0, x1", -1, 0, 0), 63);
    CHECK_EQUAL("rbit", ALU("rbit x0, x1", 1, 0, 0), MIN64);
    CHECK_EQUAL("rev32", ALU("rev32 x0, x1", 0x0102030405060708, 0, 0), 0x0403020108070605ul);
    CHECK_EQUAL("rev16", ALU("rev16 x0, x1", 0x0102030405060708, 0, 0), 0x0201040306050807ul);
    return OK;
}

const struct selftest selftests_integer[] = {
    {"integer-division", test_division},
    {"integer-flags", test_flags},
    {"integer-conditions", test_conditions},
    {"integer-wide", test_wide},
    {"integer-bits", test_bits},
    {0, 0},
};
