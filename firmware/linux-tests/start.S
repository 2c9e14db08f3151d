// Entry of the program: the kernel leaves the argument count, arguments, environment and auxiliary vector on the stack.
    .globl _start
_start:
    mov x29, #0
    mov x30, #0
    mov x0, sp
    bl program
    udf #0

// long thread_start(flags, stack_top, clear_tid, function, argument): clone; the child calls function(argument) on its own stack and exits.
    .globl thread_start
thread_start:
    stp x3, x4, [x1, #-16]!
    mov x4, x2
    mov x2, #0
    mov x3, #0
    mov x8, #220
    svc #0
    cbz x0, 1f
    ret
1:  ldp x1, x0, [sp], #16
    mov x29, #0
    blr x1
    mov x0, #0
    mov x8, #93
    svc #0
    .section .note.GNU-stack, "", %progbits
