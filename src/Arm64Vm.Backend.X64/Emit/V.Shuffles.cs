namespace Arm64Vm.Backend.X64.Emit;

// Packing, interleaving, permutation, blends, extension and broadcast.
internal static partial class V
{
    // Pack two registers into one, saturating.
    public static VexOp Packsswb => Int(0x63).WithTwin();
    public static VexOp Packssdw => Int(0x6B).WithTwin();
    public static VexOp Packuswb => Int(0x67).WithTwin();
    public static VexOp Packusdw => Int38(0x2B).WithTwin();

    // Interleave.
    public static VexOp Punpcklbw => Int(0x60).WithTwin();
    public static VexOp Punpcklwd => Int(0x61).WithTwin();
    public static VexOp Punpckldq => Int(0x62).WithTwin();
    public static VexOp Punpcklqdq => Int(0x6C).WithTwin(1);
    public static VexOp Punpckhbw => Int(0x68).WithTwin();
    public static VexOp Punpckhwd => Int(0x69).WithTwin();
    public static VexOp Punpckhdq => Int(0x6A).WithTwin();
    public static VexOp Punpckhqdq => Int(0x6D).WithTwin(1);
    public static VexOp Unpcklps => Rvm(None, M0F, 0x14);
    public static VexOp Unpcklpd => Int(0x14);
    public static VexOp Unpckhps => Rvm(None, M0F, 0x15);
    public static VexOp Unpckhpd => Int(0x15);

    // Permute.
    public static VexOp Pshufb => Int38(0x00).WithTwin();
    public static VexOp Pshufd => Rmi(P66, M0F, 0x70).WithTwin();
    public static VexOp Pshufhw => Rmi(PF3, M0F, 0x70).WithTwin();
    public static VexOp Pshuflw => Rmi(PF2, M0F, 0x70).WithTwin();
    public static VexOp Palignr => Rvmi(P66, M0F3A, 0x0F).WithTwin();
    public static VexOp Shufps => Rvmi(None, M0F, 0xC6).WithTwin();
    public static VexOp Shufpd => Rvmi(P66, M0F, 0xC6).WithTwin(1);
    public static VexOp PermilpsImm => Rmi(P66, M0F3A, 0x04);
    public static VexOp PermilpdImm => Rmi(P66, M0F3A, 0x05);
    public static VexOp Permilps => Int38(0x0C);
    public static VexOp Permilpd => Int38(0x0D);
    public static VexOp Movddup => Rm(PF2, M0F, 0x12);
    public static VexOp Movsldup => Rm(PF3, M0F, 0x12);
    public static VexOp Movshdup => Rm(PF3, M0F, 0x16);
    public static VexOp Insertps => Rvmi(P66, M0F3A, 0x21).WithTwin(disp8Shift: 2);

    // Blend by a constant or by the top bits of a register.
    public static VexOp Pblendw => Rvmi(P66, M0F3A, 0x0E);
    public static VexOp Pblendd => Rvmi(P66, M0F3A, 0x02);
    public static VexOp Blendps => Rvmi(P66, M0F3A, 0x0C);
    public static VexOp Blendpd => Rvmi(P66, M0F3A, 0x0D);
    public static VexOp Blendvps => Rvmr(0x4A);
    public static VexOp Blendvpd => Rvmr(0x4B);
    public static VexOp Pblendvb => Rvmr(0x4C);

    // Extend the low elements.
    public static VexOp Pmovsxbw => Rm(P66, M0F38, 0x20).WithTwin(disp8Shift: 3);
    public static VexOp Pmovsxbd => Rm(P66, M0F38, 0x21);
    public static VexOp Pmovsxbq => Rm(P66, M0F38, 0x22);
    public static VexOp Pmovsxwd => Rm(P66, M0F38, 0x23).WithTwin(disp8Shift: 3);
    public static VexOp Pmovsxwq => Rm(P66, M0F38, 0x24);
    public static VexOp Pmovsxdq => Rm(P66, M0F38, 0x25).WithTwin(disp8Shift: 3);
    public static VexOp Pmovzxbw => Rm(P66, M0F38, 0x30).WithTwin(disp8Shift: 3);
    public static VexOp Pmovzxbd => Rm(P66, M0F38, 0x31);
    public static VexOp Pmovzxbq => Rm(P66, M0F38, 0x32);
    public static VexOp Pmovzxwd => Rm(P66, M0F38, 0x33).WithTwin(disp8Shift: 3);
    public static VexOp Pmovzxwq => Rm(P66, M0F38, 0x34);
    public static VexOp Pmovzxdq => Rm(P66, M0F38, 0x35).WithTwin(disp8Shift: 3);

    // Broadcast the low element of a register or memory.
    public static VexOp Pbroadcastb => Rm(P66, M0F38, 0x78).WithTwin(disp8Shift: 0);
    public static VexOp Pbroadcastw => Rm(P66, M0F38, 0x79).WithTwin(disp8Shift: 1);
    public static VexOp Pbroadcastd => Rm(P66, M0F38, 0x58).WithTwin(disp8Shift: 2);
    public static VexOp Pbroadcastq => Rm(P66, M0F38, 0x59).WithTwin(1, disp8Shift: 3);
    public static VexOp Broadcastss => Rm(P66, M0F38, 0x18);

    // Across the halves of a 256-bit register.
    public static VexOp Insertf128 => Rvmi(P66, M0F3A, 0x18).Wide;
    public static VexOp Inserti128 => Rvmi(P66, M0F3A, 0x38).Wide;
    public static VexOp Extractf128 => Mri(P66, M0F3A, 0x19).Wide;
    public static VexOp Extracti128 => Mri(P66, M0F3A, 0x39).Wide;
    public static VexOp Perm2i128 => Rvmi(P66, M0F3A, 0x46).Wide;
    public static VexOp Permq => Rmi(P66, M0F3A, 0x00, 1).Wide;
    public static VexOp Permd => Int38(0x36).Wide;
    public static VexOp Broadcasti128 => RmMem(P66, M0F38, 0x5A).Wide;
}
