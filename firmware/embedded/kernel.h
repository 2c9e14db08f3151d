// Throughput kernels: fixed units of work, each with a checksum that every run must reproduce.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "options.h"

struct kernel {
    const char *name;
    void (*setup)(void);    // prepares `work`; not timed; may be null
    uint64_t (*unit)(void); // 1 to 10 ms on a fast machine; returns its checksum
    uint64_t expected;
    uint64_t (*available)(void); // null: always
};

extern const struct kernel kernel_sort, kernel_hash, kernel_list, kernel_interp, kernel_recurse, kernel_crc, kernel_strsearch;
extern const struct kernel kernel_matmul, kernel_fft, kernel_nbody, kernel_mandel;
extern const struct kernel kernel_saxpy, kernel_histogram, kernel_sha256, kernel_aesctr, kernel_crc32i;

// Runs what the options select: one unit to warm up, then as many as fill the time. Prints one KERNEL line each.
bool kernels_run(const struct options *options);

// The same numbers everywhere: xorshift64 (Marsaglia 2003).
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

// Folds a word into a checksum (FNV-1a's multiplier).
static inline uint64_t mix(uint64_t sum, uint64_t value) { return (sum ^ value) * 0x100000001b3ul; }
