// An open-addressing hash table with linear probing: 16384 inserts, 65536 lookups (half of them misses), 8192 removals.
#include "kernel.h"
#include "work.h"

#define SLOTS 32768u
#define KEYS 16384u
#define LOOKUPS 65536u

struct slot {
    uint64_t key; // 0: empty
    uint64_t value;
};

static struct slot *const table = (struct slot *)work;

static uint32_t home(uint64_t key) { return (uint32_t)(key * 0x9e3779b97f4a7c15ul >> 49); } // Fibonacci hashing, 15 bits

static void insert(uint64_t key, uint64_t value)
{
    uint32_t i = home(key);
    while (table[i].key && table[i].key != key)
        i = (i + 1) % SLOTS;
    table[i].key = key;
    table[i].value += value;
}

static const struct slot *find(uint64_t key)
{
    for (uint32_t i = home(key); table[i].key; i = (i + 1) % SLOTS)
        if (table[i].key == key)
            return &table[i];
    return 0;
}

// Removal moves later entries of the run back, so that no marker is needed (Knuth, volume 3, 6.4 algorithm R).
static void erase(uint64_t key)
{
    struct slot *found = (struct slot *)find(key);
    if (!found)
        return;
    uint32_t hole = (uint32_t)(found - table);
    for (uint32_t i = hole;;) {
        i = (i + 1) % SLOTS;
        if (!table[i].key)
            break;
        uint32_t distance = (i - home(table[i].key)) % SLOTS;
        if (distance >= (i - hole) % SLOTS) {
            table[hole] = table[i];
            hole = i;
        }
    }
    table[hole].key = 0;
    table[hole].value = 0;
}

static uint64_t key_of(uint32_t i) { return (i + 1) * 0xd6e8feb86659fd93ul >> 8; }

static uint64_t unit(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        table[i].key = table[i].value = 0;
    for (uint32_t i = 0; i < KEYS; i++)
        insert(key_of(i), i);
    uint64_t sum = 0, seed = 7;
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        const struct slot *slot = find(key_of((uint32_t)next_random(&seed) % (2 * KEYS)));
        sum = mix(sum, slot ? slot->value : i);
    }
    for (uint32_t i = 0; i < KEYS; i += 2)
        erase(key_of(i));
    for (uint32_t i = 0; i < KEYS; i++)
        sum += find(key_of(i)) ? i : 0;
    return sum;
}

const struct kernel kernel_hash = {"hash", 0, unit, 0xe6b8eed291312166ul, 0};
