// Five bodies under gravity, 8000 steps of symplectic Euler: square roots and divisions in a dependent chain.
#include "kernel.h"

#define BODIES 5
#define STEPS 8000

struct body {
    double x, y, z, vx, vy, vz, mass;
};

static const struct body start[BODIES] = {
    {0, 0, 0, 0, 0, 0, 39.5},
    {4.8, -1.2, -0.1, 0.6, 2.8, -0.02, 0.037},
    {8.3, 4.1, -0.4, -1.0, 1.8, 0.01, 0.011},
    {12.9, -15.1, -0.2, 1.1, 0.9, -0.01, 0.0017},
    {15.4, -25.9, 0.2, 1.0, 0.6, -0.03, 0.002},
};

static void step(struct body *b, double dt)
{
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
            double d2 = dx * dx + dy * dy + dz * dz, pull = dt / (d2 * __builtin_sqrt(d2));
            b[i].vx -= dx * b[j].mass * pull;
            b[i].vy -= dy * b[j].mass * pull;
            b[i].vz -= dz * b[j].mass * pull;
            b[j].vx += dx * b[i].mass * pull;
            b[j].vy += dy * b[i].mass * pull;
            b[j].vz += dz * b[i].mass * pull;
        }
    for (int i = 0; i < BODIES; i++) {
        b[i].x += dt * b[i].vx;
        b[i].y += dt * b[i].vy;
        b[i].z += dt * b[i].vz;
    }
}

static uint64_t unit(void)
{
    struct body bodies[BODIES];
    for (int i = 0; i < BODIES; i++)
        bodies[i] = start[i];
    for (int i = 0; i < STEPS; i++)
        step(bodies, 0.01);
    uint64_t sum = 0;
    for (int i = 0; i < BODIES; i++) {
        union {
            double value;
            uint64_t bits;
        } x = {bodies[i].x}, vy = {bodies[i].vy};
        sum = mix(mix(sum, x.bits), vy.bits);
    }
    return sum;
}

const struct kernel kernel_nbody = {"nbody", 0, unit, 0xc56b94149fd20498ul, 0};
