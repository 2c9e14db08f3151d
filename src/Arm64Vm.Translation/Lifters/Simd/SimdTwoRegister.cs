using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD and scalar two-register miscellaneous: integer.</summary>
internal static class SimdTwoRegister
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        int size = SimdOperand.SizeOf(i);
        IrValue n = SimdOperand.Rn(context, i);
        IrOp op = Direct(i.Opcode);
        if (op != IrOp.None)
            return SimdOperand.Write(context, i, b.Vector(op, shape, size, n));

        switch (i.Opcode)
        {
            case A64Opcode.Not:
                return SimdOperand.Write(context, i, b.VectorNot(shape, n));
            case A64Opcode.RbitVector:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorReverseBits, shape, 1, n));
            case A64Opcode.Rev64Vector:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorReverse, shape, size, n, aux: 8));
            case A64Opcode.Rev32Vector:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorReverse, shape, size, n, aux: 4));
            case A64Opcode.Rev16Vector:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorReverse, shape, size, n, aux: 2));
            case A64Opcode.Sadalp or A64Opcode.Uadalp:
                IrOp pairs = i.U ? IrOp.VectorPairAddLongUnsigned : IrOp.VectorPairAddLongSigned;
                IrValue sums = b.Vector(pairs, shape, size, n);
                return SimdOperand.Write(context, i, b.VectorAdd(shape, size * 2, SimdOperand.Rd(context, i), sums));
            case A64Opcode.SuqaddVector or A64Opcode.SuqaddScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorSaturatingAddSignedUnsigned, shape, size, SimdOperand.Rd(context, i), n));
            case A64Opcode.UsqaddVector or A64Opcode.UsqaddScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorSaturatingAddUnsignedSigned, shape, size, SimdOperand.Rd(context, i), n));
            case A64Opcode.Shll:
                IrValue wide = b.VectorResize(IrOp.VectorWidenUnsigned, VectorShape.Q, size, high: i.Q, n);
                return SimdOperand.Write(context, i, b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.Q, size * 2, wide, size * 8));
            default:
                return CompareWithZero(context, i, shape, size, n) || Narrow(context, i, size, n);
        }
    }

    /// <summary>URECPE and URSQRTE, which the table lists among the floating-point operations; false for all others.</summary>
    public static bool LiftEstimate(in LiftContext context, A64Instruction i)
    {
        IrOp op = i.Opcode switch
        {
            A64Opcode.Urecpe => IrOp.VectorReciprocalEstimate,
            A64Opcode.Ursqrte => IrOp.VectorReciprocalSqrtEstimate,
            _ => IrOp.None,
        };
        return op != IrOp.None && SimdOperand.Write(context, i, context.Builder.Vector(op, SimdOperand.ShapeOf(i), 4, SimdOperand.Rn(context, i)));
    }

    /// <summary>Vd := op(Vn).</summary>
    private static IrOp Direct(A64Opcode opcode) => opcode switch
    {
        A64Opcode.AbsVector or A64Opcode.AbsScalar => IrOp.VectorAbs,
        A64Opcode.NegVector or A64Opcode.NegScalar => IrOp.VectorNeg,
        A64Opcode.SqabsVector or A64Opcode.SqabsScalar => IrOp.VectorSaturatingAbs,
        A64Opcode.SqnegVector or A64Opcode.SqnegScalar => IrOp.VectorSaturatingNeg,
        A64Opcode.Cnt => IrOp.VectorPopCount,
        A64Opcode.ClsVector => IrOp.VectorCountLeadingSigns,
        A64Opcode.ClzVector => IrOp.VectorCountLeadingZeros,
        A64Opcode.Saddlp => IrOp.VectorPairAddLongSigned,
        A64Opcode.Uaddlp => IrOp.VectorPairAddLongUnsigned,
        _ => IrOp.None,
    };

    private static bool CompareWithZero(in LiftContext context, A64Instruction i, VectorShape shape, int size, IrValue n)
    {
        IrBuilder b = context.Builder;
        switch (i.Opcode)
        {
            case A64Opcode.CmeqZeroVector or A64Opcode.CmeqZeroScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorCompareEqual, shape, size, n, b.VectorZero()));
            case A64Opcode.CmgtZeroVector or A64Opcode.CmgtZeroScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorCompareGreaterSigned, shape, size, n, b.VectorZero()));
            case A64Opcode.CmgeZeroVector or A64Opcode.CmgeZeroScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorCompareGreaterEqualSigned, shape, size, n, b.VectorZero()));
            case A64Opcode.CmltZeroVector or A64Opcode.CmltZeroScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorCompareGreaterSigned, shape, size, b.VectorZero(), n));
            case A64Opcode.CmleZeroVector or A64Opcode.CmleZeroScalar:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorCompareGreaterEqualSigned, shape, size, b.VectorZero(), n));
            default:
                return false;
        }
    }

    private static bool Narrow(in LiftContext context, A64Instruction i, int size, IrValue n)
    {
        IrOp op = i.Opcode switch
        {
            A64Opcode.Xtn => IrOp.VectorNarrow,
            A64Opcode.SqxtnVector or A64Opcode.SqxtnScalar => IrOp.VectorSaturatingNarrowSigned,
            A64Opcode.UqxtnVector or A64Opcode.UqxtnScalar => IrOp.VectorSaturatingNarrowUnsigned,
            A64Opcode.SqxtunVector or A64Opcode.SqxtunScalar => IrOp.VectorSaturatingNarrowSignedToUnsigned,
            _ => IrOp.None,
        };
        return op != IrOp.None
            && SimdOperand.WriteNarrow(context, i, context.Builder.VectorResize(op, SimdOperand.NarrowShapeOf(i), size, high: false, n));
    }
}
