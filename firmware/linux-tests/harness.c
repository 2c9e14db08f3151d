// Signals as results, threads, processes, pages.
#include "harness.h"

struct trap_record trap;
static uint64_t resume[13]; // x19-x30 and sp of the innermost trapped()

long thread_start(long flags, void *stack_top, volatile int *clear_tid, void *function, void *argument);

void *pages(size_t count, int protection)
{
    long address = syscall(SYS_mmap, 0, count * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address < 0 && address > -4096) {
        fail("mmap: error %d", (int)-address);
        syscall(SYS_exit_group, FAIL);
    }
    return (void *)address;
}

int memory_file(size_t count)
{
    long file = syscall(SYS_memfd_create, "test", 0);
    syscall(SYS_ftruncate, file, count * PAGE);
    return (int)file;
}

void *map_shared(int file, size_t count, int protection)
{
    long address = syscall(SYS_mmap, 0, count * PAGE, protection, MAP_SHARED, file, 0);
    if (address < 0 && address > -4096) {
        fail("mmap of a file: error %d", (int)-address);
        syscall(SYS_exit_group, FAIL);
    }
    return (void *)address;
}

void handle(int signal, void (*handler)(int, struct siginfo *, void *), uint64_t flags)
{
    struct sigaction action = { .handler = handler, .flags = SA_SIGINFO | flags };
    syscall(SYS_rt_sigaction, signal, &action, 0, 8);
}

// Fills `resume` and calls probe(argument): 0 when it returns, otherwise what the handler makes the call return.
int call_guarded(void (*probe)(uint64_t), uint64_t argument, uint64_t *save);
__asm__(
    ".text\n"
    "call_guarded:\n"
    "  stp x29, x30, [sp, #-16]!\n"
    "  stp x19, x20, [x2]\n"
    "  stp x21, x22, [x2, #16]\n"
    "  stp x23, x24, [x2, #32]\n"
    "  stp x25, x26, [x2, #48]\n"
    "  stp x27, x28, [x2, #64]\n"
    "  mov x9, sp\n"
    "  str x9, [x2, #96]\n"
    "  mov x9, x0\n"
    "  mov x0, x1\n"
    "  blr x9\n"
    "  mov w0, #0\n"
    "call_guarded_return:\n"
    "  ldp x29, x30, [sp], #16\n"
    "  ret\n");
extern char call_guarded_return[];

static void record_trap(int signal, struct siginfo *info, void *context)
{
    struct ucontext *uc = context;
    trap.signal = signal;
    trap.code = info->code;
    trap.address = (uint64_t)info->address;
    trap.pc = uc->machine.pc;
    memcpy(trap.x, uc->machine.x, sizeof trap.x);
    memcpy(&uc->machine.x[19], resume, 10 * sizeof *resume);
    uc->machine.sp = resume[12];
    uc->machine.x[0] = (uint64_t)signal;
    uc->machine.pc = (uint64_t)call_guarded_return;
    uc->machine.pstate &= ~0xc00ul; // no BTYPE left from the probe
}

int trapped(void (*probe)(uint64_t), uint64_t argument)
{
    static uint8_t stack[32768] __attribute__((aligned(16))); // the probe may have broken its own
    struct sigstack alternative = { stack, 0, sizeof stack };
    syscall(SYS_sigaltstack, &alternative, 0);
    static const int signals[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV };
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        handle(signals[i], record_trap, SA_ONSTACK);
    memset(&trap, 0, sizeof trap);
    return call_guarded(probe, argument, resume);
}

static void thread_main(struct thread *thread)
{
    thread->function(thread);
}

void thread_create(struct thread *thread, void (*function)(struct thread *), long argument)
{
    thread->alive = 1;
    thread->result = 0;
    thread->argument = argument;
    thread->function = function;
    thread->stack = pages(16, PROT_READ | PROT_WRITE);
    thread_start(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID,
        (char *)thread->stack + 16 * PAGE, &thread->alive, thread_main, thread);
}

void thread_join(struct thread *thread)
{
    while (__atomic_load_n(&thread->alive, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &thread->alive, FUTEX_WAIT, 1, 0);
    syscall(SYS_munmap, thread->stack, 16 * PAGE);
}

long fork_process(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

int wait_for(long pid)
{
    int status = 0;
    while (syscall(SYS_wait4, pid, &status, 0x40000000, 0) == -4) // __WALL; again after EINTR
        ;
    return status;
}

void sleep_milliseconds(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    syscall(SYS_nanosleep, &time, 0);
}

uint64_t nanoseconds(int clock)
{
    struct timespec time;
    syscall(SYS_clock_gettime, clock, &time);
    return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

// The architectural sequence (Arm ARM B2.4.4), whatever CTR_EL0.IDC and DIC say.
void synchronize_code(const void *start, size_t bytes)
{
    uint64_t ctr;
    __asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
    uint64_t data = 4ul << (ctr >> 16 & 15), code = 4ul << (ctr & 15), from = (uint64_t)start, to = from + bytes;
    for (uint64_t a = from & -data; a < to; a += data)
        __asm__ volatile("dc cvau, %0" ::"r"(a) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    for (uint64_t a = from & -code; a < to; a += code)
        __asm__ volatile("ic ivau, %0" ::"r"(a) : "memory");
    __asm__ volatile("dsb ish\n isb" ::: "memory");
}

struct fpsimd_context *fp_of(struct ucontext *context)
{
    uint8_t *record = context->machine.records;
    for (;;) {
        uint32_t *head = (uint32_t *)record;
        if (head[0] == FPSIMD_MAGIC)
            return (struct fpsimd_context *)record;
        if (head[0] == 0)
            return 0;
        record += head[1];
    }
}

void *memcpy(void *to, const void *from, size_t count)
{
    char *t = to;
    const char *f = from;
    for (size_t i = 0; i < count; i++)
        t[i] = f[i];
    return to;
}

void *memset(void *to, int value, size_t count)
{
    char *t = to;
    for (size_t i = 0; i < count; i++)
        t[i] = (char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
    const uint8_t *x = a, *y = b;
    for (size_t i = 0; i < count; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}
