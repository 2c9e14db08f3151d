using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>FCADD and FCMLA: complex numbers as pairs of elements, the real part in the even one (FEAT_FCMA).</summary>
internal static class SimdFpComplex
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        int size = 1 << i.Size;
        switch (i.Opcode)
        {
            case A64Opcode.Fcadd:
                return LiftAdd(context, i, size, quarterTurns: i.Bit(12) ? 3 : 1);
            case A64Opcode.FcmlaVector:
                return LiftMulAdd(context, i, size, FloatOperand.Rm(context, i), quarterTurns: (int)i.Bits(12, 11));
            default:
                return false;
        }
    }

    /// <summary>The pair H:L (halves) or H (singles) of Vm in every pair.</summary>
    public static bool LiftMulAddElement(in LiftContext context, A64Instruction i)
    {
        int size = 1 << i.Size;
        int high = i.Bit(11) ? 1 : 0, low = i.Bit(21) ? 1 : 0;
        int index = size == 2 ? (high << 1) | low : high;
        IrValue m = context.Builder.VectorBroadcastElement(FloatOperand.Shape(i), size * 2, FloatOperand.Rm(context, i), index);
        return LiftMulAdd(context, i, size, m, quarterTurns: (int)i.Bits(14, 13));
    }

    /// <summary>Vn + Vm rotated: by 90° (r, i) becomes (−i, r), by 270° (i, −r).</summary>
    private static bool LiftAdd(in LiftContext context, A64Instruction i, int size, int quarterTurns)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = FloatOperand.Shape(i);
        IrValue m = Negate(b, shape, size, Swap(b, shape, size, FloatOperand.Rm(context, i)), real: quarterTurns == 1);
        return FloatOperand.Write(context, i, b.Float(IrOp.FloatAdd, shape, size, FloatOperand.Rn(context, i), m));
    }

    /// <summary>Vd + one of the two products of a complex multiplication: Vn's real (0°, 180°) or imaginary parts times the rotated Vm.</summary>
    private static bool LiftMulAdd(in LiftContext context, A64Instruction i, int size, IrValue m, int quarterTurns)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = FloatOperand.Shape(i);
        bool odd = (quarterTurns & 1) != 0;
        IrValue n = FloatOperand.Rn(context, i);
        n = b.Vector(odd ? IrOp.VectorTranspose2 : IrOp.VectorTranspose1, shape, size, n, n);
        if (odd)
            m = Negate(b, shape, size, Swap(b, shape, size, m), real: quarterTurns == 1);
        else if (quarterTurns == 2)
            m = b.FloatNeg(shape, size, m);
        return FloatOperand.Write(context, i, b.Float(IrOp.FloatMulAdd, shape, size, n, m, FloatOperand.Rd(context, i)));
    }

    /// <summary>Real and imaginary parts exchanged.</summary>
    private static IrValue Swap(IrBuilder b, VectorShape shape, int size, IrValue value) =>
        size == 8
            ? b.Vector(IrOp.VectorExtract, VectorShape.Q, 1, value, value, imm: 8)
            : b.Vector(IrOp.VectorReverse, shape, size, value, aux: size * 2);

    /// <summary>The signs of the real or of the imaginary parts inverted.</summary>
    private static IrValue Negate(IrBuilder b, VectorShape shape, int size, IrValue value, bool real)
    {
        if (size == 8)
        {
            IrValue sign = b.VectorConst(VectorShape.Q, 1UL << 63), zero = b.VectorZero();
            return b.VectorXor(shape, value, real ? b.VectorCombine(sign, zero) : b.VectorCombine(zero, sign));
        }

        ulong signs = size == 4 ? 0x8000_0000UL : 0x0000_8000_0000_8000UL;
        return b.VectorXor(shape, value, b.VectorConst(shape, real ? signs : signs << (size * 8)));
    }
}
