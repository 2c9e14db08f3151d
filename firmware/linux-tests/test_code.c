// Code that changes: patched in place, through another mapping, under W^X, by another thread, in other processes.
#include "harness.h"

typedef uint64_t function_t(void);

#define MOVZ_X0(value) (0xd2800000u | (uint32_t)(value) << 5)
#define RET 0xd65f03c0u
#define NOP 0xd503201fu
#define B(offset) (0x14000000u | ((uint32_t)(offset) >> 2 & 0x3ffffff))

static uint64_t call(const void *code)
{
    return ((function_t *)(uintptr_t)code)();
}

static void write_constant(uint32_t *code, unsigned value)
{
    code[0] = MOVZ_X0(value);
    code[1] = RET;
}

static enum outcome test_patch(void)
{
    uint32_t *code = pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (unsigned i = 0; i < 3000; i++) {
        uint32_t *at = code + (i % 3) * 512 + (i % 7) * 4;
        write_constant(at, i & 0xffff);
        synchronize_code(at, 8);
        CHECK_EQUAL("result", call(at), i & 0xffff);
    }
    return OK;
}

// Data beside code on one page: stores to it must not disturb the code, nor be lost.
static enum outcome test_data_beside_code(void)
{
    uint32_t *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    volatile uint64_t *data = (uint64_t *)(code + 256);
    write_constant(code, 4242);
    synchronize_code(code, 8);
    for (uint64_t i = 0; i < 20000; i++) {
        data[i % 64] += call(code);
        if (i % 1000 == 0) {
            write_constant(code, 4242);
            synchronize_code(code, 8);
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < 64; i++)
        sum += data[i];
    CHECK_EQUAL("sum", sum, 20000ul * 4242);
    return OK;
}

static enum outcome test_write_xor_execute(void)
{
    uint32_t *code = pages(1, PROT_READ | PROT_WRITE);
    for (unsigned i = 0; i < 500; i++) {
        CHECK_EQUAL("mprotect", syscall(SYS_mprotect, code, PAGE, PROT_READ | PROT_WRITE), 0);
        write_constant(code + i % 16 * 2, i);
        CHECK_EQUAL("mprotect", syscall(SYS_mprotect, code, PAGE, PROT_READ | PROT_EXEC), 0);
        synchronize_code(code, 256);
        CHECK_EQUAL("result", call(code + i % 16 * 2), i);
    }
    return OK;
}

static enum outcome test_second_mapping(void)
{
    int file = memory_file(1);
    uint32_t *writable = map_shared(file, 1, PROT_READ | PROT_WRITE);
    uint32_t *code = map_shared(file, 1, PROT_READ | PROT_EXEC);
    for (unsigned i = 0; i < 1000; i++) {
        write_constant(writable + i % 8 * 2, i);
        synchronize_code(writable, 64);
        synchronize_code(code, 64);
        CHECK_EQUAL("result", call(code + i % 8 * 2), i);
    }
    return OK;
}

// The kernel writes the code: read() into an executable page.
static enum outcome test_written_by_the_kernel(void)
{
    uint32_t *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC), words[2];
    int ends[2];
    syscall(SYS_pipe2, ends, 0);
    for (unsigned i = 0; i < 300; i++) {
        write_constant(words, i);
        syscall(SYS_write, ends[1], words, 8);
        syscall(SYS_read, ends[0], code, 8);
        synchronize_code(code, 8);
        CHECK_EQUAL("result", call(code), i);
    }
    return OK;
}

// A function that patches the instruction a few bytes ahead of itself.
static enum outcome test_patch_ahead(void)
{
    static const uint32_t body[] = {
        0xb9001c01, // str w1, [x0, #28]   the last instruction but one
        0xd50b7b20, // dc cvau, x0
        0xd5033b9f, // dsb ish
        0xd50b7520, // ic ivau, x0
        0xd5033b9f, // dsb ish
        0xd5033fdf, // isb
        NOP,
        0xd2800000, // movz x0, #0         patched
        RET,
    };
    uint32_t *code = (uint32_t *)((char *)pages(1, PROT_READ | PROT_WRITE | PROT_EXEC) + 128);
    memcpy(code, body, sizeof body);
    synchronize_code(code, sizeof body);
    for (unsigned i = 0; i < 500; i++) {
        uint64_t result = ((uint64_t(*)(void *, uint32_t))(uintptr_t)code)(code, MOVZ_X0(i));
        CHECK_EQUAL("result", result, i);
    }
    return OK;
}

static uint32_t *volatile shared_code;
static volatile uint64_t last_seen;
static volatile int done;

static void execute(struct thread *thread)
{
    (void)thread;
    while (!done)
        __atomic_store_n(&last_seen, call(shared_code), __ATOMIC_RELEASE);
}

// The running thread must come to see a branch that is replaced under it (Arm ARM B2.2.5 allows B and NOP).
static enum outcome test_patch_while_running(void)
{
    struct thread thread;
    shared_code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (unsigned i = 0; i < 8; i++)
        write_constant(shared_code + 16 + i * 2, 100 + i);
    shared_code[0] = B(64);
    synchronize_code(shared_code, 256);
    thread_create(&thread, execute, 0);
    for (unsigned i = 0; i < 200; i++) {
        unsigned target = i % 8;
        __atomic_store_n(&shared_code[0], B(64 + target * 8), __ATOMIC_RELEASE);
        synchronize_code(shared_code, 4);
        uint64_t end = nanoseconds(CLOCK_MONOTONIC) + 10000000000ul;
        while (__atomic_load_n(&last_seen, __ATOMIC_ACQUIRE) != 100 + target) {
            if (nanoseconds(CLOCK_MONOTONIC) > end)
                return fail("the other thread still runs the old branch in round %d", (int)i);
            syscall(SYS_sched_yield);
        }
    }
    done = 1;
    thread_join(&thread);
    return OK;
}

// A loop that only ends when another thread replaces its branch.
static void spin_on_code(struct thread *thread)
{
    thread->result = (long)call(shared_code);
}

static enum outcome test_patch_ends_loop(void)
{
    shared_code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (int i = 0; i < 20; i++) {
        struct thread thread;
        shared_code[0] = B(0);
        write_constant(shared_code + 1, 55);
        synchronize_code(shared_code, 64);
        thread_create(&thread, spin_on_code, 0);
        sleep_milliseconds(2);
        __atomic_store_n(&shared_code[0], NOP, __ATOMIC_RELEASE);
        synchronize_code(shared_code, 4);
        thread_join(&thread);
        CHECK_EQUAL("result", thread.result, 55);
    }
    return OK;
}

// After a fork each process has its own copy of the code, at the same address.
static enum outcome test_fork_copies(void)
{
    uint32_t *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    long pid[24];
    write_constant(code, 1000);
    synchronize_code(code, 8);
    CHECK_EQUAL("before", call(code), 1000);
    for (unsigned i = 0; i < 24; i++) {
        pid[i] = fork_process();
        if (pid[i] == 0) {
            write_constant(code, i);
            synchronize_code(code, 8);
            for (int round = 0; round < 200; round++) {
                if (call(code) != i)
                    syscall(SYS_exit_group, 1);
                syscall(SYS_sched_yield);
            }
            syscall(SYS_exit_group, 0);
        }
        CHECK_EQUAL("parent's copy", call(code), 1000);
    }
    for (unsigned i = 0; i < 24; i++)
        CHECK_EQUAL("child's status", wait_for(pid[i]), 0);
    CHECK_EQUAL("afterwards", call(code), 1000);
    return OK;
}

static enum outcome test_remap(void)
{
    uint32_t *code = pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (unsigned i = 0; i < 300; i++) {
        syscall(SYS_munmap, code, PAGE);
        long address = syscall(SYS_mmap, code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        CHECK_EQUAL("mmap", address, (long)code);
        CHECK_EQUAL("fresh page", code[0], 0);
        write_constant(code, i);
        synchronize_code(code, 8);
        CHECK_EQUAL("result", call(code), i);
    }
    return OK;
}

// A loop that crosses a page boundary, patched on either side of it.
static enum outcome test_across_pages(void)
{
    uint32_t *code = (uint32_t *)((char *)pages(2, PROT_READ | PROT_WRITE | PROT_EXEC) + PAGE - 8);
    for (unsigned i = 0; i < 400; i++) {
        code[0] = MOVZ_X0(i);
        code[1] = 0xd2800001u | (i & 0xff) << 5; // movz x1, #i
        code[2] = 0x8b010000; // add x0, x0, x1
        code[3] = 0x91000000u | (i % 5) << 10; // add x0, x0, #i % 5
        code[4] = RET;
        synchronize_code(code, 20);
        CHECK_EQUAL("result", call(code), i + (i & 0xff) + i % 5);
        code[3] = 0x91000000u | 77 << 10;
        synchronize_code(code + 3, 4);
        CHECK_EQUAL("second page patched", call(code), i + (i & 0xff) + 77);
    }
    return OK;
}

const struct test tests_code[] = {
    { "code-patch", test_patch },
    { "code-data-beside-code", test_data_beside_code },
    { "code-write-xor-execute", test_write_xor_execute },
    { "code-second-mapping", test_second_mapping },
    { "code-written-by-the-kernel", test_written_by_the_kernel },
    { "code-patch-ahead", test_patch_ahead },
    { "code-patch-while-running", test_patch_while_running },
    { "code-patch-ends-loop", test_patch_ends_loop },
    { "code-fork-copies", test_fork_copies },
    { "code-remap", test_remap },
    { "code-across-pages", test_across_pages },
    { 0, 0 },
};
