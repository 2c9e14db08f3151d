using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Floating-point data processing of one source: FMOV (register), FABS, FNEG, FSQRT, FCVT, FRINT*.</summary>
internal static class FpOneSource
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = FloatOperand.ScalarSize(i);
        IrValue n = FloatOperand.Rn(context, i);
        IrValue value;
        switch (i.Opcode)
        {
            case A64Opcode.FmovRegister:
                value = b.VectorClearAbove(VectorShape.Scalar, size, n);
                break;
            case A64Opcode.FabsScalar:
                value = b.FloatAbs(VectorShape.Scalar, size, n);
                break;
            case A64Opcode.FnegScalar:
                value = b.FloatNeg(VectorShape.Scalar, size, n);
                break;
            case A64Opcode.FsqrtScalar:
                value = b.Float(IrOp.FloatSqrt, VectorShape.Scalar, size, n);
                break;
            case A64Opcode.Fcvt:
                value = b.FloatConvert(size, FloatOperand.Size((int)i.Bits(16, 15)), n);
                break;
            case A64Opcode.Bfcvt:
                value = b.Float(IrOp.FloatNarrowBf16, VectorShape.Scalar, 2, n);
                break;
            case A64Opcode.FrintnScalar:
                value = Integral(b, size, n, (int)FpRounding.TieEven);
                break;
            case A64Opcode.FrintpScalar:
                value = Integral(b, size, n, (int)FpRounding.PlusInfinity);
                break;
            case A64Opcode.FrintmScalar:
                value = Integral(b, size, n, (int)FpRounding.MinusInfinity);
                break;
            case A64Opcode.FrintzScalar:
                value = Integral(b, size, n, (int)FpRounding.Zero);
                break;
            case A64Opcode.FrintaScalar:
                value = Integral(b, size, n, (int)FpRounding.TieAway);
                break;
            case A64Opcode.FrintiScalar:
                value = Integral(b, size, n, IrBuilder.RoundingOfFpcr);
                break;
            case A64Opcode.FrintxScalar:
                value = b.FloatRoundToIntegral(VectorShape.Scalar, size, n, IrBuilder.RoundingOfFpcr, exact: true);
                break;
            case A64Opcode.Frint32xScalar:
                value = Sized(b, IrOp.FloatRoundToInt32, size, n, IrBuilder.RoundingOfFpcr);
                break;
            case A64Opcode.Frint32zScalar:
                value = Sized(b, IrOp.FloatRoundToInt32, size, n, (int)FpRounding.Zero);
                break;
            case A64Opcode.Frint64xScalar:
                value = Sized(b, IrOp.FloatRoundToInt64, size, n, IrBuilder.RoundingOfFpcr);
                break;
            case A64Opcode.Frint64zScalar:
                value = Sized(b, IrOp.FloatRoundToInt64, size, n, (int)FpRounding.Zero);
                break;
            default:
                return false;
        }

        return FloatOperand.Write(context, i, value);
    }

    private static IrValue Integral(IrBuilder b, int size, IrValue n, int rounding) =>
        b.FloatRoundToIntegral(VectorShape.Scalar, size, n, rounding, exact: false);

    private static IrValue Sized(IrBuilder b, IrOp op, int size, IrValue n, int rounding) =>
        b.Float(op, VectorShape.Scalar, size, n, aux: rounding);
}
