#include "options.h"
#include "fdt.h"
#include "string.h"

static bool ends_word(char c) { return c == 0 || c == ' '; }

// What follows the word `name` in the command line, or null.
static const char *find_word(const char *line, const char *name)
{
    for (const char *p = line; *p;) {
        const char *end = p + string_length(name);
        if (string_starts(p, name) && (ends_word(*end) || *end == '='))
            return end;
        while (!ends_word(*p))
            p++;
        while (*p == ' ')
            p++;
    }
    return 0;
}

// The value of `name` in the command line, or null.
static const char *find(const char *line, const char *name)
{
    const char *end = find_word(line, name);
    return end && *end == '=' ? end + 1 : 0;
}

// A decimal number of seconds with up to nine decimals, in nanoseconds.
static uint64_t parse_seconds(const char *p)
{
    uint64_t ns = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        ns = ns * 10 + (uint64_t)(*p - '0') * 1000000000ul;
    if (*p == '.')
        for (uint64_t unit = 100000000ul; *++p >= '0' && *p <= '9'; unit /= 10)
            ns += (uint64_t)(*p - '0') * unit;
    return ns;
}

struct options options_read(void)
{
    struct options options = {.kernel_ns = 500000000ul, .selftest = true, .period_ns = 1000000000ul};
    uint32_t size;
    const char *line = fdt_property("chosen", 0, "bootargs", &size);
    if (!line)
        return options;
    const char *value;
    options.kernels = find(line, "kernels");
    if ((value = find(line, "seconds")) != 0)
        options.kernel_ns = parse_seconds(value);
    if ((value = find(line, "selftest")) != 0)
        options.selftest = *value != '0';
    if ((value = find(line, "litmus")) != 0)
        options.litmus = parse_seconds(value) / 1000000000ul;
    options.reset = find_word(line, "reset") != 0;
    if ((value = find(line, "period")) != 0)
        options.period_ns = parse_seconds(value);
    if ((value = find_word(line, "idle")) != 0) {
        options.idle = true;
        options.wakes = *value == '=' ? parse_seconds(value + 1) / 1000000000ul : 0;
    }
    return options;
}

bool options_selects(const struct options *options, const char *kernel)
{
    if (!options->kernels)
        return true;
    size_t length = string_length(kernel);
    for (const char *p = options->kernels; !ends_word(*p);) {
        if (string_starts(p, kernel) && (ends_word(p[length]) || p[length] == ','))
            return true;
        while (!ends_word(*p) && *p != ',')
            p++;
        if (*p == ',')
            p++;
    }
    return false;
}
