// Floating point, to the bit, with the cumulative exception flags (Arm ARM A1.5, D24.2): results and FPSR.
#include "arch.h"
#include "selftest.h"

enum { IOC = 1, DZC = 2, OFC = 4, UFC = 8, IXC = 16, IDC = 128 };

#define FPCR_RM(mode) ((uint64_t)(mode) << 22) // 0 nearest, 1 up, 2 down, 3 zero
#define FPCR_FZ (1ul << 24)
#define FPCR_DN (1ul << 25)

struct result {
    uint64_t bits;
    uint64_t flags;
};

// Runs instructions on d1, d2, d3 (raw bits) under an FPCR and reads d0 and FPSR.
#define FP(instructions, a, b, c, fpcr)                                                                                    \
    ({                                                                                                                     \
        struct result r_ = {0, 0};                                                                                         \
        asm volatile("msr fpsr, xzr\n\tmsr fpcr, %5\n\tfmov d1, %2\n\tfmov d2, %3\n\tfmov d3, %4\n\t" instructions         \
                     "\n\tmsr fpcr, xzr\n\tmrs %1, fpsr\n\tfmov %0, d0"                                                    \
                     : "=&r"(r_.bits), "=&r"(r_.flags)                                                                     \
                     : "r"((uint64_t)(a)), "r"((uint64_t)(b)), "r"((uint64_t)(c)), "r"((uint64_t)(fpcr))                   \
                     : "v0", "v1", "v2", "v3", "cc", "x9");                                                                \
        r_;                                                                                                                \
    })

#define CHECK_FP(what, run, expected_bits, expected_flags)                                                              \
    do {                                                                                                                   \
        struct result r2_ = run;                                                                                           \
        if (r2_.bits != (uint64_t)(expected_bits) || (r2_.flags & 0x9f) != (expected_flags))                               \
            return fail("%s: got %lx fpsr %lx, expected %lx fpsr %x", what, r2_.bits, r2_.flags, (uint64_t)(expected_bits), \
                        (unsigned)(expected_flags));                                                                       \
    } while (0)

#define ONE 0x3ff0000000000000ul
#define TWO 0x4000000000000000ul
#define THREE 0x4008000000000000ul
#define MAX 0x7feffffffffffffful
#define INF 0x7ff0000000000000ul
#define MIN_NORMAL 0x0010000000000000ul
#define QNAN 0x7ff8000000000000ul
#define SNAN 0x7ff0000000000123ul
#define NEGATIVE 0x8000000000000000ul

static enum outcome test_arithmetic(void)
{
    CHECK_FP("1/3", FP("fdiv d0, d1, d2", ONE, THREE, 0, 0), 0x3fd5555555555555ul, IXC);
    CHECK_FP("sqrt 2", FP("fsqrt d0, d1", TWO, 0, 0, 0), 0x3ff6a09e667f3bcdul, IXC);
    CHECK_FP("1+2", FP("fadd d0, d1, d2", ONE, TWO, 0, 0), THREE, 0);
    CHECK_FP("1/0", FP("fdiv d0, d1, d2", ONE, NEGATIVE, 0, 0), INF | NEGATIVE, DZC);
    CHECK_FP("0/0", FP("fdiv d0, d1, d2", 0, 0, 0, 0), QNAN, IOC);
    CHECK_FP("inf-inf", FP("fsub d0, d1, d2", INF, INF, 0, 0), QNAN, IOC);
    CHECK_FP("sqrt -1", FP("fsqrt d0, d1", ONE | NEGATIVE, 0, 0, 0), QNAN, IOC);
    CHECK_FP("max*2", FP("fmul d0, d1, d2", MAX, TWO, 0, 0), INF, OFC | IXC);
    CHECK_FP("min/3", FP("fdiv d0, d1, d2", MIN_NORMAL, THREE, 0, 0), 0x0005555555555555ul, UFC | IXC);
    CHECK_FP("exact subnormal", FP("fdiv d0, d1, d2", MIN_NORMAL, TWO, 0, 0), 0x0008000000000000ul, 0);
    // Tininess is detected before rounding: this rounds up to the least normal number and still underflows.
    CHECK_FP("tiny before rounding", FP("fmul d0, d1, d2", 0x000ffffffffffffful, 0x3ff0000000000001ul, 0, 0), MIN_NORMAL, UFC | IXC);
    CHECK_FP("single 1/3", FP("fcvt s1, d1\n\tfcvt s2, d2\n\tfdiv s0, s1, s2", ONE, THREE, 0, 0), 0x3eaaaaabul, IXC);
    return OK;
}

static enum outcome test_fused(void)
{
    // (1+e)^2 - (1+2e) = e^2: only a fused product keeps it.
    CHECK_FP("fnmsub", FP("fnmsub d0, d1, d2, d3", 0x3ff0000000000001ul, 0x3ff0000000000001ul, 0x3ff0000000000002ul, 0), 0x3970000000000000ul, 0);
    CHECK_FP("fmadd", FP("fmadd d0, d1, d2, d3", TWO, THREE, ONE, 0), 0x401c000000000000ul, 0);
    CHECK_FP("0*inf+nan", FP("fmadd d0, d1, d2, d3", 0, INF, QNAN | 5, 0), QNAN, IOC);
    return OK;
}

static enum outcome test_nan(void)
{
    CHECK_FP("signalling first", FP("fadd d0, d1, d2", QNAN | 7, SNAN, 0, 0), SNAN | 1ul << 51, IOC);
    CHECK_FP("first quiet", FP("fadd d0, d1, d2", QNAN | 7, QNAN | 9, 0, 0), QNAN | 7, 0);
    CHECK_FP("second quiet", FP("fmul d0, d1, d2", ONE, QNAN | NEGATIVE | 9, 0, 0), QNAN | NEGATIVE | 9, 0);
    CHECK_FP("default NaN", FP("fadd d0, d1, d2", QNAN | NEGATIVE | 7, ONE, 0, FPCR_DN), QNAN, 0);
    CHECK_FP("fneg of a NaN", FP("fneg d0, d1", SNAN, 0, 0, 0), SNAN | NEGATIVE, 0);
    CHECK_FP("fmaxnm with a NaN", FP("fmaxnm d0, d1, d2", QNAN, ONE, 0, 0), ONE, 0);
    CHECK_FP("fmax with a NaN", FP("fmax d0, d1, d2", QNAN, ONE, 0, 0), QNAN, 0);
    CHECK_FP("fmin of zeros", FP("fmin d0, d1, d2", 0, NEGATIVE, 0, 0), NEGATIVE, 0);
    return OK;
}

static enum outcome test_rounding(void)
{
    static const uint64_t expected[4] = {0x3fd5555555555555ul, 0x3fd5555555555556ul, 0x3fd5555555555555ul, 0x3fd5555555555555ul};
    static const uint64_t negative[4] = {0xbfd5555555555555ul, 0xbfd5555555555555ul, 0xbfd5555555555556ul, 0xbfd5555555555555ul};
    for (uint64_t mode = 0; mode < 4; mode++) {
        CHECK_FP("1/3", FP("fdiv d0, d1, d2", ONE, THREE, 0, FPCR_RM(mode)), expected[mode], IXC);
        CHECK_FP("-1/3", FP("fdiv d0, d1, d2", ONE | NEGATIVE, THREE, 0, FPCR_RM(mode)), negative[mode], IXC);
    }
    CHECK_FP("overflow toward zero", FP("fmul d0, d1, d2", MAX, TWO, 0, FPCR_RM(3)), MAX, OFC | IXC);
    CHECK_FP("1-1 rounding down", FP("fsub d0, d1, d2", ONE, ONE, 0, FPCR_RM(2)), NEGATIVE, 0);
    CHECK_FP("frintn 2.5", FP("frintn d0, d1", 0x4004000000000000ul, 0, 0, 0), TWO, 0);
    CHECK_FP("frinta 2.5", FP("frinta d0, d1", 0x4004000000000000ul, 0, 0, 0), THREE, 0);
    CHECK_FP("frintx 2.5", FP("frintx d0, d1", 0x4004000000000000ul, 0, 0, FPCR_RM(1)), THREE, IXC);
    CHECK_FP("frintm -0.5", FP("frintp d0, d1", 0xbfe0000000000000ul, 0, 0, 0), NEGATIVE, 0);
    return OK;
}

static enum outcome test_flush(void)
{
    CHECK_FP("subnormal input", FP("fadd d0, d1, d2", 1, 0, 0, FPCR_FZ), 0, IDC);
    CHECK_FP("subnormal result", FP("fdiv d0, d1, d2", MIN_NORMAL, THREE, 0, FPCR_FZ), 0, UFC);
    CHECK_FP("fabs does not flush", FP("fabs d0, d1", NEGATIVE | 1, 0, 0, FPCR_FZ), 1, 0);
    return OK;
}

static enum outcome test_conversion(void)
{
    CHECK_FP("fcvtzs 1.5", FP("fcvtzs x9, d1\n\tfmov d0, x9", 0x3ff8000000000000ul, 0, 0, 0), 1, IXC);
    CHECK_FP("fcvtzs nan", FP("fcvtzs x9, d1\n\tfmov d0, x9", QNAN, 0, 0, 0), 0, IOC);
    CHECK_FP("fcvtzs too large", FP("fcvtzs x9, d1\n\tfmov d0, x9", 0x43e0000000000000ul, 0, 0, 0), 0x7ffffffffffffffful, IOC);
    CHECK_FP("fcvtzs w too small", FP("fcvtzs w9, d1\n\tfmov d0, x9", 0xc1e0000000100000ul, 0, 0, 0), 0x80000000ul, IXC);
    CHECK_FP("fcvtzs w far too small", FP("fcvtzs w9, d1\n\tfmov d0, x9", 0xc200000000000000ul, 0, 0, 0), 0x80000000ul, IOC);
    CHECK_FP("fcvtzu -1", FP("fcvtzu x9, d1\n\tfmov d0, x9", ONE | NEGATIVE, 0, 0, 0), 0, IOC);
    CHECK_FP("fcvtns 2.5", FP("fcvtns x9, d1\n\tfmov d0, x9", 0x4004000000000000ul, 0, 0, 0), 2, IXC);
    CHECK_FP("ucvtf 2^64-1", FP("fmov x9, d1\n\tucvtf d0, x9", -1, 0, 0, 0), 0x43f0000000000000ul, IXC);
    CHECK_FP("scvtf fixed", FP("fmov x9, d1\n\tscvtf d0, x9, #1", 3, 0, 0, 0), 0x3ff8000000000000ul, 0);
    CHECK_FP("to single overflow", FP("fcvt s0, d1", MAX, 0, 0, 0), 0x7f800000ul, OFC | IXC);
    CHECK_FP("to half", FP("fcvt h0, d1", 0x3ff5555555555555ul, 0, 0, 0), 0x3d55, IXC);
    CHECK_FP("to half subnormal", FP("fcvt h0, d1", 0x3e70000000000000ul, 0, 0, 0), 1, 0);
    CHECK_FP("signalling to single", FP("fcvt s0, d1", 0x7ff4000000000000ul, 0, 0, 0), 0x7fe00000ul, IOC);
    return OK;
}

static enum outcome test_compare(void)
{
#define COMPARE(instruction, a, b) FP(instruction " d1, d2\n\tmrs x9, nzcv\n\tlsr x9, x9, #28\n\tfmov d0, x9", a, b, 0, 0)
    CHECK_FP("less", COMPARE("fcmp", ONE, TWO), 8, 0);
    CHECK_FP("equal zeros", COMPARE("fcmp", 0, NEGATIVE), 6, 0);
    CHECK_FP("greater", COMPARE("fcmp", TWO, ONE), 2, 0);
    CHECK_FP("unordered", COMPARE("fcmp", QNAN, ONE), 3, 0);
    CHECK_FP("unordered, signalling compare", COMPARE("fcmpe", QNAN, ONE), 3, IOC);
    return OK;
}

const struct selftest selftests_fp[] = {
    {"fp-arithmetic", test_arithmetic},
    {"fp-fused", test_fused},
    {"fp-nan", test_nan},
    {"fp-rounding", test_rounding},
    {"fp-flush", test_flush},
    {"fp-conversion", test_conversion},
    {"fp-compare", test_compare},
    {0, 0},
};
