namespace Arm64Vm.Backend.X64.Emit;

// AVX-512 instructions in their 128-bit EVEX forms (AVX512VL). The prefix Evex sets them apart from VEX forms of the same name.
internal static partial class V
{
    // Ternary logic: imm8 is the truth table over (d, a, b).
    public static VexOp EvexPternlogd => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x25).AsEvex(4);
    public static VexOp EvexPternlogq => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x25).AsEvex(4);

    // 64-bit elements that AVX2 lacks.
    public static VexOp EvexPmullq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x40).AsEvex(4);
    public static VexOp EvexPminsq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x39).AsEvex(4);
    public static VexOp EvexPmaxsq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x3D).AsEvex(4);
    public static VexOp EvexPminuq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x3B).AsEvex(4);
    public static VexOp EvexPmaxuq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x3F).AsEvex(4);
    public static VexOp EvexPabsq => new VexOp(VexShape.Rm, M0F38, P66, 1, 0x1F).AsEvex(4);

    // Shifts and rotates: per element, and by a constant.
    public static VexOp EvexPsravq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x46).AsEvex(4);
    public static VexOp EvexPsllvw => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x12).AsEvex(4);
    public static VexOp EvexPsrlvw => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x10).AsEvex(4);
    public static VexOp EvexPsravw => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x11).AsEvex(4);
    public static VexOp EvexProlvd => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x15).AsEvex(4);
    public static VexOp EvexProlvq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x15).AsEvex(4);
    public static VexOp EvexProrvd => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x14).AsEvex(4);
    public static VexOp EvexProrvq => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x14).AsEvex(4);
    public static VexOp EvexPsraq => new VexOp(VexShape.Shift, M0F, P66, 1, 0xE2).WithSecond(0x72, P66, 4).AsEvex(4);
    public static VexOp EvexProld => new VexOp(VexShape.Vmi, M0F, P66, 0, 0x72).WithSecond(0x72, P66, 1).AsEvex(4);
    public static VexOp EvexProlq => new VexOp(VexShape.Vmi, M0F, P66, 1, 0x72).WithSecond(0x72, P66, 1).AsEvex(4);
    public static VexOp EvexProrq => new VexOp(VexShape.Vmi, M0F, P66, 1, 0x72).WithSecond(0x72, P66, 0).AsEvex(4);

    // Counting (CD, BITALG, VPOPCNTDQ).
    public static VexOp EvexPlzcntd => new VexOp(VexShape.Rm, M0F38, P66, 0, 0x44).AsEvex(4);
    public static VexOp EvexPlzcntq => new VexOp(VexShape.Rm, M0F38, P66, 1, 0x44).AsEvex(4);
    public static VexOp EvexPopcntb => new VexOp(VexShape.Rm, M0F38, P66, 0, 0x54).AsEvex(4);
    public static VexOp EvexPopcntw => new VexOp(VexShape.Rm, M0F38, P66, 1, 0x54).AsEvex(4);
    public static VexOp EvexPopcntd => new VexOp(VexShape.Rm, M0F38, P66, 0, 0x55).AsEvex(4);
    public static VexOp EvexPopcntq => new VexOp(VexShape.Rm, M0F38, P66, 1, 0x55).AsEvex(4);

    // Byte permutation over one and two registers (VBMI), and unaligned bytes of quadwords.
    public static VexOp EvexPermb => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x8D).AsEvex(4);
    public static VexOp EvexPermw => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x8D).AsEvex(4);
    public static VexOp EvexPermi2b => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x75).AsEvex(4);
    public static VexOp EvexPermt2b => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x7D).AsEvex(4);
    public static VexOp EvexPmultishiftqb => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x83).AsEvex(4);

    // Narrowing: truncating, signed and unsigned saturating. VexStore to a register or memory.
    public static VexOp EvexPmovwb => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x30).AsEvex(3);
    public static VexOp EvexPmovdw => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x33).AsEvex(3);
    public static VexOp EvexPmovqd => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x35).AsEvex(3);
    public static VexOp EvexPmovdb => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x31).AsEvex(2);
    public static VexOp EvexPmovqw => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x34).AsEvex(2);
    public static VexOp EvexPmovqb => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x32).AsEvex(1);
    public static VexOp EvexPmovswb => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x20).AsEvex(3);
    public static VexOp EvexPmovsdw => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x23).AsEvex(3);
    public static VexOp EvexPmovsqd => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x25).AsEvex(3);
    public static VexOp EvexPmovuswb => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x10).AsEvex(3);
    public static VexOp EvexPmovusdw => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x13).AsEvex(3);
    public static VexOp EvexPmovusqd => new VexOp(VexShape.Mr, M0F38, PF3, 0, 0x15).AsEvex(3);

    // Conversion with 64-bit and unsigned integers.
    public static VexOp EvexCvtqq2pd => new VexOp(VexShape.Rm, M0F, PF3, 1, 0xE6).AsEvex(4);
    public static VexOp EvexCvtqq2ps => new VexOp(VexShape.Rm, M0F, None, 1, 0x5B).AsEvex(4);
    public static VexOp EvexCvtuqq2pd => new VexOp(VexShape.Rm, M0F, PF3, 1, 0x7A).AsEvex(4);
    public static VexOp EvexCvtuqq2ps => new VexOp(VexShape.Rm, M0F, PF2, 1, 0x7A).AsEvex(4);
    public static VexOp EvexCvtudq2ps => new VexOp(VexShape.Rm, M0F, PF2, 0, 0x7A).AsEvex(4);
    public static VexOp EvexCvtudq2pd => new VexOp(VexShape.Rm, M0F, PF3, 0, 0x7A).AsEvex(3);
    public static VexOp EvexCvtpd2qq => new VexOp(VexShape.Rm, M0F, P66, 1, 0x7B).AsEvex(4);
    public static VexOp EvexCvttpd2qq => new VexOp(VexShape.Rm, M0F, P66, 1, 0x7A).AsEvex(4);
    public static VexOp EvexCvtpd2uqq => new VexOp(VexShape.Rm, M0F, P66, 1, 0x79).AsEvex(4);
    public static VexOp EvexCvttpd2uqq => new VexOp(VexShape.Rm, M0F, P66, 1, 0x78).AsEvex(4);
    public static VexOp EvexCvtps2udq => new VexOp(VexShape.Rm, M0F, None, 0, 0x79).AsEvex(4);
    public static VexOp EvexCvttps2udq => new VexOp(VexShape.Rm, M0F, None, 0, 0x78).AsEvex(4);

    // Floating point: minimum and maximum by magnitude, fix-up of special values, scaling, reduction.
    public static VexOp EvexRangeps => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x50).AsEvex(4);
    public static VexOp EvexRangepd => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x50).AsEvex(4);
    public static VexOp EvexFixupimmps => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x54).AsEvex(4);
    public static VexOp EvexFixupimmpd => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x54).AsEvex(4);
    public static VexOp EvexRangess => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x51).AsEvex(2);
    public static VexOp EvexRangesd => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x51).AsEvex(3);
    public static VexOp EvexFixupimmss => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x55).AsEvex(2);
    public static VexOp EvexFixupimmsd => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x55).AsEvex(3);
    public static VexOp EvexReducess => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x57).AsEvex(2);
    public static VexOp EvexReducesd => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x57).AsEvex(3);
    public static VexOp EvexRndscaless => new VexOp(VexShape.Rvmi, M0F3A, P66, 0, 0x0A).AsEvex(2);
    public static VexOp EvexRndscalesd => new VexOp(VexShape.Rvmi, M0F3A, P66, 1, 0x0B).AsEvex(3);
    public static VexOp EvexScalefss => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x2D).AsEvex(2);
    public static VexOp EvexScalefsd => new VexOp(VexShape.Rvm, M0F38, P66, 1, 0x2D).AsEvex(3);

    // Dot product (AVX512-VNNI).
    public static VexOp EvexPdpbusd => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x50).AsEvex(4);
    public static VexOp EvexPdpwssd => new VexOp(VexShape.Rvm, M0F38, P66, 0, 0x52).AsEvex(4);

    // Comparison into an opmask.
    public static VexOp EvexPcmpeqb => new VexOp(VexShape.KRvm, M0F, P66, 0, 0x74).AsEvex(4);
    public static VexOp EvexPcmpeqw => new VexOp(VexShape.KRvm, M0F, P66, 0, 0x75).AsEvex(4);
    public static VexOp EvexPcmpeqd => new VexOp(VexShape.KRvm, M0F, P66, 0, 0x76).AsEvex(4);
    public static VexOp EvexPcmpeqq => new VexOp(VexShape.KRvm, M0F38, P66, 1, 0x29).AsEvex(4);
    public static VexOp EvexPtestmb => new VexOp(VexShape.KRvm, M0F38, P66, 0, 0x26).AsEvex(4);
    public static VexOp EvexPtestmq => new VexOp(VexShape.KRvm, M0F38, P66, 1, 0x27).AsEvex(4);
    public static VexOp EvexPcmpb => new VexOp(VexShape.KRvmi, M0F3A, P66, 0, 0x3F).AsEvex(4);
    public static VexOp EvexPcmpub => new VexOp(VexShape.KRvmi, M0F3A, P66, 0, 0x3E).AsEvex(4);
    public static VexOp EvexPcmpw => new VexOp(VexShape.KRvmi, M0F3A, P66, 1, 0x3F).AsEvex(4);
    public static VexOp EvexPcmpuw => new VexOp(VexShape.KRvmi, M0F3A, P66, 1, 0x3E).AsEvex(4);
    public static VexOp EvexPcmpd => new VexOp(VexShape.KRvmi, M0F3A, P66, 0, 0x1F).AsEvex(4);
    public static VexOp EvexPcmpud => new VexOp(VexShape.KRvmi, M0F3A, P66, 0, 0x1E).AsEvex(4);
    public static VexOp EvexPcmpq => new VexOp(VexShape.KRvmi, M0F3A, P66, 1, 0x1F).AsEvex(4);
    public static VexOp EvexPcmpuq => new VexOp(VexShape.KRvmi, M0F3A, P66, 1, 0x1E).AsEvex(4);

    // Moves that reach registers 16 to 31.
    public static VexOp EvexMovdqu64 => new VexOp(VexShape.Move, M0F, PF3, 1, 0x6F).WithSecond(0x7F, PF3).AsEvex(4);
    public static VexOp EvexMovdqu8 => new VexOp(VexShape.Move, M0F, PF2, 0, 0x6F).WithSecond(0x7F, PF2).AsEvex(4);
    public static VexOp EvexMovdqa64 => new VexOp(VexShape.Move, M0F, P66, 1, 0x6F).WithSecond(0x7F, P66).AsEvex(4);
}
