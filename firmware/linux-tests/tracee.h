// A stopped child that the tests step and inspect.
#pragma once
#include "harness.h"

// Starts a child that traces itself and stops; the child then calls function(argument). Returns its process id.
long tracee_start(void (*function)(uint64_t), uint64_t argument);
struct user_registers tracee_registers(long pid);
void tracee_set_registers(long pid, const struct user_registers *registers);
// Resumes with a request (PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_SYSCALL) and waits: the status as wait4 has it.
int tracee_resume(long pid, long request, int signal);
struct siginfo tracee_siginfo(long pid);
void tracee_end(long pid);

#define STOPPED_BY(signal) ((signal) << 8 | 0x7f)
