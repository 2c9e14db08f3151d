namespace Arm64Vm.Backend.X64.Emit;

// AES, carry-less multiplication, Galois field arithmetic and string comparison.
internal static partial class V
{
    // AES: one round on state a with round key b.
    public static VexOp Aesenc => Int38(0xDC).WithTwin();
    public static VexOp Aesenclast => Int38(0xDD).WithTwin();
    public static VexOp Aesdec => Int38(0xDE).WithTwin();
    public static VexOp Aesdeclast => Int38(0xDF).WithTwin();
    public static VexOp Aesimc => Rm(P66, M0F38, 0xDB);
    public static VexOp Aeskeygenassist => Rmi(P66, M0F3A, 0xDF);

    // imm8[0] and imm8[4] choose the quadwords.
    public static VexOp Pclmulqdq => Rvmi(P66, M0F3A, 0x44).WithTwin();

    // GFNI: matrix by vector over GF(2), and products modulo x^8 + x^4 + x^3 + x + 1.
    public static VexOp Gf2p8mulb => Int38(0xCF);
    public static VexOp Gf2p8affineqb => Rvmi(P66, M0F3A, 0xCE, 1);
    public static VexOp Gf2p8affineinvqb => Rvmi(P66, M0F3A, 0xCF, 1);
}
