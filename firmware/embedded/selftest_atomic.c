// Exclusives (Arm ARM B2.12) and FEAT_LSE atomics.
#include "arch.h"
#include "mmu.h"
#include "selftest.h"
#include "trap.h"
#include "work.h"

static uint64_t load_exclusive(volatile uint64_t *p)
{
    uint64_t value;
    asm volatile("ldxr %0, %1" : "=r"(value) : "Q"(*p) : "memory");
    return value;
}

static uint32_t store_exclusive(volatile uint64_t *p, uint64_t value) // 0: stored
{
    uint32_t status;
    asm volatile("stxr %w0, %2, %1" : "=&r"(status), "=Q"(*p) : "r"(value) : "memory");
    return status;
}

static enum outcome test_exclusive(void)
{
    volatile uint64_t *p = (volatile uint64_t *)work;
    *p = 10;
    uint32_t status = 1;
    for (int i = 0; status && i < 1000; i++) // may fail for no reason
        status = store_exclusive(p, load_exclusive(p) + 1);
    CHECK_EQUAL("status", status, 0);
    CHECK_EQUAL("value", *p, 11);
    CHECK_EQUAL("without a reservation", store_exclusive(p, 99), 1);
    load_exclusive(p);
    asm volatile("clrex" ::: "memory");
    CHECK_EQUAL("after CLREX", store_exclusive(p, 99), 1);
    CHECK_EQUAL("value kept", *p, 11);
    return OK;
}

static enum outcome test_exclusive_pair(void)
{
    uint64_t *p = (uint64_t *)work, low, high;
    uint32_t status = 1;
    p[0] = 1;
    p[1] = 2;
    for (int i = 0; status && i < 1000; i++)
        asm volatile("ldaxp %0, %1, [%3]\n\tstlxp %w2, %1, %0, [%3]" : "=&r"(low), "=&r"(high), "=&r"(status) : "r"(p) : "memory");
    CHECK_EQUAL("status", status, 0);
    CHECK_EQUAL("low", p[0], 2);
    CHECK_EQUAL("high", p[1], 1);
    return OK;
}

// A taken exception clears the reservation: the handler's ERET does it (Arm ARM B2.12.4).
static enum outcome test_exclusive_exception(void)
{
    volatile uint64_t *p = (volatile uint64_t *)work;
    uint32_t status;
    asm volatile("adr x16, 1f\n\tstr x16, [%2]\n\tldxr x17, [%1]\n\tsvc #0\n1:\tstxr %w0, x17, [%1]\n\tstr xzr, [%2]"
                 : "=&r"(status) : "r"(p), "r"(&trap_probe) : "x16", "x17", "memory");
    CHECK_EQUAL("store after an exception return", status, 1);
    return OK;
}

static enum outcome test_lse(void)
{
    if (id_field(read_sysreg(id_aa64isar0_el1), 20) < 2)
        return skip("no LSE");
    uint64_t *p = (uint64_t *)work, old;
    *p = 100;
    asm volatile("ldaddal %2, %0, %1" : "=r"(old), "+Q"(*p) : "r"(5ul) : "memory");
    CHECK_EQUAL("ldadd old", old, 100);
    CHECK_EQUAL("ldadd", *p, 105);
    asm volatile("swpal %2, %0, %1" : "=r"(old), "+Q"(*p) : "r"(0xf0ul) : "memory");
    CHECK_EQUAL("swp old", old, 105);
    asm volatile("ldclr %2, %0, %1" : "=r"(old), "+Q"(*p) : "r"(0x30ul) : "memory");
    CHECK_EQUAL("ldclr", *p, 0xc0);
    asm volatile("ldsmax %2, %0, %1" : "=r"(old), "+Q"(*p) : "r"(-1l) : "memory");
    CHECK_EQUAL("ldsmax", *p, 0xc0);
    asm volatile("ldumax %2, %0, %1" : "=r"(old), "+Q"(*p) : "r"(-1l) : "memory");
    CHECK_EQUAL("ldumax", *p, -1);
    uint64_t compare = 1;
    asm volatile("casal %0, %2, %1" : "+r"(compare), "+Q"(*p) : "r"(7ul) : "memory");
    CHECK_EQUAL("cas that fails", *p, -1);
    CHECK_EQUAL("cas reads", compare, -1);
    asm volatile("casal %0, %2, %1" : "+r"(compare), "+Q"(*p) : "r"(7ul) : "memory");
    CHECK_EQUAL("cas", *p, 7);
    p[0] = 1;
    p[1] = 2;
    register uint64_t x0 asm("x0") = 1;
    register uint64_t x1 asm("x1") = 2;
    register uint64_t x2 asm("x2") = 3;
    register uint64_t x3 asm("x3") = 4;
    asm volatile("caspal x0, x1, x2, x3, [%4]" : "+r"(x0), "+r"(x1) : "r"(x2), "r"(x3), "r"(p) : "memory");
    CHECK_EQUAL("casp low", p[0], 3);
    CHECK_EQUAL("casp high", p[1], 4);
    uint8_t *byte = work + 32, old_byte;
    *byte = 0xff;
    byte[1] = 0x55;
    asm volatile("ldaddb %w2, %w0, %1" : "=r"(old_byte), "+Q"(*byte) : "r"(1) : "memory");
    CHECK_EQUAL("ldaddb wraps", *byte, 0);
    CHECK_EQUAL("ldaddb neighbour", byte[1], 0x55);
    return OK;
}

static enum outcome test_acquire_release(void)
{
    uint32_t *p = (uint32_t *)work, value;
    asm volatile("stlr %w1, %0" : "=Q"(*p) : "r"(0x12345678) : "memory");
    asm volatile("ldar %w0, %1" : "=r"(value) : "Q"(*p) : "memory");
    CHECK_EQUAL("ldar", value, 0x12345678);
    return OK;
}

const struct selftest selftests_atomic[] = {
    {"exclusive", test_exclusive},
    {"exclusive-pair", test_exclusive_pair},
    {"exclusive-exception", test_exclusive_exception},
    {"lse", test_lse},
    {"acquire-release", test_acquire_release},
    {0, 0},
};
