using System.Numerics;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>Value and flags of every rounding mode, with and without flushing, against exact rational arithmetic.</summary>
public class FpReferenceTests
{
    private const uint SomeFlag = FpsrBits.Saturation;

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    public void ArithmeticMatchesExactRationalsInEveryMode(int width)
    {
        var random = new Random(width);
        for (int i = 0; i < 60_000; i++)
        {
            uint fpcr = (uint)(i & 3) << FpcrBits.RModeShift;
            bool flush = (i & 4) != 0;
            if (flush)
                fpcr |= FpcrBits.FlushToZero | FpcrBits.FlushToZero16;
            ulong a = Finite(random, width), b = Finite(random, width), c = Finite(random, width);
            if (flush && (IsDenormal(width, a) || IsDenormal(width, b) || IsDenormal(width, c)))
                continue;
            FpReference x = FpReference.FromBits(width, a), y = FpReference.FromBits(width, b), z = FpReference.FromBits(width, c);
            uint flags = SomeFlag;
            Check("add", width, a, b, c, fpcr, x + y, Fp.Add(width, a, b, fpcr, ref flags), flags);
            flags = SomeFlag;
            Check("mul", width, a, b, c, fpcr, x * y, Fp.Mul(width, a, b, fpcr, ref flags), flags);
            flags = SomeFlag;
            Check("div", width, a, b, c, fpcr, x / y, Fp.Div(width, a, b, fpcr, ref flags), flags);
            flags = SomeFlag;
            Check("fma", width, a, b, c, fpcr, z + (x * y), Fp.MulAdd(width, c, a, b, fpcr, ref flags), flags);
            flags = SomeFlag;
            FpReference two = new(2, 1), half = new(1, 2), minusOne = new(-1, 1);
            Check("recps", width, a, b, c, fpcr, two + (minusOne * x * y), Fp.RecipStepFused(width, a, b, fpcr, ref flags), flags);
            flags = SomeFlag;
            FpReference three = new(3, 1);
            Check("rsqrts", width, a, b, c, fpcr, half * (three + (minusOne * x * y)), Fp.RSqrtStepFused(width, a, b, fpcr, ref flags), flags);
            int fbits = random.Next(0, 65);
            flags = SomeFlag;
            Check("scvtf", width, a, b, c, fpcr, FpReference.Scaled((long)c, -fbits),
                Fp.FromFixed(width, 64, c, fbits, false, Fp.RoundingMode(fpcr), fpcr, ref flags), flags);
        }
    }

    [Fact]
    public void NarrowingMatchesExactRationalsInEveryModeAndToOdd()
    {
        var random = new Random(4);
        for (int i = 0; i < 100_000; i++)
        {
            uint fpcr = (uint)(i & 3) << FpcrBits.RModeShift;
            ulong a = Narrowable(random);
            FpReference x = FpReference.FromBits(64, a);
            uint flags = SomeFlag;
            Check("d to s", 32, a, 0, 0, fpcr, x, Fp.Convert(32, 64, a, fpcr, ref flags), flags);
            flags = SomeFlag;
            Check("d to h", 16, a, 0, 0, fpcr, x, Fp.Convert(16, 64, a, fpcr, ref flags), flags);
            flags = SomeFlag;
            uint expectedFlags = SomeFlag;
            ulong expected = x.Round(32, FpRounding.Odd, false, ref expectedFlags);
            Assert.Equal((expected, expectedFlags), (Fp.ConvertRoundOdd(a, fpcr, ref flags), flags));
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    public void SquareRootIsTheFloorOfTheExactRoot(int width)
    {
        var random = new Random(width + 1);
        const uint towardsZero = (uint)FpRounding.Zero << FpcrBits.RModeShift;
        for (int i = 0; i < 60_000; i++)
        {
            ulong a = Fp.Abs(width, Finite(random, width));
            uint flags = 0;
            ulong root = Fp.Sqrt(width, a, towardsZero, ref flags);
            FpReference below = FpReference.FromBits(width, root), above = FpReference.FromBits(width, root + 1);
            FpReference value = FpReference.FromBits(width, a);
            Assert.True(Compare(below * below, value) <= 0 && Compare(above * above, value) > 0, $"sqrt {a:x}: {root:x}");
            Assert.Equal(Compare(below * below, value) == 0 ? 0 : FpsrBits.Inexact, flags);
        }
    }

    private static int Compare(FpReference a, FpReference b) => (a.Numerator * b.Denominator).CompareTo(b.Numerator * a.Denominator);

    private static void Check(string operation, int width, ulong a, ulong b, ulong c, uint fpcr, FpReference exact, ulong actual, uint actualFlags)
    {
        FpRounding rounding = Fp.RoundingMode(fpcr);
        uint flags = SomeFlag;
        ulong expected;
        if (exact.Numerator.IsZero)
            expected = operation is "scvtf" || rounding != FpRounding.MinusInfinity ? 0 : Fp.Zero(width, true);
        else
            expected = exact.Round(width, rounding, (fpcr & FpcrBits.FlushToZero) != 0, ref flags);
        if (expected != actual || flags != actualFlags)
            Assert.Fail($"{operation} {a:x} {b:x} {c:x} fpcr {fpcr:x}: {actual:x} flags {actualFlags:x}, expected {expected:x} flags {flags:x}");
    }

    /// <summary>Non-zero and finite; half of the time with a short significand or near the ends of the exponent range.</summary>
    private static ulong Finite(Random random, int width)
    {
        while (true)
        {
            ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue) & Fp.Mask(width);
            int fractionBits = Fp.FractionBits(width);
            ulong fraction = (1UL << fractionBits) - 1;
            switch (random.Next(4))
            {
                case 0:
                    value &= ~0UL << random.Next(fractionBits + 1);
                    break;
                case 1:
                    ulong bias = Fp.MaxNormal(width, false) >> (fractionBits + 1);
                    value = (value & (fraction | Fp.Zero(width, true))) | ((bias + (ulong)random.Next(4)) << fractionBits);
                    break;
                case 2:
                    value &= ~(Fp.Infinity(width, false) >> 2 & Fp.Infinity(width, false));
                    break;
            }

            ulong magnitude = Fp.Abs(width, value);
            if (magnitude != 0 && magnitude < Fp.Infinity(width, false))
                return value;
        }
    }

    /// <summary>Doubles around the ranges of single and half precision, a third of them with few significant bits.</summary>
    private static ulong Narrowable(Random random)
    {
        ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        ulong exponent = (ulong)(1023 + random.Next(-155, 135));
        if (random.Next(2) == 0)
            exponent = (ulong)(1023 + random.Next(-28, 18));
        if (random.Next(3) == 0)
            value &= ~0UL << random.Next(40, 53);
        return (value & 0x800F_FFFF_FFFF_FFFF) | (exponent << 52);
    }

    private static bool IsDenormal(int width, ulong value) => Fp.Abs(width, value) <= (1UL << Fp.FractionBits(width)) - 1;
}
