// Self-modifying code, as loaders and JIT compilers do it: write, clean, invalidate, run. Always with the architecture's
// maintenance (Arm ARM B2.4.4), through the mapping that runs and through an alias.
#include "arch.h"
#include "mmu.h"
#include "selftest.h"
#include "trap.h"
#include "work.h"

#define FRAME(n) ((uint64_t)work + (n) * PAGE_SIZE)
#define CODE (PTE_NORMAL | PTE_UXN)

#define MOV_W0(value) (0x52800000u | (uint32_t)(value) << 5)
#define ADD_W0(value) (0x11000000u | (uint32_t)(value) << 10)
#define RET 0xd65f03c0u
#define BRANCH(words) (0x14000000u | ((uint32_t)(words) & 0x3ffffff))

static uint32_t call(uint64_t address) { return ((uint32_t(*)(void))address)(); }

static void write(uint64_t address, uint32_t instruction) { *(volatile uint32_t *)address = instruction; }

static enum outcome test_patch(void)
{
    uint64_t code = TEST_PAGE(30);
    mmu_map_page(30, FRAME(4), CODE);
    write(code + 4, RET);
    for (uint32_t i = 0; i < 64; i++) {
        write(code, MOV_W0(i));
        sync_code(code, 8);
        CHECK_EQUAL("patched constant", call(code), i);
    }
    return OK;
}

// Patched at the alias that is never executed. IC IVAU acts by virtual address; caches of this architecture are physically tagged.
static enum outcome test_alias(void)
{
    mmu_map_page(31, FRAME(4), PTE_NORMAL | PTE_XN);
    write(TEST_PAGE(30) + 4, RET);
    for (uint32_t i = 0; i < 64; i++) {
        write(TEST_PAGE(31), MOV_W0(1000 + i));
        sync_code(TEST_PAGE(31), 8);
        CHECK_EQUAL("patched through the alias", call(TEST_PAGE(30)), 1000 + i);
    }
    mmu_unmap_page(31);
    return OK;
}

// Code in a page that also holds data it writes: every store lands beside the instruction stream.
static enum outcome test_data_beside_code(void)
{
    uint64_t code = TEST_PAGE(30);
    volatile uint32_t *counter = (volatile uint32_t *)(code + 64);
    write(code, 0x18000200u);     // LDR W0, counter (+64)
    write(code + 4, ADD_W0(1));
    write(code + 8, 0x100001c1u); // ADR X1, counter (+56)
    write(code + 12, 0xb9000020u); // STR W0, [X1]
    write(code + 16, RET);
    sync_code(code, 20);
    *counter = 0;
    for (uint32_t i = 1; i <= 200; i++)
        CHECK_EQUAL("counter", call(code), i);
    CHECK_EQUAL("counter in memory", *counter, 200);
    return OK;
}

// A chain of blocks across two pages, with the target of one jump patched and then a page remapped.
static enum outcome test_cross_page(void)
{
    uint64_t code = TEST_PAGE(30), next = TEST_PAGE(31);
    mmu_map_page(31, FRAME(5), CODE);
    write(code, MOV_W0(5));
    write(code + 4, BRANCH(1023)); // to the first word of the next page
    write(FRAME(5), ADD_W0(1));
    write(FRAME(5) + 4, RET);
    write(FRAME(5) + 8, ADD_W0(100));
    write(FRAME(5) + 12, RET);
    write(FRAME(6), ADD_W0(2));
    write(FRAME(6) + 4, RET);
    sync_code(code, 8);
    sync_code(FRAME(5), 16);
    sync_code(FRAME(6), 8);
    for (int i = 0; i < 50; i++)
        CHECK_EQUAL("first frame", call(code), 6);
    mmu_map_page(31, FRAME(6), CODE);
    for (int i = 0; i < 50; i++)
        CHECK_EQUAL("after remapping the target page", call(code), 7);
    mmu_map_page(31, FRAME(5), CODE);
    write(code + 4, BRANCH(1025));
    sync_code(code + 4, 4);
    CHECK_EQUAL("after patching the branch", call(code), 105);
    mmu_unmap_page(31);
    // The jump now leads nowhere: an instruction abort at the target.
    PROBE("blr %[a]", NO_OUTPUT, [a] "r"(code));
    CHECK_EQUAL("class after unmapping", esr_class(trap_probe.record.esr), EC_IABORT_SAME);
    CHECK_EQUAL("elr after unmapping", trap_probe.record.elr, next + 8);
    return OK;
}

// An instruction that rewrites the one right after its own maintenance.
static enum outcome test_self(void)
{
    uint32_t result;
    uint64_t code = TEST_PAGE(30);
    // x0 = new instruction, x1 = its address:
    write(code + 0, 0xb9000020u);  // STR W0, [X1]
    write(code + 4, 0xd50b7b21u);  // DC CVAU, X1
    write(code + 8, 0xd5033b9fu);  // DSB ISH
    write(code + 12, 0xd50b7521u); // IC IVAU, X1
    write(code + 16, 0xd5033b9fu); // DSB ISH
    write(code + 20, 0xd5033fdfu); // ISB
    write(code + 24, MOV_W0(1));   // the victim
    write(code + 28, RET);
    for (uint32_t i = 0; i < 32; i++) {
        sync_code(code, 32);
        result = ((uint32_t(*)(uint32_t, uint64_t))code)(MOV_W0(200 + i), code + 24);
        CHECK_EQUAL("instruction that was just written", result, 200 + i);
    }
    mmu_unmap_page(30);
    return OK;
}

const struct selftest selftests_code[] = {
    {"code-patch", test_patch},
    {"code-alias", test_alias},
    {"code-beside-data", test_data_beside_code},
    {"code-cross-page", test_cross_page},
    {"code-self", test_self},
    {0, 0},
};
