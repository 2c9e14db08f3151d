// Reset entry. The machine enters at EL1, or at EL2 on a board with virtualization=on, with the MMU off and every
// PSTATE mask set. EL2 is left at once (Arm ARM D1.2, D24.2): everything after this file runs at EL1.

    .section .text.start, "ax"
    .global _start
_start:
    mov     x20, x0                     // a device tree address, or 0 when loaded as an ELF image
    mrs     x21, CurrentEL
    lsr     x21, x21, #2                // entry exception level
    bl      drop_to_el1
    ldr     x9, =__stack_top
    mov     sp, x9

    ldr     x9, =__bss_start
    ldr     x10, =__bss_end
1:  cmp     x9, x10
    b.hs    2f
    stp     xzr, xzr, [x9], #16
    b       1b
2:
    adrp    x9, vectors
    add     x9, x9, :lo12:vectors
    msr     vbar_el1, x9
    isb
    bl      mmu_init
    mov     x0, x20
    mov     x1, x21
    bl      firmware_main
3:  wfi
    b       3b

// A secondary CPU, started through PSCI CPU_ON with x0 = the function to run (called with its own stack, of which there are seven, and the MMU on).
    .global secondary_start
secondary_start:
    mov     x20, x0
    bl      drop_to_el1
    ldr     x9, =__stack2_top           // CPU n's stack lies n - 1 times 32 KiB lower
    mrs     x10, mpidr_el1
    and     x10, x10, #0xff
    sub     x10, x10, #1
    sub     x9, x9, x10, lsl #15
    mov     sp, x9
    adrp    x9, vectors
    add     x9, x9, :lo12:vectors
    msr     vbar_el1, x9
    isb
    bl      mmu_enable
    blr     x20
4:  wfi
    b       4b

// Returns at EL1 with the FP registers accessible, whichever of EL1 and EL2 the caller runs at.
drop_to_el1:
    mrs     x9, CurrentEL
    cmp     x9, #(2 << 2)
    b.ne    enable_fp
    mov     x9, #(1 << 31)              // HCR_EL2.RW: EL1 is AArch64; nothing is trapped
    msr     hcr_el2, x9
    mov     x9, #3                      // CNTHCTL_EL2: EL1 may use the physical counter and timer
    msr     cnthctl_el2, x9
    msr     cntvoff_el2, xzr
    mov     x9, #0x33ff                 // CPTR_EL2: its RES1 bits, no FP trap
    msr     cptr_el2, x9
    msr     hstr_el2, xzr
    mrs     x9, midr_el1
    msr     vpidr_el2, x9
    mrs     x9, mpidr_el1
    msr     vmpidr_el2, x9
    mrs     x9, id_aa64pfr0_el1
    ubfx    x9, x9, #24, #4             // GIC system registers implemented?
    cbz     x9, 1f
    mov     x9, #9                      // ICC_SRE_EL2: SRE and Enable
    msr     S3_4_C12_C9_5, x9
    isb
1:  ldr     x9, =0x30d00800             // SCTLR_EL1: RES1 bits only
    msr     sctlr_el1, x9
    mov     x9, #0x3c5                  // EL1h, DAIF masked
    msr     spsr_el2, x9
    adr     x9, enable_fp
    msr     elr_el2, x9
    eret
enable_fp:
    mov     x9, #(3 << 20)              // CPACR_EL1.FPEN
    msr     cpacr_el1, x9
    isb
    ret
