// y = a x + y on 16384 floats, 32 times, and the dot product: fused multiply-add on four lanes.
#include <arm_neon.h>
#include "kernel.h"
#include "work.h"

#define N 16384

static float *const x = (float *)work, *const y = (float *)work + N;

static void saxpy(float a)
{
    float32x4_t factor = vdupq_n_f32(a);
    for (int i = 0; i < N; i += 8) {
        vst1q_f32(y + i, vfmaq_f32(vld1q_f32(y + i), factor, vld1q_f32(x + i)));
        vst1q_f32(y + i + 4, vfmaq_f32(vld1q_f32(y + i + 4), factor, vld1q_f32(x + i + 4)));
    }
}

static float dot(void)
{
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (int i = 0; i < N; i += 16)
        for (int lane = 0; lane < 4; lane++)
            sum[lane] = vfmaq_f32(sum[lane], vld1q_f32(x + i + 4 * lane), vld1q_f32(y + i + 4 * lane));
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
}

static uint64_t unit(void)
{
    uint64_t seed = 23, sum = 0;
    for (int i = 0; i < N; i++) {
        x[i] = (float)(int32_t)(next_random(&seed) >> 40) * 0x1p-24f;
        y[i] = 1;
    }
    for (int i = 0; i < 32; i++)
        saxpy(i % 2 ? -0.75f : 0.875f);
    const uint32_t *bits = (const uint32_t *)y;
    for (int i = 0; i < N; i += 16)
        sum = mix(sum, bits[i]);
    return mix(sum, vget_lane_u32(vreinterpret_u32_f32(vdup_n_f32(dot())), 0));
}

const struct kernel kernel_saxpy = {"saxpy", 0, unit, 0x948773a80e54cd0aul, 0};
