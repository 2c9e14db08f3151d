using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>Arithmetic of one lane.</summary>
internal static partial class FloatOperations
{
    private static ulong Binary(IrOp op, int width, ulong a, ulong b, ref FpEnvironment fp) => op switch
    {
        IrOp.FloatAbs => Fp.Abs(width, a),
        IrOp.FloatNeg => Fp.Neg(width, a),
        IrOp.FloatAdd => Fp.Add(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatSub => Fp.Sub(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatMul => Fp.Mul(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatMulX => Fp.MulX(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatNegMul => Fp.NegMul(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatDiv => Fp.Div(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatAbsDifference => Fp.AbsDiff(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatMax => Fp.Max(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatMin => Fp.Min(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatMaxNumber => Fp.MaxNum(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatMinNumber => Fp.MinNum(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatReciprocalStep => Fp.RecipStepFused(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatReciprocalSqrtStep => Fp.RSqrtStepFused(width, a, b, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatCompareEqual => Mask(width, Fp.CompareEq(width, a, b, fp.Fpcr, ref fp.Fpsr)),
        IrOp.FloatCompareGreaterEqual => Mask(width, Fp.CompareGe(width, a, b, fp.Fpcr, ref fp.Fpsr)),
        IrOp.FloatCompareGreater => Mask(width, Fp.CompareGt(width, a, b, fp.Fpcr, ref fp.Fpsr)),
        IrOp.FloatCompareAbsGreaterEqual => Mask(width, Fp.CompareAbsGe(width, a, b, fp.Fpcr, ref fp.Fpsr)),
        IrOp.FloatCompareAbsGreater => Mask(width, Fp.CompareAbsGt(width, a, b, fp.Fpcr, ref fp.Fpsr)),
        _ => throw new InvalidOperationException($"{op} has not two floating-point operands"),
    };

    private static ulong MulAdd(IrOp op, int width, ulong a, ulong b, ulong c, ref FpEnvironment fp)
    {
        if (op is IrOp.FloatMulSub or IrOp.FloatNegMulAdd)
            a = Fp.Neg(width, a);
        if (op is IrOp.FloatNegMulAdd or IrOp.FloatNegMulSub)
            c = Fp.Neg(width, c);
        return Fp.MulAdd(width, c, a, b, fp.Fpcr, ref fp.Fpsr);
    }

    private static ulong Unary(in IrInst i, int width, ulong a, ref FpEnvironment fp) => i.Op switch
    {
        IrOp.FloatSqrt => Fp.Sqrt(width, a, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatReciprocalEstimate => Fp.RecipEstimate(width, a, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatReciprocalSqrtEstimate => Fp.RSqrtEstimate(width, a, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatReciprocalExponent => Fp.RecipExponent(width, a, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatRoundToIntegral =>
            Fp.RoundToInt(width, a, Rounding(i.Aux, fp.Fpcr), (i.Aux & IrBuilder.RoundExact) != 0, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatRoundToInt32 => Fp.RoundToIntN(width, a, Rounding(i.Aux, fp.Fpcr), 32, fp.Fpcr, ref fp.Fpsr),
        IrOp.FloatRoundToInt64 => Fp.RoundToIntN(width, a, Rounding(i.Aux, fp.Fpcr), 64, fp.Fpcr, ref fp.Fpsr),
        _ => throw new InvalidOperationException($"{i.Op} is not a floating-point operation"),
    };

    private static ulong Mask(int width, bool condition) => condition ? Fp.Mask(width) : 0;

    private static Bits128 MulAddLong(in IrInst i, in Operands o, ref FpEnvironment fp)
    {
        Bits128 result = default;
        int lanes = Lanes(i.Shape, 4);
        int first = i.Aux != 0 ? lanes : 0;
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong a = o.A.Element(2, first + lane);
            if (i.Op == IrOp.FloatMulSubLong)
                a = Fp.Neg(16, a);
            result.SetElement(4, lane, Fp.MulAddHalf(o.C.Element(4, lane), a, o.B.Element(2, first + lane), fp.Fpcr, ref fp.Fpsr));
        }

        return result;
    }

    private static Bits128 MulAddLongFp8(in IrInst i, in Operands o)
    {
        Bits128 result = default;
        for (int lane = 0; lane < 8; lane++)
        {
            int source = (2 * lane) + i.Aux;
            result.SetElement(2, lane, Fp8.MulAddHalf(o.C.Element(2, lane), o.A.Element(1, source), o.B.Element(1, source)));
        }

        return result;
    }

    private static Bits128 SumsOfBf16Products(in IrInst i, in Operands o)
    {
        if (i.Op == IrOp.FloatMatrixMulBf16)
        {
            UInt128 product = Bf16.MatMulAdd(new UInt128(o.C.Hi, o.C.Lo), new UInt128(o.A.Hi, o.A.Lo), new UInt128(o.B.Hi, o.B.Lo));
            return new Bits128((ulong)product, (ulong)(product >> 64));
        }

        Bits128 result = default;
        int lanes = Lanes(i.Shape, 4);
        for (int lane = 0; lane < lanes; lane++)
            result.SetElement(4, lane, Bf16.DotAdd((uint)o.C.Element(4, lane), (uint)o.A.Element(4, lane), (uint)o.B.Element(4, lane)));
        return result;
    }
}
