// Address translation: levels, permissions, the access flag, maintenance, aliases, and life without it.
#include "arch.h"
#include "mmu.h"
#include "selftest.h"
#include "trap.h"
#include "work.h"

#define PAGE_A ((uint64_t)work)
#define PAGE_B ((uint64_t)work + PAGE_SIZE)
#define DATA (PTE_NORMAL | PTE_XN)

static volatile uint64_t *at(uint64_t address) { return (volatile uint64_t *)address; }

static enum outcome test_levels(void)
{
    uint64_t value = 0, address = TEST_PAGE(5);
    mmu_unmap_page(5);
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("level 3", EC_DABORT_SAME);
    CHECK_EQUAL("level 3 status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_TRANSLATION + 3);
    address = TEST_BLOCK(5);
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("level 2", EC_DABORT_SAME);
    CHECK_EQUAL("level 2 status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_TRANSLATION + 2);
    // A fault is not remembered: making an entry valid needs no invalidation.
    *at(PAGE_A) = 0xa11ce;
    mmu_set_page(5, PAGE_A | PTE_PAGE | DATA);
    CHECK_EQUAL("mapped after a fault", *at(TEST_PAGE(5)), 0xa11ce);
    mmu_unmap_page(5);
    return OK;
}

static enum outcome test_block(void)
{
    uint64_t last = (uint64_t)work + 2 * BLOCK_SIZE - 8;
    *at(last) = 0xb10cb10c;
    mmu_set_block(3, ((uint64_t)work + BLOCK_SIZE) | PTE_VALID | DATA);
    CHECK_EQUAL("last word", *at(TEST_BLOCK(4) - 8), 0xb10cb10c);
    *at(TEST_BLOCK(3)) = 0x1234;
    CHECK_EQUAL("first word", *at((uint64_t)work + BLOCK_SIZE), 0x1234);
    mmu_set_block(3, 0);
    mmu_flush_page(TEST_BLOCK(3));
    uint64_t value = 0, address = TEST_BLOCK(3) + 5 * PAGE_SIZE;
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("one TLBI removes the whole block", EC_DABORT_SAME);
    return OK;
}

static enum outcome test_permissions(void)
{
    uint64_t value = 7, address = TEST_PAGE(6) + 8;
    mmu_map_page(6, PAGE_A, DATA | PTE_READ_ONLY);
    *at(PAGE_A + 8) = 99;
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_EQUAL("read traps", trap_probe.record.count, 0);
    CHECK_EQUAL("read", value, 99);
    PROBE("str %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("write to a read-only page", EC_DABORT_SAME);
    CHECK_EQUAL("status", esr_iss(trap_probe.record.esr) & (0x3f | ISS_WNR), (FSC_PERMISSION + 3) | ISS_WNR);
    CHECK_EQUAL("far", trap_probe.record.far, address);
    // Unprivileged accesses are judged as EL0's.
    mmu_map_page(6, PAGE_A, DATA);
    PROBE("ldtr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("ldtr of an EL1 page", EC_DABORT_SAME);
    CHECK_EQUAL("ldtr status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_PERMISSION + 3);
    // Executable for EL1 only without PXN.
    mmu_map_page(6, PAGE_A, PTE_NORMAL | PTE_PXN);
    address = TEST_PAGE(6);
    PROBE("blr %[a]", NO_OUTPUT, [a] "r"(address));
    CHECK_EQUAL("pxn class", esr_class(trap_probe.record.esr), EC_IABORT_SAME);
    CHECK_EQUAL("pxn status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_PERMISSION + 3);
    mmu_unmap_page(6);
    return OK;
}

static enum outcome test_access_flag(void)
{
    uint64_t value = 0, address = TEST_PAGE(7);
    mmu_map_page(7, PAGE_A, DATA & ~PTE_AF);
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("page without AF", EC_DABORT_SAME);
    CHECK_EQUAL("status", esr_iss(trap_probe.record.esr) & 0x3f, FSC_ACCESS_FLAG + 3);
    mmu_set_page(7, PAGE_A | PTE_PAGE | DATA); // an access flag fault is not cached either
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_EQUAL("traps with AF", trap_probe.record.count, 0);
    mmu_unmap_page(7);
    return OK;
}

static enum outcome test_remap(void)
{
    *at(PAGE_A) = 1;
    *at(PAGE_B) = 2;
    for (int i = 0; i < 8; i++) {
        mmu_map_page(8, i & 1 ? PAGE_B : PAGE_A, DATA);
        CHECK_EQUAL("after remapping", *at(TEST_PAGE(8)), 1 + (i & 1));
    }
    // Whole-TLB invalidation does it too.
    mmu_set_page(8, 0);
    asm volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
    uint64_t value = 0, address = TEST_PAGE(8);
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("after TLBI VMALLE1", EC_DABORT_SAME);
    // Withdrawing write permission takes effect at the invalidation.
    mmu_map_page(8, PAGE_A, DATA);
    *at(address) = 5;
    mmu_set_page(8, PAGE_A | PTE_PAGE | DATA | PTE_READ_ONLY);
    mmu_flush_page(address);
    PROBE("str %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("write after write protection", EC_DABORT_SAME);
    CHECK_EQUAL("value", *at(PAGE_A), 5);
    mmu_unmap_page(8);
    return OK;
}

static enum outcome test_alias(void)
{
    mmu_map_page(9, PAGE_A, DATA);
    mmu_map_page(10, PAGE_A, DATA);
    for (uint64_t i = 0; i < 64; i++) {
        *at(TEST_PAGE(9) + 8 * i) = i * 0x101;
        CHECK_EQUAL("second alias", *at(TEST_PAGE(10) + 8 * i), i * 0x101);
        *at(TEST_PAGE(10) + 8 * i) = i * 0x333;
        CHECK_EQUAL("first alias", *at(TEST_PAGE(9) + 8 * i), i * 0x333);
        CHECK_EQUAL("identity", *at(PAGE_A + 8 * i), i * 0x333);
    }
    mmu_unmap_page(9);
    mmu_unmap_page(10);
    return OK;
}

// An access across two pages: to discontiguous frames, and with the second page missing.
static enum outcome test_page_crossing(void)
{
    uint64_t value = 0, address = TEST_PAGE(12) - 4;
    *at(PAGE_B + PAGE_SIZE - 8) = 0x1111111122222222ul;
    *at(PAGE_A) = 0x3333333344444444ul;
    mmu_map_page(11, PAGE_B, DATA);
    mmu_map_page(12, PAGE_A, DATA);
    CHECK_EQUAL("two frames", *at(address), 0x4444444411111111ul);
    *at(address) = 0x5555555566666666ul;
    CHECK_EQUAL("low half", *at(PAGE_B + PAGE_SIZE - 8), 0x6666666622222222ul);
    CHECK_EQUAL("high half", *at(PAGE_A), 0x3333333355555555ul);
    mmu_unmap_page(12);
    PROBE("ldr %[v], [%[a]]", [v] "+&r"(value), [a] "r"(address));
    CHECK_TRAP("second page missing", EC_DABORT_SAME);
    CHECK_EQUAL("far", trap_probe.record.far, TEST_PAGE(12));
    mmu_unmap_page(11);
    return OK;
}

static enum outcome test_address_translate(void)
{
    mmu_map_page(13, PAGE_B, DATA | PTE_READ_ONLY);
    asm volatile("at s1e1r, %0\n\tisb" ::"r"(TEST_PAGE(13) + 0x123) : "memory");
    uint64_t par = read_sysreg(par_el1);
    CHECK_EQUAL("read: fault", par & 1, 0);
    CHECK_EQUAL("read: address", par & 0xfffffffff000ul, PAGE_B);
    CHECK_EQUAL("read: attributes", par >> 56, 0xff);
    asm volatile("at s1e1w, %0\n\tisb" ::"r"(TEST_PAGE(13)) : "memory");
    par = read_sysreg(par_el1);
    CHECK_EQUAL("write: fault", par & 1, 1);
    CHECK_EQUAL("write: status", par >> 1 & 0x3f, FSC_PERMISSION + 3);
    asm volatile("at s1e0r, %0\n\tisb" ::"r"(TEST_PAGE(13)) : "memory");
    CHECK_EQUAL("EL0 read: fault", read_sysreg(par_el1) & 1, 1);
    mmu_unmap_page(13);
    return OK;
}

static enum outcome test_mmu_off(void)
{
    for (uint64_t i = 0; i < 4; i++) {
        *at(PAGE_A) = 0x0ff0 + i;
        CHECK_EQUAL("physical read", mmu_off_read(PAGE_A), 0x0ff0 + i);
        CHECK_EQUAL("virtual read", *at(PAGE_A), 0x0ff0 + i);
    }
    return OK;
}

const struct selftest selftests_mmu[] = {
    {"mmu-levels", test_levels},
    {"mmu-block", test_block},
    {"mmu-permissions", test_permissions},
    {"mmu-access-flag", test_access_flag},
    {"mmu-remap", test_remap},
    {"mmu-alias", test_alias},
    {"mmu-page-crossing", test_page_crossing},
    {"mmu-address-translate", test_address_translate},
    {"mmu-off", test_mmu_off},
    {0, 0},
};
