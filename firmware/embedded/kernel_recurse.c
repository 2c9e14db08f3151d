// Calls and returns: Fibonacci, Ackermann, Takeuchi and Hofstadter's mutually recursive sequences. Built without inlining and
// without sibling calls, so that each call of the source is a BL and a RET.
#include "kernel.h"

static uint32_t fibonacci(uint32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static uint32_t ackermann(uint32_t m, uint32_t n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

static int takeuchi(int x, int y, int z)
{
    if (y >= x)
        return z;
    return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static uint32_t male(uint32_t n);
static uint32_t female(uint32_t n) { return n == 0 ? 1 : n - male(female(n - 1)); }
static uint32_t male(uint32_t n) { return n == 0 ? 0 : n - female(male(n - 1)); }

static uint64_t unit(void)
{
    uint64_t sum = mix(0, fibonacci(23));
    sum = mix(sum, ackermann(2, 180));
    sum = mix(sum, (uint64_t)takeuchi(14, 8, 4));
    return mix(sum, female(60));
}

const struct kernel kernel_recurse = {"recurse", 0, unit, 0x5ffcf1414cedb8e6ul, 0};
