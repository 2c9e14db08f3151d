using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD and scalar shift by immediate: integer.</summary>
internal static class SimdShiftImmediate
{
    /// <summary>False also for the fixed-point conversions of the group.</summary>
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        // The highest set bit of immh gives the element (the narrower one where there are two), the rest the amount.
        int immhb = i.ImmHB;
        if (immhb < 8)
            return false;
        int size = immhb < 16 ? 1 : immhb < 32 ? 2 : immhb < 64 ? 4 : 8;
        int right = (size * 16) - immhb;
        int left = immhb - (size * 8);

        IrOp op = RightShift(i.Opcode);
        if (op != IrOp.None)
        {
            IrValue shifted = b.VectorShiftImm(op, shape, size, SimdOperand.Rn(context, i), right);
            if (Accumulates(i.Opcode))
                shifted = b.VectorAdd(shape, size, SimdOperand.Rd(context, i), shifted);
            return SimdOperand.Write(context, i, shifted);
        }

        op = LeftShift(i.Opcode);
        if (op != IrOp.None)
            return SimdOperand.Write(context, i, b.VectorShiftImm(op, shape, size, SimdOperand.Rn(context, i), left));

        switch (i.Opcode)
        {
            case A64Opcode.SriVector or A64Opcode.SriScalar:
                ulong kept = right == size * 8 ? ulong.MaxValue : ~(Ones(size) >> right);
                return Insert(context, i, IrOp.VectorShiftRightUnsignedImm, size, right, kept);
            case A64Opcode.SliVector or A64Opcode.SliScalar:
                return Insert(context, i, IrOp.VectorShiftLeftImm, size, left, ~(Ones(size) << left));
            case A64Opcode.Sshll or A64Opcode.Ushll:
                IrOp widen = i.U ? IrOp.VectorWidenUnsigned : IrOp.VectorWidenSigned;
                IrValue value = b.VectorResize(widen, VectorShape.Q, size, high: i.Q, SimdOperand.Rn(context, i));
                if (left != 0)
                    value = b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.Q, size * 2, value, left);
                return SimdOperand.Write(context, i, value);
            default:
                return Narrow(context, i, size, right);
        }
    }

    private static ulong Ones(int size) => size == 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;

    /// <summary>SLI, SRI: the shifted elements, with the bits of Vd where the shift brought in zeros.</summary>
    private static bool Insert(in LiftContext context, A64Instruction i, IrOp shift, int size, int amount, ulong kept)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = i.Q && !i.Bit(28) ? VectorShape.Q : VectorShape.D;
        IrValue shifted = b.VectorShiftImm(shift, shape, size, SimdOperand.Rn(context, i), amount);
        IrValue old = b.VectorAnd(shape, SimdOperand.Rd(context, i), b.VectorConst(shape, SimdOperand.Replicate(size, kept)));
        return SimdOperand.Write(context, i, b.VectorOr(shape, shifted, old));
    }

    private static bool Narrow(in LiftContext context, A64Instruction i, int size, int amount)
    {
        IrOp shift, narrow;
        switch (i.Opcode)
        {
            case A64Opcode.Shrn:
                (shift, narrow) = (IrOp.VectorShiftRightUnsignedImm, IrOp.VectorNarrow);
                break;
            case A64Opcode.Rshrn:
                (shift, narrow) = (IrOp.VectorRoundingShiftRightUnsignedImm, IrOp.VectorNarrow);
                break;
            case A64Opcode.SqshrnVector or A64Opcode.SqshrnScalar:
                (shift, narrow) = (IrOp.VectorShiftRightSignedImm, IrOp.VectorSaturatingNarrowSigned);
                break;
            case A64Opcode.SqrshrnVector or A64Opcode.SqrshrnScalar:
                (shift, narrow) = (IrOp.VectorRoundingShiftRightSignedImm, IrOp.VectorSaturatingNarrowSigned);
                break;
            case A64Opcode.SqshrunVector or A64Opcode.SqshrunScalar:
                (shift, narrow) = (IrOp.VectorShiftRightSignedImm, IrOp.VectorSaturatingNarrowSignedToUnsigned);
                break;
            case A64Opcode.SqrshrunVector or A64Opcode.SqrshrunScalar:
                (shift, narrow) = (IrOp.VectorRoundingShiftRightSignedImm, IrOp.VectorSaturatingNarrowSignedToUnsigned);
                break;
            case A64Opcode.UqshrnVector or A64Opcode.UqshrnScalar:
                (shift, narrow) = (IrOp.VectorShiftRightUnsignedImm, IrOp.VectorSaturatingNarrowUnsigned);
                break;
            case A64Opcode.UqrshrnVector or A64Opcode.UqrshrnScalar:
                (shift, narrow) = (IrOp.VectorRoundingShiftRightUnsignedImm, IrOp.VectorSaturatingNarrowUnsigned);
                break;
            default:
                return false;
        }

        IrBuilder b = context.Builder;
        VectorShape wideShape = i.Bit(28) ? VectorShape.Scalar : VectorShape.Q;
        IrValue shifted = b.VectorShiftImm(shift, wideShape, size * 2, SimdOperand.Rn(context, i), amount);
        return SimdOperand.WriteNarrow(context, i, b.VectorResize(narrow, SimdOperand.NarrowShapeOf(i), size, high: false, shifted));
    }

    private static IrOp RightShift(A64Opcode opcode) => opcode switch
    {
        A64Opcode.SshrVector or A64Opcode.SshrScalar or A64Opcode.SsraVector or A64Opcode.SsraScalar => IrOp.VectorShiftRightSignedImm,
        A64Opcode.UshrVector or A64Opcode.UshrScalar or A64Opcode.UsraVector or A64Opcode.UsraScalar => IrOp.VectorShiftRightUnsignedImm,
        A64Opcode.SrshrVector or A64Opcode.SrshrScalar or A64Opcode.SrsraVector or A64Opcode.SrsraScalar => IrOp.VectorRoundingShiftRightSignedImm,
        A64Opcode.UrshrVector or A64Opcode.UrshrScalar or A64Opcode.UrsraVector or A64Opcode.UrsraScalar => IrOp.VectorRoundingShiftRightUnsignedImm,
        _ => IrOp.None,
    };

    private static bool Accumulates(A64Opcode opcode) => opcode is
        A64Opcode.SsraVector or A64Opcode.SsraScalar or A64Opcode.UsraVector or A64Opcode.UsraScalar
        or A64Opcode.SrsraVector or A64Opcode.SrsraScalar or A64Opcode.UrsraVector or A64Opcode.UrsraScalar;

    private static IrOp LeftShift(A64Opcode opcode) => opcode switch
    {
        A64Opcode.ShlVector or A64Opcode.ShlScalar => IrOp.VectorShiftLeftImm,
        A64Opcode.SqshlImmediateVector or A64Opcode.SqshlImmediateScalar => IrOp.VectorSaturatingShiftLeftSignedImm,
        A64Opcode.UqshlImmediateVector or A64Opcode.UqshlImmediateScalar => IrOp.VectorSaturatingShiftLeftUnsignedImm,
        A64Opcode.SqshluVector or A64Opcode.SqshluScalar => IrOp.VectorSaturatingShiftLeftSignedToUnsignedImm,
        _ => IrOp.None,
    };
}
