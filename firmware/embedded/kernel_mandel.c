// The Mandelbrot set on 96 x 64 points, up to 200 iterations each: scalar double arithmetic and compares.
#include "kernel.h"

static uint64_t unit(void)
{
    uint64_t sum = 0;
    for (int row = 0; row < 64; row++)
        for (int column = 0; column < 96; column++) {
            double cr = -2.2 + column * (3.2 / 96), ci = -1.2 + row * (2.4 / 64), zr = 0, zi = 0;
            uint32_t n = 0;
            for (; n < 200; n++) {
                double rr = zr * zr, ii = zi * zi;
                if (rr + ii > 4)
                    break;
                zi = 2 * zr * zi + ci;
                zr = rr - ii + cr;
            }
            sum = mix(sum, n);
        }
    return sum;
}

const struct kernel kernel_mandel = {"mandel", 0, unit, 0xfd1a4326970c31d6ul, 0};
