// state.h's functions. The caller's registers are on the stack during the event, `out` above them.
    .altmacro
    .macro state_function name, wait=0
    .globl \name
\name:
    sub sp, sp, #192
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    stp x1, x9, [sp, #160]
    str x2, [sp, #176]
    ldp x9, x10, [x0, #248]
    msr nzcv, x9
    msr fpsr, x10
    ldr x9, [x0, #264]
    msr fpcr, x9
    add x9, x0, #272
    .irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    ldr q\n, [x9], #16
    .set next, \n + 1
    load_vector %next
    .endr
    .irp n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
    .set next, \n + 1
    load_pair \n, %next
    .endr
    ldr x30, [x0, #240]
    .if \wait
    ldr x1, [sp, #176]
    ldr x0, [x0]
    .else
    ldp x0, x1, [x0]
    .endif
    .endm

    .macro load_vector n
    ldr q\n, [x9], #16
    .endm

    .macro load_pair n, m
    ldp x\n, x\m, [x0, #\n * 8]
    .endm

    .macro store_pair n, m
    stp x\n, x\m, [x0, #\n * 8]
    .endm

    .macro store_vector n
    str q\n, [x9], #16
    .endm

    .macro state_store
    str x0, [sp, #184]
    ldr x0, [sp, #160]
    str x1, [x0, #8]
    .irp n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
    .set next, \n + 1
    store_pair \n, %next
    .endr
    str x30, [x0, #240]
    ldr x9, [sp, #184]
    str x9, [x0]
    mrs x9, nzcv
    mrs x10, fpsr
    stp x9, x10, [x0, #248]
    mrs x9, fpcr
    str x9, [x0, #264]
    add x9, x0, #272
    .irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    str q\n, [x9], #16
    .set next, \n + 1
    store_vector %next
    .endr
    ldr x9, [sp, #168]
    msr fpcr, x9
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #192
    ret
    .endm

    state_function state_spin
1:  sub x0, x0, #1
    cbnz x0, 1b
    state_store

    state_function state_break
    brk #0x51
    state_store

    state_function state_call
    svc #0
    state_store

    state_function state_wait, 1
1:  ldr x0, [x1]
    cbz x0, 1b
    state_store

    .section .note.GNU-stack, "", %progbits
