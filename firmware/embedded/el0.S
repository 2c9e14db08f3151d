// The way into EL0 and back, and the code that runs there.

    .text
    .global el0_run
el0_run:                                // (pc, sp, argument, spsr) -> x0 at the exception that ended EL0
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    msr     elr_el1, x0
    msr     sp_el0, x1
    msr     spsr_el1, x3
    mov     x0, x2
    eret

// trap_dispatch resumes here, at EL1 with SP_EL1 as el0_run left it.
    .global el0_leave
el0_leave:
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #96
    ret

// A page of its own: selftests map it for EL0 at an address of their choice, so it is position independent.
    .section .el0, "ax"
    .balign 4096
    .global el0_page
el0_page:
    .global el0_svc                     // returns argument + 1 through SVC #7
el0_svc:
    add     x0, x0, #1
    svc     #7
    .global el0_load                    // loads from the argument
el0_load:
    ldr     x0, [x0]
    svc     #8
    .global el0_store                   // stores to the argument
el0_store:
    str     x0, [x0]
    svc     #9
    .global el0_branch                  // jumps to the argument
el0_branch:
    br      x0
    .global el0_privileged              // reads a register EL0 must not see
el0_privileged:
    mrs     x0, sctlr_el1
    svc     #10
    .global el0_push                    // uses the stack, counts the virtual counter, masks nothing
el0_push:
    stp     x0, x0, [sp, #-16]!
    ldp     x1, x2, [sp], #16
    add     x0, x1, x2
    mrs     x3, cntvct_el0
    cmp     x3, #0
    csel    x0, xzr, x0, eq
    svc     #11
    .global el0_spin                    // waits for an interrupt's handler to write to [argument]
el0_spin:
    ldr     x1, [x0]
    cbz     x1, el0_spin
    mov     x0, x1
    svc     #12
    .global el0_step                    // stepped one instruction at a time
el0_step:
    add     x0, x0, #1
    add     x0, x0, #2
    add     x0, x0, #4
    svc     #13
    .balign 4096
