// Advanced SIMD: one case per family, with results written out.
#include <arm_neon.h>
#include "arch.h"
#include "selftest.h"

// Runs instructions on v1 = {a, b}, v2 = {c, d} with v0 = 0 and reads v0 and FPSR.
#define SIMD(instructions, ...) SIMD_OPERANDS(instructions, __VA_ARGS__)
#define SIMD_OPERANDS(instructions, a, b, c, d)                                                                               \
    ({                                                                                                               \
        struct vector r_;                                                                                            \
        asm volatile("msr fpsr, xzr\n\tmovi v0.2d, #0\n\tfmov d1, %3\n\tmov v1.d[1], %4\n\tfmov d2, %5\n\tmov v2.d[1], %6\n\t" \
                     instructions "\n\tfmov %0, d0\n\tmov %1, v0.d[1]\n\tmrs %2, fpsr"                               \
                     : "=&r"(r_.low), "=&r"(r_.high), "=&r"(r_.fpsr)                                                 \
                     : "r"((uint64_t)(a)), "r"((uint64_t)(b)), "r"((uint64_t)(c)), "r"((uint64_t)(d))                \
                     : "v0", "v1", "v2", "v3");                                                                      \
        r_;                                                                                                          \
    })

struct vector {
    uint64_t low;
    uint64_t high;
    uint64_t fpsr;
};

#define QC (1ul << 27)

#define CHECK_SIMD(what, run, expected_low, expected_high, expected_qc)                                           \
    do {                                                                                                             \
        struct vector v_ = run;                                                                                      \
        if (v_.low != (uint64_t)(expected_low) || v_.high != (uint64_t)(expected_high) || (v_.fpsr & QC) != (expected_qc)) \
            return fail("%s: got %lx %lx fpsr %lx, expected %lx %lx", what, v_.low, v_.high, v_.fpsr, (uint64_t)(expected_low), \
                        (uint64_t)(expected_high));                                                                  \
    } while (0)

#define BYTES 0x0706050403020100ul, 0x0f0e0d0c0b0a0908ul

static enum outcome test_permute(void)
{
    CHECK_SIMD("zip1", SIMD("zip1 v0.16b, v1.16b, v2.16b", BYTES, 0xf7f6f5f4f3f2f1f0, 0), 0xf303f202f101f000, 0xf707f606f505f404, 0);
    CHECK_SIMD("uzp2", SIMD("uzp2 v0.8h, v1.8h, v2.8h", BYTES, BYTES), 0x0f0e0b0a07060302, 0x0f0e0b0a07060302, 0);
    CHECK_SIMD("trn1", SIMD("trn1 v0.4s, v1.4s, v2.4s", BYTES, 0x1111111122222222, 0x3333333344444444), 0x2222222203020100, 0x444444440b0a0908, 0);
    CHECK_SIMD("ext", SIMD("ext v0.16b, v1.16b, v2.16b, #5", BYTES, 0xa4a3a2a1a0, 0), 0x0c0b0a0908070605, 0xa4a3a2a1a00f0e0d, 0);
    CHECK_SIMD("tbl out of range", SIMD("tbl v0.16b, {v1.16b}, v2.16b", BYTES, 0x10ff0f0001020304, 0), 0x00000f0001020304, 0, 0);
    CHECK_SIMD("tbx keeps", SIMD("mov v0.16b, v1.16b\n\ttbx v0.8b, {v1.16b}, v2.8b", BYTES, 0xff, 0), 0x0000000000000000, 0, 0);
    CHECK_SIMD("rev64", SIMD("rev64 v0.16b, v1.16b", BYTES, 0, 0), 0x0001020304050607, 0x08090a0b0c0d0e0f, 0);
    return OK;
}

static enum outcome test_integer(void)
{
    CHECK_SIMD("add 8b clears the top", SIMD("add v0.8b, v1.8b, v2.8b", -1, -1, 0x0202020202020202, -1), 0x0101010101010101, 0, 0);
    CHECK_SIMD("mul 4s", SIMD("mul v0.4s, v1.4s, v2.4s", 0x0001000000000003, 7, 0x0001000000000005, 6), 0x000000000000000f, 42, 0);
    CHECK_SIMD("umull2", SIMD("umull2 v0.8h, v1.16b, v2.16b", 0, 0xff, 0, 0xff), 0xfe01, 0, 0);
    CHECK_SIMD("smlal", SIMD("movi v0.2d, #0\n\tsmlal v0.2d, v1.2s, v2.2s", 0xffffffff, 0, 3, 0), -3, 0, 0);
    CHECK_SIMD("cmhi", SIMD("cmhi v0.2d, v1.2d, v2.2d", -1, 0, 1, 1), -1, 0, 0);
    CHECK_SIMD("ushl negative", SIMD("ushl v0.2d, v1.2d, v2.2d", 0x100, 1, -4, 63), 0x10, 1ul << 63, 0);
    CHECK_SIMD("srshr rounds", SIMD("srshr v0.4s, v1.4s, #2", 6, 5, 0, 0), 2, 1, 0);
    CHECK_SIMD("uaddlv", SIMD("uaddlv h0, v1.16b", -1, -1, 0, 0), 0xff0, 0, 0);
    CHECK_SIMD("cnt", SIMD("cnt v0.16b, v1.16b", 0xff03010000000007, 0, 0, 0), 0x0802010000000003, 0, 0);
    CHECK_SIMD("bsl", SIMD("movi v0.16b, #0xf0\n\tbsl v0.16b, v1.16b, v2.16b", -1, 0, 0, -1), 0xf0f0f0f0f0f0f0f0, 0x0f0f0f0f0f0f0f0f, 0);
    CHECK_SIMD("pmul", SIMD("pmul v0.16b, v1.16b, v2.16b", 0x03, 0, 0x03, 0), 5, 0, 0);
    CHECK_SIMD("addp", SIMD("addp v0.4s, v1.4s, v2.4s", 0x200000001, 0x400000003, 0x600000005, 0x800000007), 0x700000003, 0xf0000000b, 0);
    return OK;
}

static enum outcome test_saturation(void)
{
    CHECK_SIMD("sqadd", SIMD("sqadd v0.8h, v1.8h, v2.8h", 0x7fff, 0, 1, 0), 0x7fff, 0, QC);
    CHECK_SIMD("uqsub", SIMD("uqsub v0.16b, v1.16b, v2.16b", 1, 0, 2, 0), 0, 0, QC);
    CHECK_SIMD("sqxtun", SIMD("sqxtun v0.8b, v1.8h", 0xffff012c00ff0001, 0, 0, 0), 0x00ffff01, 0, QC);
    CHECK_SIMD("sqdmulh", SIMD("sqdmulh v0.4s, v1.4s, v2.4s", 0x80000000, 0, 0x80000000, 0), 0x7fffffff, 0, QC);
    CHECK_SIMD("sqadd in range", SIMD("sqadd v0.2d, v1.2d, v2.2d", 1, 2, 3, 4), 4, 6, 0);
    return OK;
}

static enum outcome test_float(void)
{
    // {1, 2, 3, 4} and {5, 6, 7, 8} in single precision
#define FLOATS 0x400000003f800000, 0x4080000040400000, 0x40c0000040a00000, 0x4100000040e00000
    CHECK_SIMD("fmla", SIMD("fmla v0.4s, v1.4s, v2.4s", FLOATS), 0x4140000040a00000, 0x4200000041a80000, 0);
    CHECK_SIMD("faddp", SIMD("faddp v0.4s, v1.4s, v2.4s", FLOATS), 0x40e0000040400000, 0x4170000041300000, 0);
    CHECK_SIMD("fcmgt", SIMD("fcmgt v0.4s, v2.4s, v1.4s", FLOATS), -1, -1, 0);
    CHECK_SIMD("fmul by element", SIMD("fmul v0.4s, v1.4s, v2.s[3]", FLOATS), 0x4180000041000000, 0x4200000041c00000, 0);
    CHECK_SIMD("frecpe", SIMD("frecpe v0.4s, v1.4s", FLOATS), 0x3eff80003f7f8000, 0x3e7f80003eaa8000, 0);
    return OK;
}

static enum outcome test_memory(void)
{
    static uint8_t bytes[64] __attribute__((aligned(16)));
    for (int i = 0; i < 64; i++)
        bytes[i] = (uint8_t)i;
    uint8x16x3_t three = vld3q_u8(bytes);
    CHECK_EQUAL("ld3 second", vgetq_lane_u64(vreinterpretq_u64_u8(three.val[1]), 0), 0x1613100d0a070401ul);
    uint16x8x4_t four = vld4q_u16((const uint16_t *)bytes);
    CHECK_EQUAL("ld4 fourth", vgetq_lane_u64(vreinterpretq_u64_u16(four.val[3]), 0), 0x1f1e17160f0e0706ul);
    CHECK_EQUAL("ld1r", vgetq_lane_u64(vreinterpretq_u64_u32(vld1q_dup_u32((const uint32_t *)bytes + 1)), 1), 0x0706050407060504ul);
    vst2_u8(bytes, vld2_u8(bytes + 16));
    CHECK_EQUAL("st2", *(const uint64_t *)bytes, 0x1716151413121110ul);
    return OK;
}

static enum outcome test_pmull(void)
{
    if (id_field(read_sysreg(id_aa64isar0_el1), 4) < 2)
        return skip("no PMULL");
    CHECK_SIMD("pmull", SIMD(".arch_extension crypto\n\tpmull v0.1q, v1.1d, v2.1d", -1, 0, -1, 0), 0x5555555555555555, 0x5555555555555555, 0);
    return OK;
}

const struct selftest selftests_neon[] = {
    {"neon-permute", test_permute},
    {"neon-integer", test_integer},
    {"neon-saturation", test_saturation},
    {"neon-float", test_float},
    {"neon-memory", test_memory},
    {"neon-pmull", test_pmull},
    {0, 0},
};
