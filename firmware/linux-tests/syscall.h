// Linux system calls and the kernel's structures, as the arm64 ABI has them (include/uapi). No C library is used.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
}

#define SYSCALL_ARGUMENTS(number, a, b, c, d, e, f, ...) \
    syscall6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define syscall(...) SYSCALL_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

enum {
    SYS_dup3 = 24, SYS_mkdirat = 34, SYS_mount = 40, SYS_ftruncate = 46, SYS_openat = 56, SYS_close = 57, SYS_pipe2 = 59, SYS_read = 63,
    SYS_write = 64, SYS_exit = 93, SYS_exit_group = 94, SYS_futex = 98, SYS_nanosleep = 101, SYS_setitimer = 103, SYS_clock_gettime = 113,
    SYS_ptrace = 117, SYS_sched_yield = 124, SYS_kill = 129, SYS_tgkill = 131, SYS_sigaltstack = 132, SYS_rt_sigaction = 134,
    SYS_rt_sigprocmask = 135, SYS_reboot = 142, SYS_prctl = 167, SYS_getpid = 172, SYS_getppid = 173, SYS_gettid = 178, SYS_munmap = 215,
    SYS_mremap = 216, SYS_clone = 220, SYS_execve = 221, SYS_mmap = 222, SYS_mprotect = 226, SYS_madvise = 233, SYS_wait4 = 260,
    SYS_memfd_create = 279,
};

enum {
    SIGINT = 2, SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGALRM = 14,
    SIGCHLD = 17, SIGSTOP = 19,
};

enum { ILL_ILLOPC = 1, ILL_ILLOPN = 2, SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRALN = 1, BUS_ADRERR = 2, TRAP_BRKPT = 1, TRAP_TRACE = 2, TRAP_HWBKPT = 4 };

enum {
    PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, PROT_BTI = 0x10,
    MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20,
    MADV_DONTNEED = 4, MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2,
};

enum { CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800, CLONE_THREAD = 0x10000, CLONE_CHILD_CLEARTID = 0x200000 };
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };
enum { SA_SIGINFO = 4, SA_ONSTACK = 0x08000000, SA_NODEFER = 0x40000000 };
enum { CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME_ID = 2 };

enum {
    PTRACE_TRACEME = 0, PTRACE_PEEKDATA = 2, PTRACE_POKEDATA = 5, PTRACE_CONT = 7, PTRACE_SINGLESTEP = 9, PTRACE_SYSCALL = 24,
    PTRACE_SETOPTIONS = 0x4200, PTRACE_GETSIGINFO = 0x4202, PTRACE_GETREGSET = 0x4204, PTRACE_SETREGSET = 0x4205,
    PTRACE_O_TRACESYSGOOD = 1, PTRACE_O_EXITKILL = 0x100000,
    NT_PRSTATUS = 1, NT_PRFPREG = 2, NT_ARM_HW_BREAK = 0x402, NT_ARM_HW_WATCH = 0x403, NT_ARM_SYSTEM_CALL = 0x404,
};

struct timespec { long seconds, nanoseconds; };
struct iovec { void *base; size_t length; };

struct siginfo {
    int signal, error, code, padding;
    void *address;
    uint8_t rest[104];
};

struct sigaction {
    void (*handler)(int, struct siginfo *, void *);
    uint64_t flags;
    void *restorer;
    uint64_t mask;
};

struct sigstack { void *base; int flags; size_t size; };

typedef unsigned __int128 vector_t;

struct fpsimd_context {
    uint32_t magic, size, fpsr, fpcr;
    vector_t v[32];
};
#define FPSIMD_MAGIC 0x46508001

struct ucontext {
    uint64_t flags;
    struct ucontext *link;
    struct sigstack stack;
    uint64_t mask;
    uint8_t unused[120];
    struct {
        uint64_t fault_address, x[31], sp, pc, pstate;
        uint8_t records[4096] __attribute__((aligned(16)));
    } machine __attribute__((aligned(16)));
};

struct user_registers { uint64_t x[31], sp, pc, pstate; };
struct user_fpsimd { vector_t v[32]; uint32_t fpsr, fpcr, padding[2]; };

struct user_hwdebug {
    uint32_t info, padding;
    struct { uint64_t address; uint32_t control, padding; } slot[16];
};
