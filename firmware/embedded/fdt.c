#include "fdt.h"
#include "string.h"

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };

static const uint8_t *blob;

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint64_t fdt_u64(const void *cells)
{
    const uint8_t *p = cells;
    return (uint64_t)u32(p) << 32 | u32(p + 4);
}

bool fdt_open(uint64_t address)
{
    const uint8_t *p = (const uint8_t *)address;
    if (u32(p) != 0xd00dfeed)
        return false;
    blob = p;
    return true;
}

static bool name_matches(const char *name, const char *wanted)
{
    size_t n = string_length(wanted);
    return string_starts(name, wanted) && (name[n] == 0 || name[n] == '@');
}

static bool list_contains(const char *list, uint32_t size, const char *wanted)
{
    for (const char *end = list + size; list < end; list += string_length(list) + 1)
        if (string_equal(list, wanted))
            return true;
    return false;
}

// Walks the structure block once. A property may precede the "compatible" that selects its node, so the value is kept until
// the node's properties end (the next node begins or this one ends).
static const void *walk(const char *node, const char *compatible, const char *property, uint32_t *size, uint32_t *count)
{
    if (!blob)
        return 0;
    const uint8_t *p = blob + u32(blob + 8);
    const char *strings = (const char *)blob + u32(blob + 12);
    bool selected = false;
    const void *value = 0;
    for (;;) {
        uint32_t token = u32(p);
        p += 4;
        if (token == FDT_BEGIN_NODE || token == FDT_END_NODE || token == FDT_END) {
            if (selected && value)
                return value;
            selected = false;
            value = 0;
        }
        if (token == FDT_BEGIN_NODE) {
            const char *name = (const char *)p;
            selected = node && name_matches(name, node);
            if (selected && count)
                ++*count;
            p += (string_length(name) + 4) & ~3ul;
        } else if (token == FDT_PROP) {
            uint32_t length = u32(p);
            const char *name = strings + u32(p + 4);
            const uint8_t *data = p + 8;
            if (compatible && string_equal(name, "compatible") && list_contains((const char *)data, length, compatible))
                selected = true;
            if (property && string_equal(name, property)) {
                value = data;
                *size = length;
            }
            p += 8 + ((length + 3) & ~3u);
        } else if (token != FDT_END_NODE && token != FDT_NOP) {
            return 0;
        }
    }
}

const void *fdt_property(const char *node, const char *compatible, const char *property, uint32_t *size)
{
    return walk(node, compatible, property, size, 0);
}

uint32_t fdt_count(const char *node)
{
    uint32_t count = 0;
    walk(node, 0, 0, 0, &count);
    return count;
}
