// Breakpoints and watchpoints through ptrace, software breakpoints, system-call stops, registers of a stopped process.
#include "tracee.h"

static uint64_t watched[8] __attribute__((aligned(64)));

void debugged(uint64_t);
__asm__(
    ".text\n"
    "debugged:\n"
    "debugged_load: ldr x1, [x0, #8]\n"
    "debugged_store: str x1, [x0, #16]\n"
    "debugged_byte: strb w1, [x0, #27]\n"
    "debugged_pair: stp x1, x1, [x0, #32]\n"
    "debugged_vector: ldr q0, [x0, #48]\n"
    "debugged_code: add x2, x2, #1\n"
    "debugged_branch: b debugged\n");
extern char debugged_load[], debugged_store[], debugged_byte[], debugged_pair[], debugged_vector[], debugged_code[], debugged_branch[];

// Slots that the kernel offers of one kind.
static unsigned slots(long pid, int kind)
{
    struct user_hwdebug debug;
    struct iovec vector = { &debug, sizeof debug };
    memset(&debug, 0, sizeof debug);
    return syscall(SYS_ptrace, PTRACE_GETREGSET, pid, kind, &vector) < 0 ? 0 : debug.info & 0xff;
}

static long set_slot(long pid, int kind, unsigned slot, uint64_t address, uint32_t control)
{
    struct user_hwdebug debug;
    struct iovec vector = { &debug, sizeof debug };
    memset(&debug, 0, sizeof debug);
    syscall(SYS_ptrace, PTRACE_GETREGSET, pid, kind, &vector);
    debug.slot[slot].address = address;
    debug.slot[slot].control = control;
    vector.length = 8 + 16 * (debug.info & 0xff);
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, kind, &vector);
}

// DBGBCR/DBGWCR as Linux takes them: enabled, EL0, and the bytes of the doubleword or word.
enum { EXECUTE = 0, LOAD = 1, STORE = 2, BOTH = 3 };
static uint32_t control(unsigned type, unsigned bytes) { return bytes << 5 | type << 3 | 2 << 1 | 1; }

static enum outcome expect_stop(long pid, const char *pc, uint64_t address)
{
    int status = tracee_resume(pid, PTRACE_CONT, 0);
    struct user_registers registers = tracee_registers(pid);
    if (status != STOPPED_BY(SIGTRAP) || registers.pc != (uint64_t)pc)
        return fail("status %x pc %lx, expected a stop at %lx", (unsigned)status, registers.pc, (uint64_t)pc);
    struct siginfo info = tracee_siginfo(pid);
    CHECK_EQUAL("signal code", info.code, TRAP_HWBKPT);
    CHECK_EQUAL("signal address", (uint64_t)info.address, address);
    return OK;
}

// The tracer's part of going on: past the instruction with the slot disabled.
static enum outcome pass(long pid, int kind, unsigned slot, uint64_t address, uint32_t how)
{
    CHECK_EQUAL("disable", set_slot(pid, kind, slot, address, how & ~1u), 0);
    uint64_t pc = tracee_registers(pid).pc;
    CHECK_EQUAL("status", tracee_resume(pid, PTRACE_SINGLESTEP, 0), STOPPED_BY(SIGTRAP));
    CHECK_EQUAL("pc", tracee_registers(pid).pc, pc + 4);
    CHECK_EQUAL("enable", set_slot(pid, kind, slot, address, how), 0);
    return OK;
}

static enum outcome test_breakpoint(void)
{
    long pid = tracee_start(debugged, (uint64_t)watched);
    if (slots(pid, NT_ARM_HW_BREAK) < 2)
        return skip("fewer than two breakpoints");
    const char *const places[2] = { debugged_store, debugged_code };
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQUAL("set", set_slot(pid, NT_ARM_HW_BREAK, i, (uint64_t)places[i], control(EXECUTE, 15)), 0);
    for (unsigned i = 0; i < 20; i++) {
        if (expect_stop(pid, places[i & 1], (uint64_t)places[i & 1]) != OK)
            return fail("round %d", (int)i);
        if (pass(pid, NT_ARM_HW_BREAK, i & 1, (uint64_t)places[i & 1], control(EXECUTE, 15)) != OK)
            return FAIL;
    }
    set_slot(pid, NT_ARM_HW_BREAK, 1, (uint64_t)debugged_code, control(EXECUTE, 15) & ~1u);
    for (int i = 0; i < 3; i++) {
        if (expect_stop(pid, debugged_store, (uint64_t)debugged_store) != OK)
            return fail("one breakpoint left, round %d", i);
        if (pass(pid, NT_ARM_HW_BREAK, 0, (uint64_t)debugged_store, control(EXECUTE, 15)) != OK)
            return FAIL;
    }
    tracee_end(pid);
    return OK;
}

static enum outcome watch(unsigned type, uint64_t offset, unsigned bytes, const char *pc, uint64_t reported)
{
    long pid = tracee_start(debugged, (uint64_t)watched);
    if (slots(pid, NT_ARM_HW_WATCH) < 1) {
        tracee_end(pid);
        return skip("no watchpoints");
    }
    CHECK_EQUAL("set", set_slot(pid, NT_ARM_HW_WATCH, 0, (uint64_t)watched + offset, control(type, bytes)), 0);
    for (int i = 0; i < 4; i++) {
        if (expect_stop(pid, pc, (uint64_t)watched + reported) != OK)
            return fail("round %d", i);
        if (pass(pid, NT_ARM_HW_WATCH, 0, (uint64_t)watched + offset, control(type, bytes)) != OK)
            return FAIL;
    }
    tracee_end(pid);
    return OK;
}

static enum outcome test_watch_load(void) { return watch(LOAD, 8, 0xff, debugged_load, 8); }
static enum outcome test_watch_store(void) { return watch(STORE, 16, 0xff, debugged_store, 16); }
static enum outcome test_watch_byte(void) { return watch(STORE, 27, 0x1, debugged_byte, 27); }
static enum outcome test_watch_pair(void) { return watch(BOTH, 40, 0xff, debugged_pair, 40); }
static enum outcome test_watch_vector(void) { return watch(LOAD, 56, 0xff, debugged_vector, 56); }

// Neighbouring bytes, and loads of a place that is watched for stores, do not stop.
static enum outcome test_watch_neighbours(void)
{
    long pid = tracee_start(debugged, (uint64_t)watched);
    if (slots(pid, NT_ARM_HW_WATCH) < 2)
        return skip("fewer than two watchpoints");
    set_slot(pid, NT_ARM_HW_WATCH, 0, (uint64_t)watched + 26, control(BOTH, 0x1));
    set_slot(pid, NT_ARM_HW_WATCH, 1, (uint64_t)watched + 8, control(STORE, 0xff));
    if (slots(pid, NT_ARM_HW_BREAK) < 1)
        return skip("no breakpoints");
    set_slot(pid, NT_ARM_HW_BREAK, 0, (uint64_t)debugged_branch, control(EXECUTE, 15));
    if (expect_stop(pid, debugged_branch, (uint64_t)debugged_branch) != OK)
        return FAIL;
    tracee_end(pid);
    return OK;
}

// The kernel's own access to a watched place on the process's behalf (write() from a buffer) reports nothing and goes through.
void debugged_call(uint64_t);
__asm__(
    ".text\n"
    "debugged_call:\n"
    "  mov x1, x0\n"
    "  mov x0, #-1\n"
    "  mov x2, #8\n"
    "  mov x8, #64\n"
    "  svc #0\n"
    "debugged_after: brk #3\n");
extern char debugged_after[];

static enum outcome test_watch_in_kernel(void)
{
    long pid = tracee_start(debugged_call, (uint64_t)watched);
    if (slots(pid, NT_ARM_HW_WATCH) < 1)
        return skip("no watchpoints");
    set_slot(pid, NT_ARM_HW_WATCH, 0, (uint64_t)watched, control(BOTH, 0xff));
    CHECK_EQUAL("status", tracee_resume(pid, PTRACE_CONT, 0), STOPPED_BY(SIGTRAP));
    CHECK_EQUAL("pc", tracee_registers(pid).pc, (uint64_t)debugged_after);
    CHECK_EQUAL("code", tracee_siginfo(pid).code, TRAP_BRKPT);
    tracee_end(pid);
    return OK;
}

// The tracer writes BRK into the tracee's text, and takes it back.
static enum outcome test_software_breakpoint(void)
{
    static uint64_t word;
    uint64_t place = (uint64_t)debugged_code & ~7ul, shift = ((uint64_t)debugged_code & 4) * 8;
    long pid = tracee_start(debugged, (uint64_t)watched);
    for (int i = 0; i < 50; i++) {
        CHECK_EQUAL("peek", syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, place, &word), 0);
        uint64_t patched = (word & ~(0xfffffffful << shift)) | 0xd4200000ul << shift;
        CHECK_EQUAL("poke", syscall(SYS_ptrace, PTRACE_POKEDATA, pid, place, patched), 0);
        CHECK_EQUAL("status", tracee_resume(pid, PTRACE_CONT, 0), STOPPED_BY(SIGTRAP));
        CHECK_EQUAL("pc", tracee_registers(pid).pc, (uint64_t)debugged_code);
        uint64_t before = tracee_registers(pid).x[2];
        CHECK_EQUAL("poke", syscall(SYS_ptrace, PTRACE_POKEDATA, pid, place, word), 0);
        CHECK_EQUAL("status", tracee_resume(pid, PTRACE_SINGLESTEP, 0), STOPPED_BY(SIGTRAP));
        CHECK_EQUAL("pc", tracee_registers(pid).pc, (uint64_t)debugged_branch);
        CHECK_EQUAL("the instruction ran", tracee_registers(pid).x[2], before + 1);
    }
    tracee_end(pid);
    return OK;
}

// System-call stops: another number, another result.
static enum outcome test_system_calls(void)
{
    static int number = SYS_getppid;
    long pid = tracee_start(debugged_call, (uint64_t)watched);
    CHECK_EQUAL("entry", tracee_resume(pid, PTRACE_SYSCALL, 0), STOPPED_BY(SIGTRAP | 0x80));
    CHECK_EQUAL("number", tracee_registers(pid).x[8], SYS_write);
    struct iovec vector = { &number, sizeof number };
    CHECK_EQUAL("set", syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &vector), 0);
    CHECK_EQUAL("exit", tracee_resume(pid, PTRACE_SYSCALL, 0), STOPPED_BY(SIGTRAP | 0x80));
    CHECK_EQUAL("result", tracee_registers(pid).x[0], syscall(SYS_getpid));
    tracee_end(pid);
    return OK;
}

void debugged_fp(uint64_t);
__asm__(
    ".text\n"
    "debugged_fp:\n"
    "  fadd d2, d0, d1\n"
    "  mrs x1, fpcr\n"
    "  brk #4\n");

static enum outcome test_fp_registers(void)
{
    long pid = tracee_start(debugged_fp, 0);
    struct user_fpsimd fp;
    struct iovec vector = { &fp, sizeof fp };
    CHECK_EQUAL("read", syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_PRFPREG, &vector), 0);
    fp.v[0] = 0x3ff8000000000000; // 1.5
    fp.v[1] = 0x4002000000000000; // 2.25
    fp.fpcr = 0x00400000;
    CHECK_EQUAL("write", syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_PRFPREG, &vector), 0);
    CHECK_EQUAL("status", tracee_resume(pid, PTRACE_CONT, 0), STOPPED_BY(SIGTRAP));
    CHECK_EQUAL("read", syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_PRFPREG, &vector), 0);
    CHECK_EQUAL("sum", fp.v[2], 0x400e000000000000);
    CHECK_EQUAL("fpcr", tracee_registers(pid).x[1], 0x00400000);
    tracee_end(pid);
    return OK;
}

const struct test tests_debug[] = {
    { "debug-breakpoint", test_breakpoint },
    { "debug-watch-load", test_watch_load },
    { "debug-watch-store", test_watch_store },
    { "debug-watch-byte", test_watch_byte },
    { "debug-watch-pair", test_watch_pair },
    { "debug-watch-vector", test_watch_vector },
    { "debug-watch-neighbours", test_watch_neighbours },
    { "debug-watch-in-kernel", test_watch_in_kernel },
    { "debug-software-breakpoint", test_software_breakpoint },
    { "debug-system-calls", test_system_calls },
    { "debug-fp-registers", test_fp_registers },
    { 0, 0 },
};
