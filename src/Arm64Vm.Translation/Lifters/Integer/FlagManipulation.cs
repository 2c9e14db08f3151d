using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>RMIF, SETF8, SETF16; CFINV, AXFLAG, XAFLAG. They work on NZCV in bits 31:28.</summary>
internal static class FlagManipulation
{
    private const uint N = 1u << 31, Z = 1u << 30, C = 1u << 29, V = 1u << 28;

    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        if (i.Opcode == A64Opcode.Rmif)
            RotateMaskInsert(b, i);
        else
            SetFromNarrow(b, b.ReadW(i.Rn), i.Opcode == A64Opcode.Setf8 ? 8 : 16);
        return true;
    }

    /// <summary>C is inverted.</summary>
    public static void InvertCarry(IrBuilder b) => Write(b, b.Xor(IrType.I32, Read(b), b.Const32(C)));

    /// <summary>AXFLAG: from the Arm form of a floating-point comparison to one where unordered is Z or C.</summary>
    public static void ToAlternative(IrBuilder b)
    {
        IrValue f = Read(b);
        IrValue zero = Masked(b, b.Or(IrType.I32, f, Shift(b, IrOp.Shl, f, 2)), Z);
        IrValue carry = Masked(b, b.Binary(IrOp.AndNot, IrType.I32, f, Shift(b, IrOp.Shl, f, 1)), C);
        Write(b, b.Or(IrType.I32, zero, carry));
    }

    /// <summary>XAFLAG: the reverse of AXFLAG.</summary>
    public static void FromAlternative(IrBuilder b)
    {
        IrValue f = Read(b);
        IrValue up1 = Shift(b, IrOp.Shl, f, 1);
        IrValue down1 = Shift(b, IrOp.Shr, f, 1);
        IrValue carryOrZero = b.Or(IrType.I32, Shift(b, IrOp.Shl, f, 2), up1);
        IrValue negative = b.Binary(IrOp.AndNot, IrType.I32, b.Const32(N), carryOrZero);
        IrValue zero = Masked(b, b.And(IrType.I32, f, up1), Z);
        IrValue carry = Masked(b, b.Or(IrType.I32, f, down1), C);
        IrValue overflow = Masked(b, b.Binary(IrOp.AndNot, IrType.I32, Shift(b, IrOp.Shr, f, 2), down1), V);
        Write(b, b.Or(IrType.I32, b.Or(IrType.I32, negative, zero), b.Or(IrType.I32, carry, overflow)));
    }

    private static void RotateMaskInsert(IrBuilder b, A64Instruction i)
    {
        uint mask = (uint)i.Nzcv << 28;
        if (mask == 0)
            return;
        IrValue rotated = b.Binary(IrOp.Ror, IrType.I64, b.ReadX(i.Rn), b.Const64(i.Bits(20, 15)));
        IrValue inserted = Masked(b, Shift(b, IrOp.Shl, b.Truncate(rotated), 28), mask);
        if (i.Nzcv != 15)
            inserted = b.Or(IrType.I32, Masked(b, Read(b), ~mask), inserted);
        Write(b, inserted);
    }

    /// <summary>N and Z as of the low bits, V where the bit above the sign differs from it, C kept.</summary>
    private static void SetFromNarrow(IrBuilder b, IrValue value, int width)
    {
        IrValue top = Shift(b, IrOp.Shl, value, 32 - width);
        IrValue test = b.Binary(IrOp.AndS, IrType.I32, top, top);
        IrValue negativeZero = b.Unary(IrOp.FlagsToNzcv, IrType.I32, b.FlagsOf(test));
        IrValue differ = b.Xor(IrType.I32, value, Shift(b, IrOp.Shr, value, 1));
        IrValue overflow = Shift(b, IrOp.Shl, b.Emit(IrOp.BitsExtractUnsigned, IrType.I32, differ, aux: width - 1, imm: 1), 28);
        IrValue kept = Masked(b, Read(b), C);
        Write(b, b.Or(IrType.I32, b.Or(IrType.I32, negativeZero, overflow), kept));
    }

    private static IrValue Read(IrBuilder b) => b.Unary(IrOp.FlagsToNzcv, IrType.I32, b.ReadFlags());

    private static void Write(IrBuilder b, IrValue nzcv) => b.WriteFlags(b.Unary(IrOp.FlagsFromNzcv, IrType.Flags, nzcv));

    private static IrValue Masked(IrBuilder b, IrValue value, uint mask) => b.And(IrType.I32, value, b.Const32(mask));

    private static IrValue Shift(IrBuilder b, IrOp op, IrValue value, int amount) => b.Binary(op, IrType.I32, value, b.Const32((uint)amount));
}
