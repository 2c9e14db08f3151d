namespace Arm64Vm.Backend.X64.Emit;

// Floating-point arithmetic, comparison, logic and conversion.
internal static partial class V
{
    // Arithmetic. Min and Max give the second operand for NaNs and for two zeros.
    public static VexOp Addps => Rvm(None, M0F, 0x58).WithTwin();
    public static VexOp Addpd => Rvm(P66, M0F, 0x58).WithTwin(1);
    public static VexOp Addss => Rvm(PF3, M0F, 0x58).WithTwin(disp8Shift: 2);
    public static VexOp Addsd => Rvm(PF2, M0F, 0x58).WithTwin(1, disp8Shift: 3);
    public static VexOp Subps => Rvm(None, M0F, 0x5C).WithTwin();
    public static VexOp Subpd => Rvm(P66, M0F, 0x5C).WithTwin(1);
    public static VexOp Subss => Rvm(PF3, M0F, 0x5C).WithTwin(disp8Shift: 2);
    public static VexOp Subsd => Rvm(PF2, M0F, 0x5C).WithTwin(1, disp8Shift: 3);
    public static VexOp Mulps => Rvm(None, M0F, 0x59).WithTwin();
    public static VexOp Mulpd => Rvm(P66, M0F, 0x59).WithTwin(1);
    public static VexOp Mulss => Rvm(PF3, M0F, 0x59).WithTwin(disp8Shift: 2);
    public static VexOp Mulsd => Rvm(PF2, M0F, 0x59).WithTwin(1, disp8Shift: 3);
    public static VexOp Divps => Rvm(None, M0F, 0x5E).WithTwin();
    public static VexOp Divpd => Rvm(P66, M0F, 0x5E).WithTwin(1);
    public static VexOp Divss => Rvm(PF3, M0F, 0x5E).WithTwin(disp8Shift: 2);
    public static VexOp Divsd => Rvm(PF2, M0F, 0x5E).WithTwin(1, disp8Shift: 3);
    public static VexOp Minps => Rvm(None, M0F, 0x5D);
    public static VexOp Minpd => Rvm(P66, M0F, 0x5D);
    public static VexOp Minss => Rvm(PF3, M0F, 0x5D);
    public static VexOp Minsd => Rvm(PF2, M0F, 0x5D);
    public static VexOp Maxps => Rvm(None, M0F, 0x5F);
    public static VexOp Maxpd => Rvm(P66, M0F, 0x5F);
    public static VexOp Maxss => Rvm(PF3, M0F, 0x5F);
    public static VexOp Maxsd => Rvm(PF2, M0F, 0x5F);

    // Square root and estimates.
    public static VexOp Sqrtps => Rm(None, M0F, 0x51).WithTwin();
    public static VexOp Sqrtpd => Rm(P66, M0F, 0x51).WithTwin(1);
    public static VexOp Sqrtss => Rvm(PF3, M0F, 0x51).WithTwin(disp8Shift: 2);
    public static VexOp Sqrtsd => Rvm(PF2, M0F, 0x51).WithTwin(1, disp8Shift: 3);
    public static VexOp Rsqrtps => Rm(None, M0F, 0x52);
    public static VexOp Rsqrtss => Rvm(PF3, M0F, 0x52);
    public static VexOp Rcpps => Rm(None, M0F, 0x53);
    public static VexOp Rcpss => Rvm(PF3, M0F, 0x53);

    // Horizontal.
    public static VexOp Haddps => Rvm(PF2, M0F, 0x7C);
    public static VexOp Haddpd => Int(0x7C);
    public static VexOp Hsubps => Rvm(PF2, M0F, 0x7D);
    public static VexOp Hsubpd => Int(0x7D);
    public static VexOp Addsubps => Rvm(PF2, M0F, 0xD0);
    public static VexOp Addsubpd => Int(0xD0);
    public static VexOp Dpps => Rvmi(P66, M0F3A, 0x40);
    public static VexOp Dppd => Rvmi(P66, M0F3A, 0x41);

    // Logic.
    public static VexOp Andps => Rvm(None, M0F, 0x54).WithTwin();
    public static VexOp Andpd => Int(0x54);
    public static VexOp Andnps => Rvm(None, M0F, 0x55);
    public static VexOp Andnpd => Int(0x55);
    public static VexOp Orps => Rvm(None, M0F, 0x56).WithTwin();
    public static VexOp Orpd => Int(0x56);
    public static VexOp Xorps => Rvm(None, M0F, 0x57).WithTwin();
    public static VexOp Xorpd => Int(0x57);
    public static VexOp Testps => Rm(P66, M0F38, 0x0E);
    public static VexOp Testpd => Rm(P66, M0F38, 0x0F);

    // Comparison: imm8 is the predicate (SDM vol. 2A, CMPPD, table 3-1); or into the flags.
    public static VexOp Cmpps => Rvmi(None, M0F, 0xC2);
    public static VexOp Cmppd => Rvmi(P66, M0F, 0xC2);
    public static VexOp Cmpss => Rvmi(PF3, M0F, 0xC2);
    public static VexOp Cmpsd => Rvmi(PF2, M0F, 0xC2);
    public static VexOp Ucomiss => Rm(None, M0F, 0x2E).WithTwin(disp8Shift: 2);
    public static VexOp Ucomisd => Rm(P66, M0F, 0x2E).WithTwin(1, disp8Shift: 3);
    public static VexOp Comiss => Rm(None, M0F, 0x2F).WithTwin(disp8Shift: 2);
    public static VexOp Comisd => Rm(P66, M0F, 0x2F).WithTwin(1, disp8Shift: 3);

    // Rounding to integral values: imm8[1:0] mode, [2] use MXCSR, [3] suppress Inexact.
    public static VexOp Roundps => Rmi(P66, M0F3A, 0x08);
    public static VexOp Roundpd => Rmi(P66, M0F3A, 0x09);
    public static VexOp Roundss => Rvmi(P66, M0F3A, 0x0A);
    public static VexOp Roundsd => Rvmi(P66, M0F3A, 0x0B);

    // Conversion between precisions.
    public static VexOp Cvtps2pd => Rm(None, M0F, 0x5A);
    public static VexOp Cvtpd2ps => Rm(P66, M0F, 0x5A);
    public static VexOp Cvtss2sd => Rvm(PF3, M0F, 0x5A).WithTwin(disp8Shift: 2);
    public static VexOp Cvtsd2ss => Rvm(PF2, M0F, 0x5A).WithTwin(1, disp8Shift: 3);
    public static VexOp Cvtph2ps => Rm(P66, M0F38, 0x13);
    public static VexOp Cvtps2ph => Mri(P66, M0F3A, 0x1D);

    // Conversion from and to packed 32-bit integers.
    public static VexOp Cvtdq2ps => Rm(None, M0F, 0x5B);
    public static VexOp Cvtps2dq => Rm(P66, M0F, 0x5B);
    public static VexOp Cvttps2dq => Rm(PF3, M0F, 0x5B);
    public static VexOp Cvtdq2pd => Rm(PF3, M0F, 0xE6);
    public static VexOp Cvtpd2dq => Rm(PF2, M0F, 0xE6);
    public static VexOp Cvttpd2dq => Rm(P66, M0F, 0xE6);
}
