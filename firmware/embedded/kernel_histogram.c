// A histogram of 256 KiB: four tables against store-to-load delays, summed with NEON; then bytes classed by vector compares.
#include <arm_neon.h>
#include "kernel.h"
#include "work.h"

#define SIZE (256u << 10)

static uint32_t (*const tables)[256] = (uint32_t (*)[256])(work + SIZE);

static void setup(void)
{
    uint64_t seed = 29;
    for (uint32_t i = 0; i < SIZE; i++) {
        uint64_t r = next_random(&seed);
        work[i] = (uint8_t)(r >> 8 & r >> 24); // skewed, as real data is
    }
}

static uint64_t count_bytes(void)
{
    for (int i = 0; i < 256; i += 4)
        for (int t = 0; t < 4; t++)
            vst1q_u32(&tables[t][i], vdupq_n_u32(0));
    for (uint32_t i = 0; i < SIZE; i += 16) {
        uint64x2_t v = vld1q_u64((const uint64_t *)(work + i));
        uint64_t low = vgetq_lane_u64(v, 0), high = vgetq_lane_u64(v, 1);
        for (int t = 0; t < 64; t += 8) {
            tables[t / 8 & 3][low >> t & 0xff]++;
            tables[t / 8 & 3][high >> t & 0xff]++;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < 256; i += 4) {
        uint32x4_t total = vaddq_u32(vaddq_u32(vld1q_u32(&tables[0][i]), vld1q_u32(&tables[1][i])),
                                     vaddq_u32(vld1q_u32(&tables[2][i]), vld1q_u32(&tables[3][i])));
        sum = mix(mix(sum, vgetq_lane_u64(vreinterpretq_u64_u32(total), 0)), vgetq_lane_u64(vreinterpretq_u64_u32(total), 1));
    }
    return sum;
}

// How many bytes lie in each of eight classes, by unsigned compares and wide accumulation.
static uint64_t classify(void)
{
    uint64_t sum = 0;
    for (int c = 0; c < 8; c++) {
        uint8x16_t first = vdupq_n_u8((uint8_t)(c * 32)), last = vdupq_n_u8((uint8_t)(c * 32 + 31));
        uint64x2_t total = vdupq_n_u64(0);
        for (uint32_t i = 0; i < SIZE;) {
            uint8x16_t counts = vdupq_n_u8(0);
            for (int n = 0; n < 128; n++, i += 16) {
                uint8x16_t v = vld1q_u8(work + i);
                counts = vsubq_u8(counts, vandq_u8(vcgeq_u8(v, first), vcleq_u8(v, last)));
            }
            total = vpadalq_u32(total, vpaddlq_u16(vpaddlq_u8(counts)));
        }
        sum = mix(sum, vaddvq_u64(total));
    }
    return sum;
}

static uint64_t unit(void) { return mix(count_bytes(), classify()); }

const struct kernel kernel_histogram = {"histogram", setup, unit, 0x671c36d8d61d2371ul, 0};
