namespace Arm64Vm.Backend.X64.Emit;

// Packed shifts. Counts of the element size or more give zero, or the sign for arithmetic shifts.
internal static partial class V
{
    // One count for all elements: a constant, or the low quadword of a register.
    public static VexOp Psllw => Shift(0xF1, 0x71, 6).WithTwin();
    public static VexOp Pslld => Shift(0xF2, 0x72, 6).WithTwin();
    public static VexOp Psllq => Shift(0xF3, 0x73, 6).WithTwin(1);
    public static VexOp Psrlw => Shift(0xD1, 0x71, 2).WithTwin();
    public static VexOp Psrld => Shift(0xD2, 0x72, 2).WithTwin();
    public static VexOp Psrlq => Shift(0xD3, 0x73, 2).WithTwin(1);
    public static VexOp Psraw => Shift(0xE1, 0x71, 4).WithTwin();
    public static VexOp Psrad => Shift(0xE2, 0x72, 4).WithTwin();

    // The whole register by bytes; constants only.
    public static VexOp Pslldq => ByteShift(7).WithTwin();
    public static VexOp Psrldq => ByteShift(3).WithTwin();

    // A count per element.
    public static VexOp Psllvd => Int38(0x47).WithTwin();
    public static VexOp Psllvq => Int38(0x47, 1).WithTwin(1);
    public static VexOp Psrlvd => Int38(0x45).WithTwin();
    public static VexOp Psrlvq => Int38(0x45, 1).WithTwin(1);
    public static VexOp Psravd => Int38(0x46).WithTwin();
}
