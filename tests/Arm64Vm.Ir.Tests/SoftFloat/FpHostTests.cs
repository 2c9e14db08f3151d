using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>With FPCR = 0 every IEEE operation agrees with the host's, for patterns rich in special values and exact ties.</summary>
public class FpHostTests
{
    private const int Rounds = 1_000_000;

    [Fact]
    public void DoubleArithmeticMatchesTheHost()
    {
        var random = new Random(1);
        uint fpsr = 0;
        for (int i = 0; i < Rounds; i++)
        {
            ulong a = Pattern(random, 64), b = Pattern(random, 64), c = Pattern(random, 64);
            double x = BitConverter.UInt64BitsToDouble(a), y = BitConverter.UInt64BitsToDouble(b), z = BitConverter.UInt64BitsToDouble(c);
            Check("add", a, b, c, x + y, Fp.Add(64, a, b, 0, ref fpsr));
            Check("sub", a, b, c, x - y, Fp.Sub(64, a, b, 0, ref fpsr));
            Check("mul", a, b, c, x * y, Fp.Mul(64, a, b, 0, ref fpsr));
            Check("div", a, b, c, x / y, Fp.Div(64, a, b, 0, ref fpsr));
            Check("sqrt", a, b, c, Math.Sqrt(x), Fp.Sqrt(64, a, 0, ref fpsr));
            Check("fma", a, b, c, Math.FusedMultiplyAdd(x, y, z), Fp.MulAdd(64, c, a, b, 0, ref fpsr));
            Check("floor", a, b, c, Math.Floor(x), Fp.RoundToInt(64, a, FpRounding.MinusInfinity, false, 0, ref fpsr));
            Check("round", a, b, c, Math.Round(x), Fp.RoundToInt(64, a, FpRounding.TieEven, false, 0, ref fpsr));
            Check("scvtf", a, b, c, (double)(long)c, Fp.FromFixed(64, 64, c, 0, false, FpRounding.TieEven, 0, ref fpsr));
            Check("ucvtf", a, b, c, (double)c, Fp.FromFixed(64, 64, c, 0, true, FpRounding.TieEven, 0, ref fpsr));
        }
    }

    [Fact]
    public void SingleArithmeticMatchesTheHost()
    {
        var random = new Random(2);
        uint fpsr = 0;
        for (int i = 0; i < Rounds; i++)
        {
            uint a = (uint)Pattern(random, 32), b = (uint)Pattern(random, 32), c = (uint)Pattern(random, 32);
            float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b), z = BitConverter.UInt32BitsToSingle(c);
            Check("add", a, b, c, x + y, Fp.Add(32, a, b, 0, ref fpsr));
            Check("sub", a, b, c, x - y, Fp.Sub(32, a, b, 0, ref fpsr));
            Check("mul", a, b, c, x * y, Fp.Mul(32, a, b, 0, ref fpsr));
            Check("div", a, b, c, x / y, Fp.Div(32, a, b, 0, ref fpsr));
            Check("sqrt", a, b, c, MathF.Sqrt(x), Fp.Sqrt(32, a, 0, ref fpsr));
            Check("fma", a, b, c, MathF.FusedMultiplyAdd(x, y, z), Fp.MulAdd(32, c, a, b, 0, ref fpsr));
            Check("ceiling", a, b, c, MathF.Ceiling(x), Fp.RoundToInt(32, a, FpRounding.PlusInfinity, false, 0, ref fpsr));
            Check("widen", a, b, c, (double)x, Fp.Convert(64, 32, a, 0, ref fpsr));
            Check("narrow", a, b, c, (float)BitConverter.UInt64BitsToDouble(((ulong)b << 32) | c), Fp.Convert(32, 64, ((ulong)b << 32) | c, 0, ref fpsr));
        }
    }

    [Fact]
    public void HalfArithmeticMatchesSingleArithmeticRoundedOnce()
    {
        // Sums, products, quotients and roots of halves are innocuous to round through single: 24 ≥ 2·11 + 2.
        var random = new Random(3);
        uint fpsr = 0;
        for (int i = 0; i < Rounds; i++)
        {
            ushort a = (ushort)Pattern(random, 16), b = (ushort)Pattern(random, 16);
            float x = (float)BitConverter.UInt16BitsToHalf(a), y = (float)BitConverter.UInt16BitsToHalf(b);
            Check("add", a, b, 0, (Half)(x + y), Fp.Add(16, a, b, 0, ref fpsr));
            Check("mul", a, b, 0, (Half)(x * y), Fp.Mul(16, a, b, 0, ref fpsr));
            Check("div", a, b, 0, (Half)(x / y), Fp.Div(16, a, b, 0, ref fpsr));
            Check("sqrt", a, b, 0, (Half)MathF.Sqrt(x), Fp.Sqrt(16, a, 0, ref fpsr));
            Check("widen", a, b, 0, x, Fp.Convert(32, 16, a, 0, ref fpsr));
        }
    }

    /// <summary>Raw noise, short significands (exact results and ties), neighbours of powers of two, and near exponents, in turn.</summary>
    private static ulong Pattern(Random random, int width)
    {
        int fractionBits = Fp.FractionBits(width);
        ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        switch (random.Next(6))
        {
            case 0:
                return value & Fp.Mask(width);
            case 1:
                value &= ~0UL << random.Next(fractionBits + 1);
                return value & Fp.Mask(width);
            case 2:
                return ((value << fractionBits) + (ulong)(long)random.Next(-3, 4)) & Fp.Mask(width);
            case 3:
                ulong exponents = (1UL << Fp.ExponentBits(width)) - 1;
                ulong exponent = ((exponents >> 1) + (ulong)(long)random.Next(-4, 5)) & exponents;
                return ((value & (Fp.Zero(width, true) | ((1UL << fractionBits) - 1))) | (exponent << fractionBits)) & Fp.Mask(width);
            case 4:
                return (value & ((1UL << random.Next(1, fractionBits + 3)) - 1)) | (value & Fp.Zero(width, true));
            default:
                return (Fp.Infinity(width, random.Next(2) == 0) + (ulong)(long)random.Next(-4, 3)) & Fp.Mask(width);
        }
    }

    private static void Check(string operation, ulong a, ulong b, ulong c, double expected, ulong actual) =>
        Report(operation, a, b, c, double.IsNaN(expected), BitConverter.DoubleToUInt64Bits(expected), actual, 64);

    private static void Check(string operation, ulong a, ulong b, ulong c, float expected, ulong actual) =>
        Report(operation, a, b, c, float.IsNaN(expected), BitConverter.SingleToUInt32Bits(expected), actual, 32);

    private static void Check(string operation, ulong a, ulong b, ulong c, Half expected, ulong actual) =>
        Report(operation, a, b, c, Half.IsNaN(expected), BitConverter.HalfToUInt16Bits(expected), actual, 16);

    /// <summary>Which NaN it is follows Arm's rules, which the vectors test; here only that it is one, and quiet.</summary>
    private static void Report(string operation, ulong a, ulong b, ulong c, bool nan, ulong expected, ulong actual, int width)
    {
        bool equal = nan ? Fp.Abs(width, actual) >= Fp.DefaultNaN(width) : actual == expected;
        if (!equal)
            Assert.Fail($"{operation} {a:x} {b:x} {c:x}: {actual:x}, expected {expected:x}");
    }
}
