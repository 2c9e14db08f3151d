// Pointer authentication and branch target identification, where the machine offers them.
#include "harness.h"

static uint64_t sign(uint64_t pointer, uint64_t modifier)
{
    register uint64_t x17 __asm__("x17") = pointer;
    register uint64_t x16 __asm__("x16") = modifier;
    __asm__("hint #8" : "+r"(x17) : "r"(x16)); // pacia1716
    return x17;
}

static uint64_t authenticate(uint64_t pointer, uint64_t modifier)
{
    register uint64_t x17 __asm__("x17") = pointer;
    register uint64_t x16 __asm__("x16") = modifier;
    __asm__ volatile("hint #12" : "+r"(x17) : "r"(x16)); // autia1716
    return x17;
}

static enum outcome test_sign(void)
{
    if (!(hwcap & HWCAP_PACA))
        return skip("no pointer authentication");
    uint64_t pointer = (uint64_t)test_sign, different = 0;
    for (uint64_t i = 0; i < 200; i++) {
        uint64_t signed_pointer = sign(pointer + i * 4, i);
        different += signed_pointer != pointer + i * 4;
        CHECK_EQUAL("authenticated", authenticate(signed_pointer, i), pointer + i * 4);
    }
    CHECK("most signatures are not zero", different > 100);
    return OK;
}

static uint64_t forged;

static void use_forged(uint64_t modifier)
{
    ((void (*)(void))(uintptr_t)authenticate(forged, modifier))();
}

static void nothing(void) {}

static enum outcome test_forgery(void)
{
    if (!(hwcap & HWCAP_PACA))
        return skip("no pointer authentication");
    int refused = 0;
    for (uint64_t i = 0; i < 64; i++) {
        forged = sign((uint64_t)nothing, i);
        CHECK_EQUAL("signal with the right modifier", trapped(use_forged, i), 0);
        forged ^= 1ul << 50;
        int signal = trapped(use_forged, i);
        refused += signal == SIGSEGV || signal == SIGILL;
    }
    CHECK_EQUAL("refused forgeries", refused, 64);
    return OK;
}

// Keys belong to the program: a child has its parent's, and executing gives new ones.
static enum outcome test_keys(void)
{
    if (!(hwcap & HWCAP_PACA))
        return skip("no pointer authentication");
    uint64_t expected = sign((uint64_t)nothing, 5);
    long pid = fork_process();
    if (pid == 0)
        syscall(SYS_exit_group, sign((uint64_t)nothing, 5) != expected);
    CHECK_EQUAL("child signs alike", wait_for(pid), 0);
    for (int i = 0; i < 50; i++) {
        syscall(SYS_sched_yield);
        CHECK_EQUAL("signature after a switch", sign((uint64_t)nothing, 5), expected);
    }
    syscall(SYS_prctl, 54, 0, 0, 0, 0); // PR_PAC_RESET_KEYS: all
    int changed = 0;
    for (uint64_t i = 0; i < 16; i++)
        changed += sign((uint64_t)nothing + i * 4, 5) != sign((uint64_t)nothing + i * 4, 6);
    CHECK("signatures depend on the modifier", changed > 0);
    return OK;
}

static void call_code(uint64_t target)
{
    __asm__ volatile("blr %0" ::"r"(target) : "x30", "memory");
}

static uint32_t *code;

// BR from unguarded code may land on any BTI, from guarded code on BTI j and jc only (Arm ARM D8.4.8, BTYPE 1 and 3).
static void jump_unguarded(uint64_t target)
{
    __asm__ volatile("mov x3, %0\n adr x30, 1f\n br x3\n1:" ::"r"(target) : "x3", "x30", "memory");
}

static void jump_guarded(uint64_t target)
{
    ((void (*)(uint64_t))(uintptr_t)(code + 8))(target);
}

static enum outcome test_branch_targets(void)
{
    enum { LANDING_C = 0xd503245f, LANDING_J = 0xd503249f, LANDING_JC = 0xd50324df, RETURN = 0xd65f03c0, BRANCH_X0 = 0xd61f0000 };
    if (!(hwcap2 & HWCAP2_BTI))
        return skip("no branch target identification");
    static const uint32_t words[] = { RETURN, RETURN, LANDING_C, RETURN, LANDING_J, RETURN, LANDING_JC, RETURN, LANDING_C, BRANCH_X0 };
    code = pages(1, PROT_READ | PROT_WRITE);
    memcpy(code, words, sizeof words);
    CHECK_EQUAL("mprotect", syscall(SYS_mprotect, code, PAGE, PROT_READ | PROT_EXEC | PROT_BTI), 0);
    synchronize_code(code, sizeof words);
    static const struct { void (*go)(uint64_t); const char *name; int allowed[4]; } cases[] = {
        { call_code, "blr", { 0, 1, 0, 1 } },
        { jump_unguarded, "br from unguarded code", { 0, 1, 1, 1 } },
        { jump_guarded, "br from guarded code", { 0, 0, 1, 1 } },
    };
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            for (int landing = 0; landing < 4; landing++) {
                uint64_t target = (uint64_t)(code + landing * 2);
                int signal = trapped(cases[i].go, target);
                if (signal != (cases[i].allowed[landing] ? 0 : SIGILL) || (signal && trap.pc != target))
                    return fail("%s to landing %d: signal %d at %lx", cases[i].name, landing, signal, trap.pc);
            }
        }
    }
    return OK;
}

const struct test tests_pauth[] = {
    { "pauth-sign", test_sign },
    { "pauth-forgery", test_forgery },
    { "pauth-keys", test_keys },
    { "pauth-branch-targets", test_branch_targets },
    { 0, 0 },
};
