// What the tests share: results, output, signals, threads, pages, processes.
#pragma once
#include "syscall.h"

enum outcome { OK, SKIP, FAIL };

struct test {
    const char *name;
    enum outcome (*run)(void);
};

// A group ends with a null name.
extern const struct test tests_signal[], tests_fp[], tests_code[], tests_step[], tests_debug[], tests_exception[], tests_memory[], tests_process[],
    tests_atomic[], tests_time[], tests_perf[], tests_pauth[];

// How a test ends other than by `return OK`: with the detail to print.
enum outcome fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum outcome skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define CHECK_EQUAL(what, got, expected)                                                    \
    do {                                                                                    \
        uint64_t got_ = (uint64_t)(got), expected_ = (uint64_t)(expected);                  \
        if (got_ != expected_)                                                              \
            return fail("%s: got %lx, expected %lx", what, got_, expected_);                \
    } while (0)

#define CHECK(what, condition)                                                              \
    do {                                                                                    \
        if (!(condition))                                                                   \
            return fail("%s", what);                                                        \
    } while (0)

// The kernel's auxiliary vector.
extern uint64_t hwcap, hwcap2, vdso_base;
enum { HWCAP_ATOMICS = 1 << 8, HWCAP_CPUID = 1 << 11, HWCAP_PACA = 1 << 30 };
enum { HWCAP2_BTI = 1 << 17, HWCAP2_RNG = 1 << 16 };

#define PAGE 4096ul

// Anonymous private pages; ends the test's process when there are none.
void *pages(size_t count, int protection);
void *map_shared(int file, size_t count, int protection);
int memory_file(size_t count);

void handle(int signal, void (*handler)(int, struct siginfo *, void *), uint64_t flags);

// Runs probe(argument) and returns the signal that it raised (0: none). The record says what the kernel reported.
struct trap_record {
    int signal, code;
    uint64_t address, pc, x[31];
};
extern struct trap_record trap;
int trapped(void (*probe)(uint64_t), uint64_t argument);

struct thread {
    volatile int alive;
    volatile long result;
    long argument;
    void (*function)(struct thread *);
    void *stack;
};
void thread_create(struct thread *thread, void (*function)(struct thread *), long argument);
void thread_join(struct thread *thread);

long fork_process(void);
// Waits for a child: its status as wait4 has it.
int wait_for(long pid);
void sleep_milliseconds(long milliseconds);
uint64_t nanoseconds(int clock);

void synchronize_code(const void *start, size_t bytes);

struct fpsimd_context *fp_of(struct ucontext *context);

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);
