// Address space changes are seen at once: unmapping, protection, moving, dropping, copy on write.
#include "harness.h"

static void touch(uint64_t address)
{
    *(volatile char *)address = 1;
}

static enum outcome test_unmap(void)
{
    for (int i = 0; i < 300; i++) {
        char *page = pages(1, PROT_READ | PROT_WRITE);
        page[i] = 1;
        syscall(SYS_munmap, page, PAGE);
        if (trapped(touch, (uint64_t)page) != SIGSEGV || trap.code != SEGV_MAPERR)
            return fail("round %d: signal %d code %d", i, trap.signal, trap.code);
    }
    return OK;
}

static enum outcome test_protect(void)
{
    char *page = pages(1, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 300; i++) {
        page[i] = (char)i;
        syscall(SYS_mprotect, page, PAGE, PROT_READ);
        if (trapped(touch, (uint64_t)page) != SIGSEGV || trap.code != SEGV_ACCERR)
            return fail("round %d: signal %d code %d", i, trap.signal, trap.code);
        CHECK_EQUAL("readable", ((volatile char *)page)[i], (char)i);
        syscall(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE);
    }
    return OK;
}

static enum outcome test_drop(void)
{
    volatile uint64_t *page = pages(4, PROT_READ | PROT_WRITE);
    for (uint64_t i = 1; i < 500; i++) {
        CHECK_EQUAL("fresh page", page[512 * (i % 4)], 0);
        page[512 * (i % 4)] = i;
        syscall(SYS_madvise, page, 4 * PAGE, MADV_DONTNEED);
    }
    return OK;
}

static enum outcome test_move(void)
{
    volatile uint64_t *from = pages(1, PROT_READ | PROT_WRITE), *to = pages(1, PROT_READ | PROT_WRITE);
    for (uint64_t i = 0; i < 300; i++) {
        *from = i;
        long moved = syscall(SYS_mremap, from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
        CHECK_EQUAL("mremap", moved, (long)to);
        CHECK_EQUAL("moved", *to, i);
        if (i % 16 == 0)
            CHECK_EQUAL("old place", trapped(touch, (uint64_t)from), SIGSEGV);
        volatile uint64_t *old = from;
        from = to;
        to = old;
    }
    return OK;
}

// Two mappings of one page: a store through one is what the other loads.
static enum outcome test_alias(void)
{
    int file = memory_file(1);
    volatile uint64_t *a = map_shared(file, 1, PROT_READ | PROT_WRITE), *b = map_shared(file, 1, PROT_READ | PROT_WRITE);
    for (uint64_t i = 0; i < 5000; i++) {
        a[i % 512] = i;
        CHECK_EQUAL("other mapping", b[i % 512], i);
        b[i % 512] = ~i;
        CHECK_EQUAL("first mapping", a[i % 512], ~i);
    }
    return OK;
}

static enum outcome test_copy_on_write(void)
{
    enum { COUNT = 64 };
    volatile uint64_t *data = pages(COUNT, PROT_READ | PROT_WRITE);
    for (int i = 0; i < COUNT; i++)
        data[i * 512] = (uint64_t)i;
    for (uint64_t round = 0; round < 8; round++) {
        long pid = fork_process();
        if (pid == 0) {
            for (int i = 0; i < COUNT; i++) {
                if (data[i * 512] != (uint64_t)i + round)
                    syscall(SYS_exit_group, 1);
                data[i * 512] = 0x5555;
            }
            syscall(SYS_sched_yield);
            for (int i = 0; i < COUNT; i++)
                if (data[i * 512] != 0x5555)
                    syscall(SYS_exit_group, 2);
            syscall(SYS_exit_group, 0);
        }
        for (int i = 0; i < COUNT; i++)
            data[i * 512] = data[i * 512] + 1;
        CHECK_EQUAL("child's status", wait_for(pid), 0);
        for (int i = 0; i < COUNT; i++)
            CHECK_EQUAL("parent's data", data[i * 512], (uint64_t)i + round + 1);
    }
    return OK;
}

// More address spaces than a small pool of ASIDs would hold, each with its own value at one address.
static enum outcome test_many_address_spaces(void)
{
    enum { COUNT = 100 };
    volatile uint64_t *data = pages(1, PROT_READ | PROT_WRITE);
    long pid[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        pid[i] = fork_process();
        if (pid[i] == 0) {
            *data = i;
            for (int round = 0; round < 40; round++) {
                syscall(SYS_sched_yield);
                if (*data != i)
                    syscall(SYS_exit_group, 1);
            }
            syscall(SYS_exit_group, 0);
        }
    }
    for (int i = 0; i < COUNT; i++)
        CHECK_EQUAL("child's status", wait_for(pid[i]), 0);
    return OK;
}

const struct test tests_memory[] = {
    { "memory-unmap", test_unmap },
    { "memory-protect", test_protect },
    { "memory-drop", test_drop },
    { "memory-move", test_move },
    { "memory-alias", test_alias },
    { "memory-copy-on-write", test_copy_on_write },
    { "memory-many-address-spaces", test_many_address_spaces },
    { 0, 0 },
};
