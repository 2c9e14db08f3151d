// Costs of interrupts on the virt board with a GICv3, by the guest's own counter; interrupts.sh builds, runs and reads it.
// Prints hexadecimal words: counter frequency, rounds, then counts of all rounds together for
//   two reads of the counter with nothing between (included in the next three),
//   an SGI to oneself until it is pending (interrupts masked), its acknowledgement, its end,
//   and a timer interrupt: armed in the past, taken, acknowledged, ended, returned from (the whole loop).
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1

.equ ROUNDS, 200000
.global _start
_start:
  mov x28, #0x09000000            // PL011
  adr x0, vectors
  msr vbar_el1, x0
  mov x0, #0x08000000             // distributor: affinity routing, group 1
  mov w1, #0x12
  str w1, [x0]
  movz x0, #0x080A, lsl #16       // redistributor: awake
  str wzr, [x0, #0x14]
1: ldr w1, [x0, #0x14]
  tbnz w1, #2, 1b
  add x0, x0, #0x10000            // all private interrupts: group 1, enabled
  mov w1, #-1
  str w1, [x0, #0x80]
  str w1, [x0, #0x100]
  mov x1, #7
  msr ICC_SRE_EL1, x1
  isb
  mov x1, #0xf0
  msr ICC_PMR_EL1, x1
  mov x1, #1
  msr ICC_IGRPEN1_EL1, x1
  isb
  mrs x0, cntfrq_el0
  bl print
  movz x0, #(ROUNDS & 0xffff)
  movk x0, #(ROUNDS >> 16), lsl #16
  bl print
  // Two reads of the counter with nothing between.
  movz x20, #(ROUNDS & 0xffff)
  movk x20, #(ROUNDS >> 16), lsl #16
  mov x21, #0
2: isb
  mrs x1, cntvct_el0
  mrs x2, cntvct_el0
  sub x2, x2, x1
  add x21, x21, x2
  subs x20, x20, #1
  b.ne 2b
  mov x0, x21
  bl print
  // SGI 1, its acknowledgement and its end.
  movz x20, #(ROUNDS & 0xffff)
  movk x20, #(ROUNDS >> 16), lsl #16
  mov x21, #0
  mov x22, #0
  mov x23, #0
  movz x25, #0x0100, lsl #16
  orr x25, x25, #1
3: isb
  mrs x1, cntvct_el0
  msr ICC_SGI1R_EL1, x25
  isb
  mrs x2, cntvct_el0
  mrs x3, ICC_IAR1_EL1
  mrs x4, cntvct_el0
  msr ICC_EOIR1_EL1, x3
  mrs x5, cntvct_el0
  sub x6, x2, x1
  add x21, x21, x6
  sub x6, x4, x2
  add x22, x22, x6
  sub x6, x5, x4
  add x23, x23, x6
  subs x20, x20, #1
  b.ne 3b
  mov x0, x21
  bl print
  mov x0, x22
  bl print
  mov x0, x23
  bl print
  // Timer interrupts, taken.
  movz x20, #(ROUNDS & 0xffff)
  movk x20, #(ROUNDS >> 16), lsl #16
  mov x26, #0
  msr daifclr, #2
  mrs x27, cntvct_el0
4: mov x9, x26
  msr cntv_cval_el0, xzr
  mov x10, #1
  msr cntv_ctl_el0, x10
5: cmp x26, x9
  b.eq 5b
  subs x20, x20, #1
  b.ne 4b
  mrs x1, cntvct_el0
  sub x0, x1, x27
  bl print
  movz x0, #0x8400, lsl #16
  orr x0, x0, #8
  hvc #0
  b .
// x0 in hexadecimal.
print:
  mov x1, #60
6: lsr x2, x0, x1
  and x2, x2, #15
  cmp x2, #10
  add x3, x2, #'0'
  add x4, x2, #('a'-10)
  csel x2, x3, x4, lo
  str w2, [x28]
  subs x1, x1, #4
  b.pl 6b
  mov w2, #10
  str w2, [x28]
  ret
.balign 2048
vectors:
  .balign 128
  b .
  .balign 128
  b .
  .balign 128
  b .
  .balign 128
  b .
  .balign 128
  b .
  .balign 128
irq:
  mrs x11, ICC_IAR1_EL1
  msr cntv_ctl_el0, xzr
  isb
  add x26, x26, #1
  msr ICC_EOIR1_EL1, x11
  eret
