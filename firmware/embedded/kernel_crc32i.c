// CRC-32 and CRC-32C of 1 MiB with the CRC32 instructions.
#include <arm_acle.h>
#include "arch.h"
#include "kernel.h"
#include "work.h"

#define WORDS (1u << 17)

static void setup(void)
{
    uint64_t *words = (uint64_t *)work, seed = 3;
    for (uint32_t i = 0; i < WORDS; i++)
        words[i] = next_random(&seed);
}

static uint64_t unit(void)
{
    const uint64_t *words = (const uint64_t *)work;
    uint32_t ieee = ~0u, castagnoli = ~0u;
    for (uint32_t i = 0; i < WORDS; i++) {
        ieee = __crc32d(ieee, words[i]);
        castagnoli = __crc32cd(castagnoli, words[i]);
    }
    return (uint64_t)~ieee << 32 | (uint32_t)~castagnoli;
}

static uint64_t available(void) { return id_field(read_sysreg(id_aa64isar0_el1), 16); }

const struct kernel kernel_crc32i = {"crc32i", setup, unit, 0x3e30a28a3de29f09ul, available};
