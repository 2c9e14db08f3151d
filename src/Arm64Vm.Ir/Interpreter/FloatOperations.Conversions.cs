using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>Conversions between formats and to and from integers.</summary>
internal static partial class FloatOperations
{
    private static Bits128 ToFixed(in IrInst i, in Bits128 a, ref FpEnvironment fp)
    {
        FpRounding rounding = Rounding(i.Aux, fp.Fpcr);
        bool unsigned = i.Op == IrOp.FloatToFixedUnsigned;
        int width = i.Size * 8;
        if (i.Type != IrType.V128)
        {
            int intWidth = i.Type == IrType.I64 ? 64 : 32;
            return new Bits128(Fp.ToFixed(intWidth, width, a.Element(i.Size, 0), (int)i.Imm, unsigned, rounding, fp.Fpcr, ref fp.Fpsr), 0);
        }

        Bits128 result = default;
        int lanes = Lanes(i.Shape, i.Size);
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong value = Fp.ToFixed(width, width, a.Element(i.Size, lane), (int)i.Imm, unsigned, rounding, fp.Fpcr, ref fp.Fpsr);
            result.SetElement(i.Size, lane, value);
        }

        return result;
    }

    private static Bits128 FromFixed(in IrInst i, in Bits128 a, ref FpEnvironment fp)
    {
        FpRounding rounding = Fp.RoundingMode(fp.Fpcr);
        bool unsigned = i.Op == IrOp.FloatFromFixedUnsigned;
        Bits128 result = default;
        int lanes = Lanes(i.Shape, i.Size);
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong value = Fp.FromFixed(i.Size * 8, i.Aux * 8, a.Element(i.Aux, lane), (int)i.Imm, unsigned, rounding, fp.Fpcr, ref fp.Fpsr);
            result.SetElement(i.Size, lane, value);
        }

        return result;
    }

    private static Bits128 Convert(in IrInst i, in Bits128 a, ref FpEnvironment fp)
    {
        (int from, int to) = i.Op switch
        {
            IrOp.FloatConvert => ((int)i.Size, (int)i.Aux),
            IrOp.FloatWiden => (i.Size, i.Size * 2),
            _ => (i.Size * 2, i.Size),
        };
        int first = i.Op == IrOp.FloatWiden && i.Aux != 0 ? 8 / from : 0;
        int lanes = Lanes(i.Shape, to);
        Bits128 result = default;
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong element = a.Element(from, first + lane);
            ulong value = i.Op switch
            {
                IrOp.FloatNarrowOdd => Fp.ConvertRoundOdd(element, fp.Fpcr, ref fp.Fpsr),
                IrOp.FloatNarrowBf16 => Bf16.FromSingle(element, fp.Fpcr, ref fp.Fpsr),
                _ => Fp.Convert(to * 8, from * 8, element, fp.Fpcr, ref fp.Fpsr),
            };
            result.SetElement(to, lane, value);
        }

        return result;
    }
}
