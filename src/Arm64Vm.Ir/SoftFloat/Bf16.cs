namespace Arm64Vm.Ir.SoftFloat;

/// <summary>BFloat16 arithmetic of FEAT_BF16 without FEAT_EBF16 (Arm ARM BFDotAdd, BFMatMulAdd, FPConvertBF).</summary>
internal static class Bf16
{
    /// <summary>BFCVT: single to bfloat16 in FPCR's rounding mode, flags as any conversion.</summary>
    public static ulong FromSingle(ulong op, uint fpcr, ref uint fpsr)
    {
        Fp.Unpack(32, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
            return Fp.ProcessNaN(32, a.Type, op, fpcr, ref fpsr) >> 16;
        if (a.IsInfinity || a.IsZero)
            return (a.IsInfinity ? Fp.Infinity(32, a.Sign) : Fp.Zero(32, a.Sign)) >> 16;
        bool flush = (fpcr & FpcrBits.FlushToZero) != 0;
        return Fp.RoundBase(7, 8, a.Sign, a.Exponent, a.Fraction, Fp.RoundingMode(fpcr), flush, false, ref fpsr);
    }

    /// <summary>BFMLALB, BFMLALT: an ordinary fused single multiply-add of widened elements, with FPCR and flags.</summary>
    public static ulong MulAddLong(ulong addend, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        Fp.MulAdd(32, addend, (op1 & 0xFFFF) << 16, (op2 & 0xFFFF) << 16, fpcr, ref fpsr);

    /// <summary>
    /// BFDotAdd: addend + (n0·m0 + n1·m1), the pair in the low and high half of each operand. Every step rounds to odd, flushes
    /// denormals both ways, gives the default NaN, and neither reads FPCR nor sets flags.
    /// </summary>
    public static uint DotAdd(uint addend, uint op1, uint op2)
    {
        uint even = Multiply(op1 << 16, op2 << 16);
        uint odd = Multiply(op1 & 0xFFFF_0000, op2 & 0xFFFF_0000);
        return Add(addend, Add(even, odd));
    }

    /// <summary>BFMatMulAdd: the 2×2 single matrix of the addend plus the product of 2×4 and 4×2 bfloat16 matrices, as two dot products each.</summary>
    public static UInt128 MatMulAdd(UInt128 addend, UInt128 op1, UInt128 op2)
    {
        UInt128 result = UInt128.Zero;
        for (int row = 0; row < 2; row++)
        {
            for (int column = 0; column < 2; column++)
            {
                int element = 32 * ((2 * row) + column);
                ulong n = (ulong)(op1 >> (64 * row)), m = (ulong)(op2 >> (64 * column));
                uint sum = DotAdd((uint)(addend >> element), (uint)n, (uint)m);
                sum = DotAdd(sum, (uint)(n >> 32), (uint)(m >> 32));
                result |= (UInt128)sum << element;
            }
        }

        return result;
    }

    private static uint DefaultNaN => (uint)Fp.DefaultNaN(32);

    /// <summary>BFUnpack: denormals are zeros, whatever FPCR.FZ.</summary>
    private static void Unpack(uint op, out FpUnpacked result)
    {
        uint ignored = 0;
        Fp.Unpack(32, op, FpcrBits.FlushToZero, ref ignored, out result);
    }

    private static uint Multiply(uint op1, uint op2)
    {
        Unpack(op1, out FpUnpacked a);
        Unpack(op2, out FpUnpacked b);
        if (a.IsNaN || b.IsNaN)
            return DefaultNaN;
        bool sign = a.Sign ^ b.Sign;
        if (a.IsInfinity || b.IsInfinity)
            return a.IsZero || b.IsZero ? DefaultNaN : (uint)Fp.Infinity(32, sign);
        if (a.IsZero || b.IsZero)
            return (uint)Fp.Zero(32, sign);
        Fp.MultiplyExact(a, b, out FpUnpacked product);
        return Round(product);
    }

    private static uint Add(uint op1, uint op2)
    {
        Unpack(op1, out FpUnpacked a);
        Unpack(op2, out FpUnpacked b);
        if (a.IsNaN || b.IsNaN || (a.IsInfinity && b.IsInfinity && a.Sign != b.Sign))
            return DefaultNaN;
        if (a.IsInfinity || b.IsInfinity)
            return (uint)Fp.Infinity(32, a.IsInfinity ? a.Sign : b.Sign);
        Fp.AddExact(a, b, out FpUnpacked sum);
        return sum.IsZero ? (uint)Fp.Zero(32, a.Sign & b.Sign) : Round(sum);
    }

    /// <summary>BFRound: to odd, flushing, and overflowing to infinity where FPRound to odd would stop at the largest number.</summary>
    private static uint Round(in FpUnpacked value)
    {
        if (value.Exponent > 127)
            return (uint)Fp.Infinity(32, value.Sign);
        uint ignored = 0;
        return (uint)Fp.RoundBase(23, 8, value.Sign, value.Exponent, value.Fraction, FpRounding.Odd, true, false, ref ignored);
    }
}
