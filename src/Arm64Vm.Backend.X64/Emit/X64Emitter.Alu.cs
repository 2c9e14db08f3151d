using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

// ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST, and the one-operand NEG, NOT, INC, DEC.
internal sealed unsafe partial class X64Emitter
{
    public void Alu(AluOp op, int size, Gpr dst, Gpr src)
        => _cur = Op1(Begin(), size, Sized((int)op << 3, size), (int)src, (int)dst, ByteRex(size, (int)dst) | ByteRex(size, (int)src));

    public void Alu(AluOp op, int size, Gpr dst, Mem src)
        => _cur = Op1(Begin(), size, Sized(((int)op << 3) | 2, size), (int)dst, src, ByteRex(size, (int)dst), 0);

    public void Alu(AluOp op, int size, Mem dst, Gpr src)
        => _cur = Op1(Begin(), size, Sized((int)op << 3, size), (int)src, dst, ByteRex(size, (int)src), 0);

    /// <summary>The immediate is truncated to the operand's size, and sign-extended to eight bytes.</summary>
    public void Alu(AluOp op, int size, Gpr dst, int imm)
    {
        byte* p = Begin();
        imm = Truncate(size, imm);
        bool shortImm = imm == (sbyte)imm;
        if (dst == Gpr.Rax & (!shortImm | size == 1))
        {
            _cur = AccumulatorImm(p, size, Sized(((int)op << 3) | 4, size), imm);
            return;
        }

        int opcode = size == 1 ? 0x80 : shortImm ? 0x83 : 0x81;
        p = Op1(p, size, opcode, (int)op, (int)dst, ByteRex(size, (int)dst));
        *(int*)p = imm;
        _cur = p + (shortImm ? 1 : ImmBytes(size));
    }

    public void Alu(AluOp op, int size, Mem dst, int imm) => _cur = AluMemImm(Begin(), op, size, dst, imm);

    public void Test(int size, Gpr a, Gpr b)
        => _cur = Op1(Begin(), size, Sized(0x84, size), (int)b, (int)a, ByteRex(size, (int)a) | ByteRex(size, (int)b));

    public void Test(int size, Mem a, Gpr b)
        => _cur = Op1(Begin(), size, Sized(0x84, size), (int)b, a, ByteRex(size, (int)b), 0);

    public void Test(int size, Gpr a, int imm)
    {
        byte* p = Begin();
        if (a == Gpr.Rax)
        {
            _cur = AccumulatorImm(p, size, Sized(0xA8, size), imm);
            return;
        }

        p = Op1(p, size, Sized(0xF6, size), 0, (int)a, ByteRex(size, (int)a));
        *(int*)p = imm;
        _cur = p + ImmBytes(size);
    }

    public void Test(int size, Mem a, int imm)
    {
        int bytes = ImmBytes(size);
        byte* p = Op1(Begin(), size, Sized(0xF6, size), 0, a, 0, bytes);
        *(int*)p = imm;
        _cur = p + bytes;
    }

    public void Not(int size, Gpr r) => OneOperand(0xF6, 2, size, r);

    public void Neg(int size, Gpr r) => OneOperand(0xF6, 3, size, r);

    public void Inc(int size, Gpr r) => OneOperand(0xFE, 0, size, r);

    public void Dec(int size, Gpr r) => OneOperand(0xFE, 1, size, r);

    public void Not(int size, Mem m) => OneOperand(0xF6, 2, size, m);

    public void Neg(int size, Mem m) => OneOperand(0xF6, 3, size, m);

    public void Inc(int size, Mem m) => OneOperand(0xFE, 0, size, m);

    public void Dec(int size, Mem m) => OneOperand(0xFE, 1, size, m);

    private void OneOperand(int opcode, int digit, int size, Gpr r)
        => _cur = Op1(Begin(), size, Sized(opcode, size), digit, (int)r, ByteRex(size, (int)r));

    private void OneOperand(int opcode, int digit, int size, Mem m)
        => _cur = Op1(Begin(), size, Sized(opcode, size), digit, m, 0, 0);

    private byte* AluMemImm(byte* p, AluOp op, int size, Mem dst, int imm)
    {
        imm = Truncate(size, imm);
        bool shortImm = imm == (sbyte)imm;
        int opcode = size == 1 ? 0x80 : shortImm ? 0x83 : 0x81;
        int bytes = shortImm ? 1 : ImmBytes(size);
        p = Op1(p, size, opcode, (int)op, dst, 0, bytes);
        *(int*)p = imm;
        return p + bytes;
    }

    /// <summary>The forms for al, ax, eax and rax, which have no ModRM.</summary>
    private static byte* AccumulatorImm(byte* p, int size, int opcode, int imm)
    {
        *p = 0x66;
        p += Flag(size == 2);
        *p = 0x48;
        p += Flag(size == 8);
        *p = (byte)opcode;
        *(int*)(p + 1) = imm;
        return p + 1 + ImmBytes(size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Truncate(int size, int imm) => size >= 4 ? imm : size == 2 ? (short)imm : (sbyte)imm;
}
