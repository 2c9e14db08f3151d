// Every exception class that a program can raise: the signal, its code, its address, and that nothing else changed.
#include "harness.h"

#define PROBE(name, code) static void name(uint64_t x) { __asm__ volatile("mov x0, %0\n" code ::"r"(x) : "x0", "x1", "x2", "x3", "v0", "v1", "v2", "v3", "memory", "cc"); }

static enum outcome expect(const char *what, int signal, int code, uint64_t address)
{
    if (trap.signal != signal || trap.code != code || trap.address != address)
        return fail("%s: signal %d code %d address %lx, expected %d %d %lx", what, trap.signal, trap.code, trap.address, signal, code, address);
    return OK;
}

#define EXPECT(probe, argument, signal, code, address)                       \
    do {                                                                     \
        trapped(probe, argument);                                            \
        if (expect(#probe, signal, code, address) != OK)                     \
            return FAIL;                                                     \
    } while (0)

PROBE(undefined, "udf #0")
PROBE(unallocated, ".inst 0x00010000")
PROBE(reserved_system_register, "mrs x1, s3_0_c15_c0_0")
PROBE(privileged_read, "mrs x1, sctlr_el1")
PROBE(privileged_write, "msr ttbr0_el1, x1")
PROBE(privileged_state, "msr daifset, #2")
PROBE(privileged_tlb, "tlbi vmalle1")
PROBE(hypervisor_call, "hvc #0")
PROBE(monitor_call, "smc #0")
PROBE(exception_return, "eret")
PROBE(breakpoint, "brk #0x123")
PROBE(halt, "hlt #1")

static enum outcome test_undefined(void)
{
    static const struct { void (*probe)(uint64_t); const char *name; } cases[] = {
        { undefined, "udf" }, { unallocated, "unallocated" }, { reserved_system_register, "reserved register" }, { privileged_read, "sctlr_el1" },
        { privileged_write, "ttbr0_el1" }, { privileged_state, "daifset" }, { privileged_tlb, "tlbi" }, { hypervisor_call, "hvc" },
        { monitor_call, "smc" }, { exception_return, "eret" }, { halt, "hlt" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trapped(cases[i].probe, 0);
        if (trap.signal != SIGILL || trap.code != ILL_ILLOPC || trap.address != trap.pc)
            return fail("%s: signal %d code %d address %lx pc %lx", cases[i].name, trap.signal, trap.code, trap.address, trap.pc);
    }
    return OK;
}

static enum outcome test_breakpoint(void)
{
    trapped(breakpoint, 0);
    return expect("brk", SIGTRAP, TRAP_BRKPT, trap.pc);
}

PROBE(load, "ldr x1, [x0]")
PROBE(load_byte, "ldrb w1, [x0]")
PROBE(store, "str x1, [x0]")
PROBE(store_byte, "strb w1, [x0]")
PROBE(branch, "br x0")
PROBE(load_pair, "ldp x1, x2, [x0], #16")
PROBE(load_vectors, "ld4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #64")
PROBE(store_vector, "str q0, [x0], #16")
PROBE(exclusive, "ldxr x1, [x0]")
PROBE(zero_block, "dc zva, x0")
PROBE(prefetch, "prfm pldl1keep, [x0]")

static enum outcome test_unmapped(void)
{
    uint64_t hole = (uint64_t)pages(1, PROT_READ);
    syscall(SYS_munmap, hole, PAGE);
    static const uint64_t kernel = 0xffff800008000000, gap = 0x0001000000000000, high_gap = 0xfffe000000000000;
    EXPECT(load, hole + 8, SIGSEGV, SEGV_MAPERR, hole + 8);
    EXPECT(store_byte, hole + 3, SIGSEGV, SEGV_MAPERR, hole + 3);
    EXPECT(branch, hole + 4, SIGSEGV, SEGV_MAPERR, hole + 4);
    EXPECT(load, 0, SIGSEGV, SEGV_MAPERR, 0);
    EXPECT(load_byte, kernel, SIGSEGV, SEGV_MAPERR, kernel);
    EXPECT(store, kernel, SIGSEGV, SEGV_MAPERR, kernel);
    EXPECT(branch, kernel, SIGSEGV, SEGV_MAPERR, kernel);
    EXPECT(load, gap, SIGSEGV, SEGV_MAPERR, gap);
    EXPECT(load, high_gap, SIGSEGV, SEGV_MAPERR, high_gap);
    EXPECT(branch, gap, SIGSEGV, SEGV_MAPERR, gap);
    trapped(prefetch, hole);
    CHECK_EQUAL("prefetch's signal", trap.signal, 0);
    return OK;
}

static enum outcome test_permission(void)
{
    uint64_t none = (uint64_t)pages(1, PROT_NONE), read_only = (uint64_t)pages(1, PROT_READ), data = (uint64_t)pages(1, PROT_READ | PROT_WRITE);
    EXPECT(load, none + 16, SIGSEGV, SEGV_ACCERR, none + 16);
    EXPECT(store, read_only + 24, SIGSEGV, SEGV_ACCERR, read_only + 24);
    trapped(load, read_only);
    CHECK_EQUAL("signal of a load", trap.signal, 0);
    EXPECT(store, read_only + 24, SIGSEGV, SEGV_ACCERR, read_only + 24);
    *(volatile int *)data = 1;
    EXPECT(branch, data, SIGSEGV, SEGV_ACCERR, data);
    EXPECT(zero_block, read_only, SIGSEGV, SEGV_ACCERR, read_only);
    return OK;
}

// Top-byte ignore: the tag does not matter to the access, and the kernel reports addresses without it.
static enum outcome test_tagged(void)
{
    uint64_t data = (uint64_t)pages(1, PROT_READ | PROT_WRITE), none = (uint64_t)pages(1, PROT_NONE);
    *(volatile uint64_t *)data = 77;
    CHECK_EQUAL("tagged load", *(volatile uint64_t *)(data | 0xa5ul << 56), 77);
    *(volatile uint64_t *)(data | 0x5aul << 56) = 78;
    CHECK_EQUAL("tagged store", *(volatile uint64_t *)data, 78);
    EXPECT(load, none | 0xa5ul << 56, SIGSEGV, SEGV_ACCERR, none);
    return OK;
}

// Accesses that begin on a good page and end on a bad one; base registers stay as they were.
static enum outcome test_straddling(void)
{
    char *memory = pages(2, PROT_READ | PROT_WRITE);
    syscall(SYS_mprotect, memory + PAGE, PAGE, PROT_NONE);
    uint64_t border = (uint64_t)memory + PAGE;
    static const struct { void (*probe)(uint64_t); const char *name; unsigned before; } cases[] = {
        { load, "ldr", 4 }, { store, "str", 4 }, { load_pair, "ldp", 8 }, { load_vectors, "ld4", 30 }, { store_vector, "str q", 3 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int round = 0; round < 2; round++) {
            trapped(cases[i].probe, border - cases[i].before);
            if (trap.signal != SIGSEGV || trap.code != SEGV_ACCERR || trap.address != border || trap.x[0] != border - cases[i].before)
                return fail("%s: signal %d code %d address %lx x0 %lx, border %lx", cases[i].name, trap.signal, trap.code, trap.address, trap.x[0], border);
        }
    }
    return OK;
}

PROBE(stack_load, "mov x1, sp\n add x2, x1, #-8\n mov sp, x2\n ldr x3, [sp]\n mov sp, x1")
PROBE(acquire, "ldar x1, [x0]")

static enum outcome test_alignment(void)
{
    uint64_t data = (uint64_t)pages(1, PROT_READ | PROT_WRITE), code = (uint64_t)undefined;
    EXPECT(exclusive, data + 13, SIGBUS, BUS_ADRALN, data + 13); // crosses 16 bytes: faults with and without FEAT_LSE2
    EXPECT(acquire, data + 13, SIGBUS, BUS_ADRALN, data + 13);
    trapped(load, data + 13);
    CHECK_EQUAL("signal of a plain load", trap.signal, 0);
    EXPECT(branch, code + 2, SIGBUS, BUS_ADRALN, code + 2);
    trapped(stack_load, 0); // QEMU does not check the stack pointer
    if (trap.signal != 0 && (trap.signal != SIGBUS || trap.code != BUS_ADRALN))
        return fail("misaligned stack pointer: signal %d code %d", trap.signal, trap.code);
    return OK;
}

static enum outcome test_beyond_the_file(void)
{
    int file = memory_file(1);
    uint64_t mapping = (uint64_t)map_shared(file, 2, PROT_READ | PROT_WRITE);
    trapped(store, mapping);
    CHECK_EQUAL("signal within the file", trap.signal, 0);
    EXPECT(load, mapping + PAGE + 8, SIGBUS, BUS_ADRERR, mapping + PAGE + 8);
    syscall(SYS_ftruncate, file, 0);
    EXPECT(load, mapping, SIGBUS, BUS_ADRERR, mapping);
    return OK;
}

// Division by zero and FP exceptions raise no signal; the flags accumulate.
static enum outcome test_arithmetic(void)
{
    uint64_t quotient, flags, bits;
    __asm__("udiv %0, %1, xzr" : "=r"(quotient) : "r"(5ul));
    CHECK_EQUAL("5 / 0", quotient, 0);
    __asm__("sdiv %0, %1, %2" : "=r"(quotient) : "r"(1ul << 63), "r"(-1l));
    CHECK_EQUAL("overflow", quotient, 1ul << 63);
    __asm__ volatile("msr fpsr, xzr\n fmov d0, #1.0\n movi d1, #0\n fdiv d0, d0, d1\n fmov %0, d0\n mrs %1, fpsr" : "=r"(bits), "=r"(flags)::"v0", "v1");
    CHECK_EQUAL("1.0 / 0.0", bits, 0x7ff0000000000000);
    CHECK_EQUAL("flags", flags, 2);
    return OK;
}

// What EL0 may do and what Linux emulates: none of it raises a signal.
static enum outcome test_allowed(void)
{
    uint64_t value, ctr, dczid;
    __asm__ volatile("mrs %0, ctr_el0\n mrs %1, dczid_el0" : "=r"(ctr), "=r"(dczid));
    CHECK_EQUAL("ctr_el0 bit 31", ctr >> 31 & 1, 1);
    CHECK_EQUAL("DC ZVA allowed", dczid & 16, 0);
    __asm__ volatile("msr tpidr_el0, %1\n mrs %0, tpidr_el0" : "=r"(value) : "r"(0x123456789abcul));
    CHECK_EQUAL("tpidr_el0", value, 0x123456789abc);
    __asm__ volatile("wfe\n wfi\n yield\n sev\n sevl\n wfe\n dsb sy\n isb\n clrex" ::: "memory");
    if (hwcap & HWCAP_CPUID) {
        __asm__ volatile("mrs %0, midr_el1" : "=r"(value));
        CHECK("midr_el1 is not zero", value != 0);
        __asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(value));
        CHECK_EQUAL("EL0 and EL1 as Linux shows them", value & 0xff, 0x11);
    }
    if (hwcap2 & HWCAP2_RNG) {
        uint64_t first, second;
        __asm__ volatile("mrs %0, s3_3_c2_c4_0\n mrs %1, s3_3_c2_c4_0" : "=r"(first), "=r"(second)::"cc");
        CHECK("two random numbers differ", first != second);
    }
    return OK;
}

static enum outcome test_zero_block(void)
{
    uint64_t dczid, *data = pages(2, PROT_READ | PROT_WRITE);
    __asm__ volatile("mrs %0, dczid_el0" : "=r"(dczid));
    size_t block = 4ul << (dczid & 15);
    memset(data, 0xff, 2 * PAGE);
    __asm__ volatile("dc zva, %0" ::"r"((char *)data + block + 12) : "memory");
    for (size_t i = 0; i < 2 * PAGE / 8; i++)
        CHECK_EQUAL("word", data[i], i * 8 >= block && i * 8 < 2 * block ? 0 : ~0ul);
    return OK;
}

const struct test tests_exception[] = {
    { "exception-undefined", test_undefined },
    { "exception-breakpoint", test_breakpoint },
    { "exception-unmapped", test_unmapped },
    { "exception-permission", test_permission },
    { "exception-tagged-address", test_tagged },
    { "exception-straddling", test_straddling },
    { "exception-alignment", test_alignment },
    { "exception-beyond-the-file", test_beyond_the_file },
    { "exception-arithmetic", test_arithmetic },
    { "exception-allowed", test_allowed },
    { "exception-zero-block", test_zero_block },
    { 0, 0 },
};
