#include "tracee.h"

long tracee_start(void (*function)(uint64_t), uint64_t argument)
{
    long pid = fork_process();
    if (pid == 0) {
        syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
        syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
        function(argument);
        syscall(SYS_exit_group, 0);
    }
    wait_for(pid);
    syscall(SYS_ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    // From the system call that stopped it straight to the function, with an empty return.
    struct user_registers registers = tracee_registers(pid);
    registers.pc = (uint64_t)function;
    registers.x[0] = argument;
    registers.x[30] = 0;
    tracee_set_registers(pid, &registers);
    return pid;
}

struct user_registers tracee_registers(long pid)
{
    struct user_registers registers;
    struct iovec vector = { &registers, sizeof registers };
    syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector);
    return registers;
}

void tracee_set_registers(long pid, const struct user_registers *registers)
{
    struct iovec vector = { (void *)registers, sizeof *registers };
    syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_PRSTATUS, &vector);
}

int tracee_resume(long pid, long request, int signal)
{
    syscall(SYS_ptrace, request, pid, 0, signal);
    return wait_for(pid);
}

struct siginfo tracee_siginfo(long pid)
{
    struct siginfo info;
    memset(&info, 0, sizeof info);
    syscall(SYS_ptrace, PTRACE_GETSIGINFO, pid, 0, &info);
    return info;
}

void tracee_end(long pid)
{
    syscall(SYS_kill, pid, SIGKILL);
    wait_for(pid);
}
