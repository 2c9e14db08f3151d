// Programs: executing this one again from the initramfs, pipes between processes.
#include "harness.h"

static enum outcome test_execute(void)
{
    for (int i = 1; i < 20; i++) {
        long pid = fork_process();
        if (pid == 0) {
            char value[2] = { (char)i, 0 };
            const char *const arguments[] = { "init", value, 0 }, *const environment[] = { 0 };
            syscall(SYS_execve, "/init", arguments, environment);
            syscall(SYS_exit_group, 255);
        }
        CHECK_EQUAL("exit status", wait_for(pid) >> 8, i);
    }
    return OK;
}

static enum outcome test_pipes(void)
{
    int there[2], back[2];
    uint64_t value = 0;
    syscall(SYS_pipe2, there, 0);
    syscall(SYS_pipe2, back, 0);
    long pid = fork_process();
    if (pid == 0) {
        syscall(SYS_close, there[1]);
        while (syscall(SYS_read, there[0], &value, 8) == 8) {
            value = value * 3 + 1;
            syscall(SYS_write, back[1], &value, 8);
        }
        syscall(SYS_exit_group, 0);
    }
    for (uint64_t i = 0; i < 2000; i++) {
        syscall(SYS_write, there[1], &i, 8);
        syscall(SYS_read, back[0], &value, 8);
        CHECK_EQUAL("answer", value, i * 3 + 1);
    }
    syscall(SYS_close, there[1]);
    CHECK_EQUAL("child's status", wait_for(pid), 0);
    return OK;
}

const struct test tests_process[] = {
    { "process-execute", test_execute },
    { "process-pipes", test_pipes },
    { 0, 0 },
};
