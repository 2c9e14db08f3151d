// A 4096-point complex FFT and its inverse: radix 2, decimation in time (Cooley and Tukey 1965), double precision.
#include "kernel.h"
#include "work.h"

#define LOG_N 12
#define N (1 << LOG_N)

struct complex {
    double re;
    double im;
};

static struct complex *const data = (struct complex *)work, *const roots = data + N, *const input = roots + N;

// Taylor series of sin for |x| <= pi/2: exact enough, and the same bits on every machine.
static double sine(double x)
{
    double term = x, sum = x;
    for (int k = 1; k < 12; k++) {
        term *= -x * x / ((2 * k) * (2 * k + 1));
        sum += term;
    }
    return sum;
}

static void setup(void)
{
    const double half_pi = 1.57079632679489661923;
    uint64_t seed = 17;
    for (int i = 0; i < N / 4; i++) {
        double s = sine(half_pi * i / (N / 4)), c = sine(half_pi * (N / 4 - i) / (N / 4));
        roots[i] = (struct complex){c, -s};
        roots[i + N / 4] = (struct complex){-s, -c};
    }
    for (int i = 0; i < N; i++) {
        input[i].re = (double)(int64_t)next_random(&seed) * 0x1p-63;
        input[i].im = (double)(int64_t)next_random(&seed) * 0x1p-63;
    }
}

static void transform(struct complex *x, double sign)
{
    for (uint32_t i = 0; i < N; i++) {
        uint32_t j = __builtin_bswap32(i);
        j = (j & 0x0f0f0f0f) << 4 | (j >> 4 & 0x0f0f0f0f);
        j = (j & 0x33333333) << 2 | (j >> 2 & 0x33333333);
        j = ((j & 0x55555555) << 1 | (j >> 1 & 0x55555555)) >> (32 - LOG_N);
        if (i < j) {
            struct complex t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
    for (int half = 1, stride = N / 2; half < N; half *= 2, stride /= 2)
        for (int start = 0; start < N; start += 2 * half)
            for (int k = 0; k < half; k++) {
                struct complex w = roots[k * stride], *p = &x[start + k], *q = p + half;
                w.im *= sign;
                double re = w.re * q->re - w.im * q->im, im = w.re * q->im + w.im * q->re;
                q->re = p->re - re;
                q->im = p->im - im;
                p->re += re;
                p->im += im;
            }
}

static uint64_t unit(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        data[i] = input[i];
    transform(data, 1);
    const uint64_t *bits = (const uint64_t *)data;
    for (int i = 0; i < 2 * N; i += 7)
        sum = mix(sum, bits[i]);
    transform(data, -1);
    for (int i = 0; i < N; i++) {
        double error = data[i].re / N - input[i].re;
        if (!(error < 1e-12 && error > -1e-12))
            return 0; // the inverse must undo the transform
    }
    return sum;
}

const struct kernel kernel_fft = {"fft", setup, unit, 0x1481a62229cca52aul, 0};
