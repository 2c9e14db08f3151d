using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>Reductions, conversions, and instructions with results other than lanes.</summary>
internal sealed partial class FpEvaluator
{
    private delegate ulong Binary(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr);

    private bool ExecuteReduction(string name)
    {
        Binary? pair = name switch
        {
            "faddp" => Fp.Add,
            "fmaxp" or "fmaxv" => Fp.Max,
            "fminp" or "fminv" => Fp.Min,
            "fmaxnmp" or "fmaxnmv" => Fp.MaxNum,
            "fminnmp" or "fminnmv" => Fp.MinNum,
            _ => null,
        };
        if (pair is null)
            return false;
        if (name.EndsWith('v'))
        {
            SetAll(_ => Reduce(pair, 0, operands[1].Lanes));
        }
        else if (Destination.Kind == FpOperandKind.Scalar)
        {
            SetAll(_ => pair(Width, Get(1, 0), Get(1, 1), Fpcr, ref machine.Fpsr));
        }
        else
        {
            int half = Destination.Lanes / 2;
            SetAll(i => i < half
                ? pair(Width, Get(1, 2 * i), Get(1, (2 * i) + 1), Fpcr, ref machine.Fpsr)
                : pair(Width, Get(2, 2 * (i - half)), Get(2, (2 * (i - half)) + 1), Fpcr, ref machine.Fpsr));
        }

        return true;
    }

    private ulong Reduce(Binary pair, int first, int count)
    {
        if (count == 1)
            return Get(1, first);
        ulong low = Reduce(pair, first, count / 2);
        ulong high = Reduce(pair, first + (count / 2), count / 2);
        return pair(Width, low, high, Fpcr, ref machine.Fpsr);
    }

    private bool ExecuteConversion(string name)
    {
        int from = operands[1].Width;
        int fbits = operands.Length > 2 ? operands[2].Immediate : 0;
        switch (name)
        {
            case "scvtf" or "ucvtf":
                SetAll(i => Fp.FromFixed(Width, from, Get(1, i), fbits, name[0] == 'u', Fp.RoundingMode(Fpcr), Fpcr, ref machine.Fpsr));
                return true;
            case "fcvt":
                SetAll(i => Fp.Convert(Width, from, Get(1, i), Fpcr, ref machine.Fpsr));
                return true;
            case "fcvtl":
                SetAll(i => Fp.Convert(Width, from, Get(1, i), Fpcr, ref machine.Fpsr));
                return true;
            case "fcvtl2":
                SetAll(i => Fp.Convert(Width, from, Get(1, i + Destination.Lanes), Fpcr, ref machine.Fpsr));
                return true;
            case "fcvtn" or "fcvtn2":
                SetNarrow(name, i => Fp.Convert(Width, from, Get(1, i), Fpcr, ref machine.Fpsr));
                return true;
            case "fcvtxn" or "fcvtxn2":
                SetNarrow(name, i => Fp.ConvertRoundOdd(Get(1, i), Fpcr, ref machine.Fpsr));
                return true;
            case "bfcvt":
                SetAll(i => Bf16.FromSingle(Get(1, i), Fpcr, ref machine.Fpsr));
                return true;
            case "bfcvtn" or "bfcvtn2":
                SetNarrow(name, i => Bf16.FromSingle(Get(1, i), Fpcr, ref machine.Fpsr));
                return true;
            case "fjcvtzs":
                SetAll(_ =>
                {
                    ulong result = Fp.ToFixedJS(Get(1, 0), Fpcr, ref machine.Fpsr, out uint nzcv);
                    machine.Nzcv = nzcv << 28;
                    return result;
                });
                return true;
        }

        if (name.Length != 6 || !name.StartsWith("fcvt", StringComparison.Ordinal))
            return false;
        FpRounding rounding = name[4] switch
        {
            'n' => FpRounding.TieEven,
            'p' => FpRounding.PlusInfinity,
            'm' => FpRounding.MinusInfinity,
            'a' => FpRounding.TieAway,
            _ => FpRounding.Zero,
        };
        SetAll(i => Fp.ToFixed(Width, from, Get(1, i), fbits, name[5] == 'u', rounding, Fpcr, ref machine.Fpsr));
        return true;
    }

    /// <summary>The plain form writes the low half and clears the high one, the "2" form writes the high half alone.</summary>
    private void SetNarrow(string name, Func<int, ulong> lane)
    {
        int count = 64 / Width;
        UInt128 result = UInt128.Zero;
        for (int i = 0; i < (Destination.Kind == FpOperandKind.Scalar ? 1 : count); i++)
            result |= (UInt128)lane(i) << (i * Width);
        int index = Destination.Index;
        machine.V[index] = name.EndsWith('2') ? (result << 64) | (ulong)machine.V[index] : result;
    }

    private bool ExecuteSpecial(string name)
    {
        switch (name)
        {
            case "bfmmla":
                machine.V[Destination.Index] = Bf16.MatMulAdd(
                    machine.V[Destination.Index], machine.V[operands[1].Index], machine.V[operands[2].Index]);
                return true;
            case "fcmp" or "fcmpe":
                machine.Nzcv = Fp.Compare(Width, Get(0, 0), Get(1, 0), name == "fcmpe", Fpcr, ref machine.Fpsr) << 28;
                return true;
            default:
                return false;
        }
    }
}
