// A 96 x 96 matrix product in double precision, as the compiler makes it at -O2.
#include "kernel.h"
#include "work.h"

#define N 96

typedef double matrix[N][N];
static matrix *const a = (matrix *)work, *const b = (matrix *)work + 1, *const c = (matrix *)work + 2;

static void setup(void)
{
    uint64_t seed = 5;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            (*a)[i][j] = (double)(int64_t)next_random(&seed) * 0x1p-63;
            (*b)[i][j] = (double)(int64_t)next_random(&seed) * 0x1p-63;
        }
}

static uint64_t unit(void)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            (*c)[i][j] = 0;
        for (int k = 0; k < N; k++) {
            double v = (*a)[i][k];
            for (int j = 0; j < N; j++)
                (*c)[i][j] += v * (*b)[k][j];
        }
    }
    const uint64_t *bits = (const uint64_t *)c;
    uint64_t sum = 0;
    for (int i = 0; i < N * N; i += 5)
        sum = mix(sum, bits[i]);
    return sum;
}

const struct kernel kernel_matmul = {"matmul", setup, unit, 0x7f6ac311ac2030f5ul, 0};
