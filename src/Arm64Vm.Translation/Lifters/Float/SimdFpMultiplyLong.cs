using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>FMLAL, FMLSL, the 8-bit FMLALB and FMLALT, and the BFloat16 products BFDOT, BFMMLA, BFMLALB, BFMLALT.</summary>
internal static class SimdFpMultiplyLong
{
    public static bool Lift(in LiftContext context, A64Instruction i) =>
        LiftLong(context, i, FloatOperand.Rm(context, i), subtract: i.Bit(23), second: i.U);

    /// <summary><paramref name="second"/>: FMLAL2, FMLSL2.</summary>
    public static bool LiftLong(in LiftContext context, A64Instruction i, IrValue m, bool subtract, bool second)
    {
        IrValue n = FloatOperand.Rn(context, i), addend = FloatOperand.Rd(context, i);
        IrOp op = subtract ? IrOp.FloatMulSubLong : IrOp.FloatMulAddLong;
        return FloatOperand.Write(context, i, context.Builder.Float(op, FloatOperand.Shape(i), 2, n, m, addend, aux: second ? 1 : 0));
    }

    /// <summary>FMLALB, FMLALT (Q) of bytes to halves. FPMR is not implemented and counts as zero.</summary>
    public static bool LiftFp8(in LiftContext context, A64Instruction i, IrValue m)
    {
        IrValue n = FloatOperand.Rn(context, i), addend = FloatOperand.Rd(context, i);
        return FloatOperand.Write(
            context, i, context.Builder.Float(IrOp.FloatMulAddLongFp8, VectorShape.Q, 1, n, m, addend, aux: i.Q ? 1 : 0));
    }

    public static bool LiftBf16(in LiftContext context, A64Instruction i)
    {
        switch (i.Opcode)
        {
            case A64Opcode.BfdotVector:
                return LiftDot(context, i, FloatOperand.Rm(context, i));
            case A64Opcode.BfmlalVector:
                return LiftBf16Long(context, i, FloatOperand.Rm(context, i));
            case A64Opcode.Bfmmla:
                IrValue n = FloatOperand.Rn(context, i), m = FloatOperand.Rm(context, i), addend = FloatOperand.Rd(context, i);
                return FloatOperand.Write(context, i, context.Builder.Float(IrOp.FloatMatrixMulBf16, VectorShape.Q, 4, n, m, addend));
            default:
                return false;
        }
    }

    public static bool LiftDot(in LiftContext context, A64Instruction i, IrValue m)
    {
        IrValue n = FloatOperand.Rn(context, i), addend = FloatOperand.Rd(context, i);
        return FloatOperand.Write(context, i, context.Builder.Float(IrOp.FloatDotBf16, FloatOperand.Shape(i), 4, n, m, addend));
    }

    /// <summary>BFMLALB, BFMLALT (Q): even or odd elements widened, then an ordinary multiply-add of singles.</summary>
    public static bool LiftBf16Long(in LiftContext context, A64Instruction i, IrValue m)
    {
        IrValue n = Widen(context.Builder, FloatOperand.Rn(context, i), i.Q);
        m = Widen(context.Builder, m, i.Q);
        IrValue addend = FloatOperand.Rd(context, i);
        return FloatOperand.Write(context, i, context.Builder.Float(IrOp.FloatMulAdd, VectorShape.Q, 4, n, m, addend));
    }

    /// <summary>A bfloat16 is the upper half of a single.</summary>
    private static IrValue Widen(IrBuilder b, IrValue value, bool odd) =>
        odd
            ? b.VectorAnd(VectorShape.Q, value, b.VectorConst(VectorShape.Q, 0xFFFF_0000_FFFF_0000))
            : b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.Q, 4, value, 16);
}
