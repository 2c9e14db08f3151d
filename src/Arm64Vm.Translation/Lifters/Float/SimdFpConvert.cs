using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD conversions: to and from integers and fixed point, between formats.</summary>
internal static class SimdFpConvert
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = FloatOperand.Shape(i);
        int size = SimdFpTwoRegister.Size(i);
        IrValue n = FloatOperand.Rn(context, i);
        switch (i.Opcode)
        {
            case A64Opcode.ScvtfVector or A64Opcode.ScvtfVectorHalf or A64Opcode.ScvtfSimdScalar or A64Opcode.ScvtfSimdScalarHalf:
                return FloatOperand.Write(context, i, b.FloatFromFixed(shape, size, n, unsigned: false));
            case A64Opcode.UcvtfVector or A64Opcode.UcvtfVectorHalf or A64Opcode.UcvtfSimdScalar or A64Opcode.UcvtfSimdScalarHalf:
                return FloatOperand.Write(context, i, b.FloatFromFixed(shape, size, n, unsigned: true));
            case A64Opcode.Fcvtl:
                // sz names the wider format, single or double.
                return FloatOperand.Write(context, i, b.Float(IrOp.FloatWiden, VectorShape.Q, size / 2, n, aux: i.Q ? 1 : 0));
            case A64Opcode.Fcvtn:
                return WriteNarrow(context, i, b.Float(IrOp.FloatNarrow, VectorShape.D, size / 2, n));
            case A64Opcode.FcvtxnVector:
                return WriteNarrow(context, i, b.Float(IrOp.FloatNarrowOdd, VectorShape.D, 4, n));
            case A64Opcode.FcvtxnScalar:
                return FloatOperand.Write(context, i, b.Float(IrOp.FloatNarrowOdd, VectorShape.Scalar, 4, n));
            case A64Opcode.Bfcvtn:
                return WriteNarrow(context, i, b.Float(IrOp.FloatNarrowBf16, VectorShape.D, 2, n));
        }

        if (!TryRounding(i.Opcode, out FpRounding rounding))
            return false;
        return FloatOperand.Write(context, i, b.FloatToFixed(shape, size, n, unsigned: i.U, (int)rounding));
    }

    /// <summary>SCVTF, UCVTF, FCVTZS, FCVTZU (vector, fixed-point): immh says the size, immh:immb the fraction bits.</summary>
    public static bool LiftFixedPoint(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = i.ImmHB >= 64 ? 8 : i.ImmHB >= 32 ? 4 : 2;
        int fractionBits = (size * 16) - i.ImmHB;
        if (size == 2 && !context.Features.Has(A64Feature.Fp16))
            return false;
        VectorShape shape = FloatOperand.Shape(i);
        switch (i.Opcode)
        {
            case A64Opcode.ScvtfFixedVector or A64Opcode.ScvtfFixedScalar or A64Opcode.UcvtfFixedVector or A64Opcode.UcvtfFixedScalar:
                return FloatOperand.Write(context, i, b.FloatFromFixed(shape, size, FloatOperand.Rn(context, i), i.U, fractionBits));
            case A64Opcode.FcvtzsFixedVector or A64Opcode.FcvtzsFixedScalar or A64Opcode.FcvtzuFixedVector or A64Opcode.FcvtzuFixedScalar:
                IrValue n = FloatOperand.Rn(context, i);
                return FloatOperand.Write(context, i, b.FloatToFixed(shape, size, n, i.U, (int)FpRounding.Zero, fractionBits));
            default:
                return false;
        }
    }

    /// <summary>64 bits of narrowed elements: with zero above, or ("2" forms) above the old low half.</summary>
    private static bool WriteNarrow(in LiftContext context, A64Instruction i, IrValue value) =>
        FloatOperand.Write(context, i, i.Q ? context.Builder.VectorCombine(FloatOperand.Rd(context, i), value) : value);

    private static bool TryRounding(A64Opcode opcode, out FpRounding rounding)
    {
        switch (opcode)
        {
            case A64Opcode.FcvtnsVector or A64Opcode.FcvtnsVectorHalf
                or A64Opcode.FcvtnsSimdScalar or A64Opcode.FcvtnsSimdScalarHalf:
            case A64Opcode.FcvtnuVector or A64Opcode.FcvtnuVectorHalf
                or A64Opcode.FcvtnuSimdScalar or A64Opcode.FcvtnuSimdScalarHalf:
                rounding = FpRounding.TieEven;
                return true;
            case A64Opcode.FcvtpsVector or A64Opcode.FcvtpsVectorHalf
                or A64Opcode.FcvtpsSimdScalar or A64Opcode.FcvtpsSimdScalarHalf:
            case A64Opcode.FcvtpuVector or A64Opcode.FcvtpuVectorHalf
                or A64Opcode.FcvtpuSimdScalar or A64Opcode.FcvtpuSimdScalarHalf:
                rounding = FpRounding.PlusInfinity;
                return true;
            case A64Opcode.FcvtmsVector or A64Opcode.FcvtmsVectorHalf
                or A64Opcode.FcvtmsSimdScalar or A64Opcode.FcvtmsSimdScalarHalf:
            case A64Opcode.FcvtmuVector or A64Opcode.FcvtmuVectorHalf
                or A64Opcode.FcvtmuSimdScalar or A64Opcode.FcvtmuSimdScalarHalf:
                rounding = FpRounding.MinusInfinity;
                return true;
            case A64Opcode.FcvtzsVector or A64Opcode.FcvtzsVectorHalf
                or A64Opcode.FcvtzsSimdScalar or A64Opcode.FcvtzsSimdScalarHalf:
            case A64Opcode.FcvtzuVector or A64Opcode.FcvtzuVectorHalf
                or A64Opcode.FcvtzuSimdScalar or A64Opcode.FcvtzuSimdScalarHalf:
                rounding = FpRounding.Zero;
                return true;
            case A64Opcode.FcvtasVector or A64Opcode.FcvtasVectorHalf
                or A64Opcode.FcvtasSimdScalar or A64Opcode.FcvtasSimdScalarHalf:
            case A64Opcode.FcvtauVector or A64Opcode.FcvtauVectorHalf
                or A64Opcode.FcvtauSimdScalar or A64Opcode.FcvtauSimdScalarHalf:
                rounding = FpRounding.TieAway;
                return true;
            default:
                rounding = default;
                return false;
        }
    }
}
