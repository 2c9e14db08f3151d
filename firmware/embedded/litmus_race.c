// Litmus tests that count: exclusives, atomics, a lock; instructions changed and pages remapped under another CPU.
#include "arch.h"
#include "litmus.h"
#include "mmu.h"
#include "work.h"

static volatile uint64_t counter, guard, other;
static volatile uint64_t found;

static void prepare_counter(void) { counter = guard = other = found = 0; }

static uint64_t lost_counts(uint32_t rounds)
{
    uint64_t expected = 2ul * rounds;
    return counter < expected ? expected - counter : counter - expected;
}

static void count_plainly(uint32_t rounds)
{
    while (rounds--)
        counter = counter + 1;
}

// ---- Counters ----------------------------------------------------------------------------------------------------------

static void count_exclusive(uint32_t rounds, bool broken)
{
    if (broken) {
        count_plainly(rounds);
        return;
    }
    while (rounds--) {
        uint64_t value;
        uint32_t status;
        asm volatile("1:\tldxr %0, [%2]\n\tadd %0, %0, #1\n\tstxr %w1, %0, [%2]\n\tcbnz %w1, 1b"
                     : "=&r"(value), "=&r"(status) : "r"(&counter) : "memory");
    }
}

static void count_atomic(uint32_t rounds, bool broken)
{
    if (broken) {
        count_plainly(rounds);
        return;
    }
    while (rounds--)
        asm volatile(".arch_extension lse\n\tstadd %0, [%1]" : : "r"(1ul), "r"(&counter) : "memory");
}

static void count_swap(uint32_t rounds, bool broken)
{
    if (broken) {
        count_plainly(rounds);
        return;
    }
    while (rounds--) {
        uint64_t old = counter, seen;
        do {
            seen = old;
            asm volatile(".arch_extension lse\n\tcasal %0, %2, [%1]" : "+&r"(old) : "r"(&counter), "r"(seen + 1) : "memory");
        } while (old != seen);
    }
}

static void count_locked(uint32_t rounds, bool broken)
{
    while (rounds--) {
        uint64_t value;
        uint32_t status;
        if (!broken)
            asm volatile("sevl\n1:\twfe\n2:\tldaxr %1, [%2]\n\tcbnz %1, 1b\n\tstxr %w0, %3, [%2]\n\tcbnz %w0, 2b"
                         : "=&r"(status), "=&r"(value) : "r"(&guard), "r"(1ul) : "memory");
        counter = counter + 1;
        if (!broken)
            asm volatile("stlr xzr, [%0]" : : "r"(&guard) : "memory");
    }
}

// ---- A pair that must be seen whole ------------------------------------------------------------------------------------

static struct {
    volatile uint64_t low, high;
} __attribute__((aligned(16))) pair;

static void prepare_pair(void)
{
    pair.low = pair.high = 0;
    found = 0;
}

// CASP of 16 bytes on one side; the other must never see halves of two different values.
static void write_pair(uint32_t rounds, bool broken)
{
    for (uint64_t i = 0; i < rounds; i++) {
        if (broken) {
            pair.low = i + 1;
            pair.high = i + 1;
            continue;
        }
        register uint64_t old_low asm("x2") = i;
        register uint64_t old_high asm("x3") = i;
        register uint64_t new_low asm("x4") = i + 1;
        register uint64_t new_high asm("x5") = i + 1;
        asm volatile(".arch_extension lse\n\tcaspal x2, x3, x4, x5, [%4]"
                     : "+r"(old_low), "+r"(old_high) : "r"(new_low), "r"(new_high), "r"(&pair) : "memory");
    }
}

static void read_pair(uint32_t rounds, bool broken)
{
    (void)broken;
    while (rounds--) {
        register uint64_t low asm("x2") = 0;
        register uint64_t high asm("x3") = 0;
        register uint64_t new_low asm("x4") = 0;
        register uint64_t new_high asm("x5") = 0;
        asm volatile(".arch_extension lse\n\tcaspal x2, x3, x4, x5, [%4]"
                     : "+r"(low), "+r"(high) : "r"(new_low), "r"(new_high), "r"(&pair) : "memory");
        if (low != high)
            found++;
    }
}

static uint64_t what_was_found(uint32_t rounds)
{
    (void)rounds;
    return found;
}

// ---- Instructions changed under another CPU ----------------------------------------------------------------------------

static volatile uint64_t published, ended;
#define PATCHED 42u
static uint32_t *const patched = (uint32_t *)TEST_PAGE(PATCHED);

static void write_answer(uint32_t answer)
{
    patched[0] = 0x52800000u | (answer & 0xffff) << 5; // mov w0, #answer
    patched[1] = 0xd65f03c0u;                          // ret
    sync_code((uint64_t)patched, 8);
}

static void prepare_patch(void)
{
    published = ended = found = 0;
    mmu_map_page(PATCHED, (uint64_t)work + (1ul << 20), PTE_NORMAL | PTE_UXN);
    write_answer(0);
}

// Each answer is written and made visible to fetches, then announced. The broken variant announces before it writes.
static void patch(uint32_t rounds, bool broken)
{
    for (uint32_t i = 1; i <= rounds; i++) {
        if (broken)
            __atomic_store_n(&published, i, __ATOMIC_RELEASE);
        write_answer(i);
        if (!broken)
            __atomic_store_n(&published, i, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
}

static void call_patched(uint32_t rounds, bool broken)
{
    (void)rounds, (void)broken;
    while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)) {
        uint64_t least = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
        isb();
        uint32_t answer = ((uint32_t(*)(void))patched)();
        if (answer < least)
            found++;
    }
}

// ---- A page remapped under a reader ------------------------------------------------------------------------------------

#define WINDOW 41u
static volatile uint64_t *const window = (volatile uint64_t *)TEST_PAGE(WINDOW);
static volatile uint64_t *const frames[2] = {(volatile uint64_t *)(work + (2ul << 20)), (volatile uint64_t *)(work + (3ul << 20))};

static void prepare_remap(void)
{
    published = ended = found = 0;
    *frames[0] = 0;
    mmu_map_page(WINDOW, (uint64_t)frames[0], PTE_NORMAL | PTE_XN);
}

// Frames in turn, each holding the number of its round; the one that is left gets an old number back once no CPU can reach it.
static void remap(uint32_t rounds, bool broken)
{
    for (uint32_t i = 1; i <= rounds; i++) {
        *frames[i & 1] = i;
        asm volatile("dmb ish" ::: "memory");
        // The same size and attributes, another address: allowed without break-before-make only where nobody looks, or with FEAT_BBM
        // level 2; a reader may see either frame until the invalidation is complete, and both hold numbers that are right until then.
        mmu_set_page(WINDOW, (uint64_t)frames[i & 1] | PTE_NORMAL | PTE_XN | PTE_PAGE);
        if (!broken)
            mmu_flush_page((uint64_t)window);
        __atomic_store_n(&published, i, __ATOMIC_RELEASE);
        *frames[~i & 1] = 0;
    }
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
}

static void read_window(uint32_t rounds, bool broken)
{
    (void)rounds, (void)broken;
    while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)) {
        uint64_t least = __atomic_load_n(&published, __ATOMIC_ACQUIRE);
        uint64_t seen = *window;
        asm volatile("dmb ishld" ::: "memory");
        if (seen < least && __atomic_load_n(&published, __ATOMIC_ACQUIRE) == least)
            found++;
    }
}

const struct race litmus_races[] = {
    {"LL/SC-counter", prepare_counter, {count_exclusive, count_exclusive}, lost_counts},
    {"LSE-counter", prepare_counter, {count_atomic, count_atomic}, lost_counts},
    {"CAS-counter", prepare_counter, {count_swap, count_swap}, lost_counts},
    {"lock-counter", prepare_counter, {count_locked, count_locked}, lost_counts},
    {"CASP-pair", prepare_pair, {write_pair, read_pair}, what_was_found},
    {"patched-code", prepare_patch, {patch, call_patched}, what_was_found},
    {"remapped-page", prepare_remap, {remap, read_window}, what_was_found},
    {0, 0, {0, 0}, 0},
};
