// Counts words in 128 KiB of generated text: Boyer-Moore-Horspool (1980), and a plain search by first character.
#include "kernel.h"
#include "string.h"
#include "work.h"

#define SIZE (128u << 10)

static const char *const words[] = {"translation", "table", "page", "register", "exception", "vector", "barrier", "monitor",
                                    "the", "of", "interrupt", "a", "counter", "granule", "exclusive", "memory"};
static const char *const wanted[] = {"exclusive", "translation table", "interrupt monitor", "memory memory", "paged", "granules"};

static void setup(void)
{
    uint64_t seed = 11;
    uint32_t n = 0;
    while (n < SIZE) {
        const char *word = words[next_random(&seed) >> 20 & 15];
        while (*word && n < SIZE)
            work[n++] = (uint8_t)*word++;
        if (n < SIZE)
            work[n++] = ' ';
    }
}

static uint64_t horspool(const uint8_t *text, uint32_t size, const char *pattern)
{
    uint32_t length = (uint32_t)string_length(pattern), skip[256];
    for (int i = 0; i < 256; i++)
        skip[i] = length;
    for (uint32_t i = 0; i + 1 < length; i++)
        skip[(uint8_t)pattern[i]] = length - 1 - i;
    uint64_t sum = 0;
    for (uint32_t at = 0; at + length <= size; at += skip[text[at + length - 1]]) {
        uint32_t i = length;
        while (i && text[at + i - 1] == (uint8_t)pattern[i - 1])
            i--;
        if (i == 0)
            sum = mix(sum, at);
    }
    return sum;
}

static uint64_t plain(const uint8_t *text, uint32_t size, const char *pattern)
{
    uint32_t length = (uint32_t)string_length(pattern);
    uint64_t sum = 0;
    for (uint32_t at = 0; at + length <= size; at++) {
        if (text[at] != (uint8_t)*pattern)
            continue;
        uint32_t i = 1;
        while (i < length && text[at + i] == (uint8_t)pattern[i])
            i++;
        if (i == length)
            sum = mix(sum, at);
    }
    return sum;
}

static uint64_t unit(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        uint64_t a = horspool(work, SIZE, wanted[i]), b = plain(work, SIZE, wanted[i]);
        if (a != b)
            return 0; // the two methods must agree
        sum = mix(sum, a);
    }
    return sum;
}

const struct kernel kernel_strsearch = {"strsearch", setup, unit, 0x4a6aa2d00da9bd64ul, 0};
