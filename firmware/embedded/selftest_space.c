// Address spaces: switching TTBR0 between ASIDs without invalidation, non-global and global pages, invalidation by ASID.
#include "arch.h"
#include "mmu.h"
#include "selftest.h"
#include "trap.h"
#include "work.h"

#define FRAME(n) ((uint64_t)work + (n) * PAGE_SIZE)
#define PRIVATE (PTE_PAGE | PTE_NORMAL | PTE_XN | PTE_NG)

static void enter(uint32_t which, uint32_t asid)
{
    write_sysreg(ttbr0_el1, mmu_space(which, asid));
    isb();
}

static enum outcome switch_spaces(void)
{
    volatile uint64_t *shared = (volatile uint64_t *)TEST_PAGE(20);
    for (uint32_t i = 0; i < 2; i++) {
        *(volatile uint64_t *)FRAME(i) = 0x1000 + i;
        mmu_set_space_page(i, 20, FRAME(i) | PRIVATE);
    }
    for (uint32_t i = 0; i < 16; i++) {
        enter(i & 1, 1 + (i & 1));
        CHECK_EQUAL("own page", *shared, 0x1000 + (i & 1) + (i >> 1) * 0x100);
        *shared += 0x100;
    }
    // Space 0's page changes under its ASID only; space 1 keeps its own.
    enter(0, 1);
    mmu_set_space_page(0, 20, FRAME(2) | PRIVATE);
    asm volatile("dsb ishst\n\ttlbi aside1is, %0\n\tdsb ish\n\tisb" ::"r"(1ul << 48) : "memory");
    *(volatile uint64_t *)FRAME(2) = 0x2222;
    CHECK_EQUAL("after TLBI ASIDE1", *shared, 0x2222);
    enter(1, 2);
    CHECK_EQUAL("other space", *shared, 0x1801);
    // The same tables under a fresh ASID.
    enter(0, 3);
    CHECK_EQUAL("new ASID", *shared, 0x2222);
    uint64_t value = 0, address = TEST_PAGE(21);
    mmu_set_space_page(1, 21, FRAME(0) | PRIVATE);
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("page of the other space", EC_DABORT_SAME);
    return OK;
}

static enum outcome test_asid(void)
{
    enum outcome outcome = switch_spaces();
    enter(0, 0);
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t page = 20; page < 22; page++)
            mmu_set_space_page(i, page, 0);
    asm volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
    return outcome;
}

// Code at one virtual address, different in two spaces: translations of instructions follow the ASID too.
static enum outcome test_asid_code(void)
{
    uint64_t results[4];
    for (uint32_t i = 0; i < 2; i++) {
        volatile uint32_t *code = (volatile uint32_t *)FRAME(i);
        code[0] = 0x52800000u | (100 + i) << 5; // MOV W0, #100 + i
        code[1] = 0xd65f03c0u;                  // RET
        sync_code(FRAME(i), 8);
        mmu_set_space_page(i, 22, FRAME(i) | PTE_PAGE | PTE_NORMAL | PTE_UXN | PTE_READ_ONLY | PTE_NG);
    }
    for (uint32_t i = 0; i < 4; i++) {
        enter(i & 1, 1 + (i & 1));
        results[i] = ((uint32_t(*)(void))TEST_PAGE(22))();
    }
    enter(0, 0);
    mmu_set_space_page(0, 22, 0);
    mmu_set_space_page(1, 22, 0);
    asm volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQUAL("code of the space", results[i], 100 + (i & 1));
    return OK;
}

const struct selftest selftests_space[] = {
    {"asid", test_asid},
    {"asid-code", test_asid_code},
    {0, 0},
};
