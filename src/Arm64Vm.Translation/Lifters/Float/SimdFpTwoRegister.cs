using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD two-register miscellaneous, floating-point and FP16, that stay in their format: signs, roots, estimates, comparison with zero, rounding.</summary>
internal static class SimdFpTwoRegister
{
    /// <summary>False also for the conversions of the group.</summary>
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        VectorShape shape = FloatOperand.Shape(i);
        int size = Size(i);
        IrValue value = Unary(context, i, shape, size);
        if (value.IsNone)
            value = CompareWithZero(context, i, shape, size);
        return !value.IsNone && FloatOperand.Write(context, i, value);
    }

    /// <summary>Bits 21:17 are 10000 where sz (bit 22) names the size, 11100 in the FP16 encodings.</summary>
    public static int Size(A64Instruction i) => i.Bits(21, 17) == 0b11100 ? 2 : FloatOperand.SimdSize(i);

    private static IrValue Unary(in LiftContext context, A64Instruction i, VectorShape shape, int size)
    {
        (IrOp op, int aux) = i.Opcode switch
        {
            A64Opcode.FabsVector or A64Opcode.FabsVectorHalf => (IrOp.FloatAbs, 0),
            A64Opcode.FnegVector or A64Opcode.FnegVectorHalf => (IrOp.FloatNeg, 0),
            A64Opcode.FsqrtVector or A64Opcode.FsqrtVectorHalf => (IrOp.FloatSqrt, 0),
            A64Opcode.FrecpeVector or A64Opcode.FrecpeVectorHalf
                or A64Opcode.FrecpeScalar or A64Opcode.FrecpeScalarHalf => (IrOp.FloatReciprocalEstimate, 0),
            A64Opcode.FrsqrteVector or A64Opcode.FrsqrteVectorHalf
                or A64Opcode.FrsqrteScalar or A64Opcode.FrsqrteScalarHalf => (IrOp.FloatReciprocalSqrtEstimate, 0),
            A64Opcode.Frecpx or A64Opcode.FrecpxHalf => (IrOp.FloatReciprocalExponent, 0),
            A64Opcode.FrintnVector or A64Opcode.FrintnVectorHalf => (IrOp.FloatRoundToIntegral, (int)FpRounding.TieEven),
            A64Opcode.FrintpVector or A64Opcode.FrintpVectorHalf => (IrOp.FloatRoundToIntegral, (int)FpRounding.PlusInfinity),
            A64Opcode.FrintmVector or A64Opcode.FrintmVectorHalf => (IrOp.FloatRoundToIntegral, (int)FpRounding.MinusInfinity),
            A64Opcode.FrintzVector or A64Opcode.FrintzVectorHalf => (IrOp.FloatRoundToIntegral, (int)FpRounding.Zero),
            A64Opcode.FrintaVector or A64Opcode.FrintaVectorHalf => (IrOp.FloatRoundToIntegral, (int)FpRounding.TieAway),
            A64Opcode.FrintiVector or A64Opcode.FrintiVectorHalf => (IrOp.FloatRoundToIntegral, IrBuilder.RoundingOfFpcr),
            A64Opcode.FrintxVector or A64Opcode.FrintxVectorHalf => (IrOp.FloatRoundToIntegral, IrBuilder.RoundingOfFpcr | IrBuilder.RoundExact),
            A64Opcode.Frint32zVector => (IrOp.FloatRoundToInt32, (int)FpRounding.Zero),
            A64Opcode.Frint32xVector => (IrOp.FloatRoundToInt32, IrBuilder.RoundingOfFpcr),
            A64Opcode.Frint64zVector => (IrOp.FloatRoundToInt64, (int)FpRounding.Zero),
            A64Opcode.Frint64xVector => (IrOp.FloatRoundToInt64, IrBuilder.RoundingOfFpcr),
            _ => (IrOp.None, 0),
        };
        return op == IrOp.None ? IrValue.None : context.Builder.Float(op, shape, size, FloatOperand.Rn(context, i), aux: aux);
    }

    /// <summary>FCMLE and FCMLT compare zero with Vn.</summary>
    private static IrValue CompareWithZero(in LiftContext context, A64Instruction i, VectorShape shape, int size)
    {
        (IrOp op, bool swap) = i.Opcode switch
        {
            A64Opcode.FcmeqZeroVector or A64Opcode.FcmeqZeroVectorHalf
                or A64Opcode.FcmeqZeroScalar or A64Opcode.FcmeqZeroScalarHalf => (IrOp.FloatCompareEqual, false),
            A64Opcode.FcmgeZeroVector or A64Opcode.FcmgeZeroVectorHalf
                or A64Opcode.FcmgeZeroScalar or A64Opcode.FcmgeZeroScalarHalf => (IrOp.FloatCompareGreaterEqual, false),
            A64Opcode.FcmgtZeroVector or A64Opcode.FcmgtZeroVectorHalf
                or A64Opcode.FcmgtZeroScalar or A64Opcode.FcmgtZeroScalarHalf => (IrOp.FloatCompareGreater, false),
            A64Opcode.FcmleZeroVector or A64Opcode.FcmleZeroVectorHalf
                or A64Opcode.FcmleZeroScalar or A64Opcode.FcmleZeroScalarHalf => (IrOp.FloatCompareGreaterEqual, true),
            A64Opcode.FcmltZeroVector or A64Opcode.FcmltZeroVectorHalf
                or A64Opcode.FcmltZeroScalar or A64Opcode.FcmltZeroScalarHalf => (IrOp.FloatCompareGreater, true),
            _ => (IrOp.None, false),
        };
        if (op == IrOp.None)
            return IrValue.None;
        IrValue n = FloatOperand.Rn(context, i), zero = context.Builder.VectorZero();
        return swap ? context.Builder.Float(op, shape, size, zero, n) : context.Builder.Float(op, shape, size, n, zero);
    }
}
