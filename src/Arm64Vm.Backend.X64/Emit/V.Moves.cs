namespace Arm64Vm.Backend.X64.Emit;

// Moves. Register to register, load with Vex, store with VexStore.
internal static partial class V
{
    // Whole registers; the A forms need 16-byte alignment.
    public static VexOp Movups => Move(None, 0x10, 0x11).WithTwin();
    public static VexOp Movupd => Move(P66, 0x10, 0x11);
    public static VexOp Movaps => Move(None, 0x28, 0x29).WithTwin();
    public static VexOp Movapd => Move(P66, 0x28, 0x29);
    public static VexOp Movdqa => Move(P66, 0x6F, 0x7F);
    public static VexOp Movdqu => Move(PF3, 0x6F, 0x7F);

    // The low element: loads clear the rest; between registers, three operands and the rest comes from the first source.
    public static VexOp Movss => Move(PF3, 0x10, 0x11, VexShape.MoveScalar).WithTwin(disp8Shift: 2);
    public static VexOp Movsd => Move(PF2, 0x10, 0x11, VexShape.MoveScalar).WithTwin(1, disp8Shift: 3);

    // The low 4 or 8 bytes; loads and vmovq between registers clear the rest. General registers: see Vmovd and Vmovq.
    public static VexOp Movd => new VexOp(VexShape.RmMem, M0F, P66, 0, 0x6E).WithSecond(0x7E, P66).WithTwin(disp8Shift: 2);
    public static VexOp Movq => new VexOp(VexShape.Move, M0F, PF3, 0, 0x7E).WithSecond(0xD6, P66).WithTwin(1, disp8Shift: 3);

    // Half a register from or to memory, and between the halves of registers.
    public static VexOp Movlps => Move(None, 0x12, 0x13, VexShape.MoveHalf);
    public static VexOp Movlpd => Move(P66, 0x12, 0x13, VexShape.MoveHalf);
    public static VexOp Movhps => Move(None, 0x16, 0x17, VexShape.MoveHalf);
    public static VexOp Movhpd => Move(P66, 0x16, 0x17, VexShape.MoveHalf);
    public static VexOp Movhlps => new(VexShape.RvmReg, M0F, None, 0, 0x12);
    public static VexOp Movlhps => new(VexShape.RvmReg, M0F, None, 0, 0x16);

    // Memory only: unaligned load of read-mostly data, non-temporal load and stores.
    public static VexOp Lddqu => RmMem(PF2, M0F, 0xF0);
    public static VexOp Movntdqa => RmMem(P66, M0F38, 0x2A);
    public static VexOp Movntdq => MrMem(P66, M0F, 0xE7);
    public static VexOp Movntps => MrMem(None, M0F, 0x2B);
}
