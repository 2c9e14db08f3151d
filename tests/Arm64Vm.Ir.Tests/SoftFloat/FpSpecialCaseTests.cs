using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>Rules that random operands rarely meet, one by one.</summary>
public class FpSpecialCaseTests
{
    private const uint Ahp = FpcrBits.AlternativeHalf;

    [Theory]
    [InlineData(0x7C00UL, 0x4780_0000UL)] // 2^16, not an infinity
    [InlineData(0xFFFFUL, 0xC7FF_E000UL)] // -131008, not a NaN
    public void AlternativeHalfHasNoInfinitiesOrNaNs(ulong half, ulong single)
    {
        uint fpsr = 0;
        Assert.Equal(single, Fp.Convert(32, 16, half, Ahp, ref fpsr));
        Assert.Equal(half, Fp.Convert(16, 32, single, Ahp, ref fpsr));
        Assert.Equal(0u, fpsr);
    }

    [Theory]
    [InlineData(0x4800_0000UL, 0x7FFFUL)] // 2^17 saturates
    [InlineData(0xC7FF_F000UL, 0xFFFFUL)] // rounds up beyond the largest: Inexact is not raised
    [InlineData(0x7F80_0000UL, 0x7FFFUL)]
    [InlineData(0xFF80_0001UL, 0x8000UL)]
    [InlineData(0x7FC0_0000UL, 0x0000UL)]
    public void AlternativeHalfOutOfRangeIsInvalidAlone(ulong single, ulong half)
    {
        uint fpsr = 0;
        Assert.Equal(half, Fp.Convert(16, 32, single, Ahp, ref fpsr));
        Assert.Equal(FpsrBits.InvalidOperation, fpsr);
    }

    [Fact]
    public void AlternativeHalfAppliesToConversionsOnly()
    {
        uint fpsr = 0;
        Assert.Equal(0x7C00UL, Fp.Add(16, 0x7C00, 0x3C00, Ahp, ref fpsr));
    }

    [Fact]
    public void FlushedHalfInputsSetNoFlagButSinglesSetInputDenormal()
    {
        uint fpsr = 0;
        Assert.Equal(0x3C00UL, Fp.Add(16, 0x0001, 0x3C00, FpcrBits.FlushToZero16, ref fpsr));
        Assert.Equal(0u, fpsr);
        Assert.Equal(0x3F80_0000UL, Fp.Add(32, 0x0000_0001, 0x3F80_0000, FpcrBits.FlushToZero, ref fpsr));
        Assert.Equal(FpsrBits.InputDenormal, fpsr);
    }

    [Fact]
    public void FlushedOutputsSetUnderflowWithoutInexact()
    {
        uint fpsr = 0;
        Assert.Equal(0x8000_0000UL, Fp.Mul(32, 0x8080_0000, 0x3F00_0000, FpcrBits.FlushToZero, ref fpsr));
        Assert.Equal(FpsrBits.Underflow, fpsr);
    }

    [Fact]
    public void TininessIsDetectedBeforeRounding()
    {
        // The largest denormal plus three quarters of an ulp, as a product, rounds to the smallest normal number: still an underflow.
        uint fpsr = 0;
        Assert.Equal(0x0080_0000UL, Fp.Mul(32, 0x00FF_FFFF, 0x3F00_0000, 0, ref fpsr));
        Assert.Equal(FpsrBits.Underflow | FpsrBits.Inexact, fpsr);
    }

    [Fact]
    public void ConversionFromDenormalHalfIgnoresBothFlushBits()
    {
        uint fpsr = 0;
        Assert.Equal(0x3380_0000UL, Fp.Convert(32, 16, 1, FpcrBits.FlushToZero | FpcrBits.FlushToZero16, ref fpsr));
        Assert.Equal(1UL, Fp.Convert(16, 32, 0x3380_0000, FpcrBits.FlushToZero | FpcrBits.FlushToZero16, ref fpsr));
        Assert.Equal(0u, fpsr);
    }

    [Fact]
    public void ZeroTimesInfinityPlusQuietNaNIsInvalidAndDefault()
    {
        uint fpsr = 0;
        Assert.Equal(0x7FC0_0000UL, Fp.MulAdd(32, 0xFFC0_1234, 0, 0x7F80_0000, 0, ref fpsr));
        Assert.Equal(FpsrBits.InvalidOperation, fpsr);
    }

    [Fact]
    public void SignalingNaNOutranksAnEarlierQuietNaN()
    {
        uint fpsr = 0;
        Assert.Equal(0x7FC0_0002UL, Fp.Add(32, 0x7FC0_0001, 0x7F80_0002, 0, ref fpsr));
        Assert.Equal(FpsrBits.InvalidOperation, fpsr);
        Assert.Equal(0x7FC0_0003UL, Fp.MulAdd(32, 0x7FC0_0001, 0x7FC0_0002, 0x7F80_0003, 0, ref fpsr));
        Assert.Equal(0x7FC0_0001UL, Fp.MulAdd(32, 0x7FC0_0001, 0x7FC0_0002, 0x7FC0_0003, 0, ref fpsr));
    }

    [Fact]
    public void RecipStepNegatesThePropagatedFirstNaN()
    {
        uint fpsr = 0;
        Assert.Equal(0xFFC0_0001UL, Fp.RecipStepFused(32, 0x7FC0_0001, 0x3F80_0000, 0, ref fpsr));
    }

    [Theory]
    [InlineData(32, 0x41E0_0000_0000_0000UL, false, 0x7FFF_FFFFUL, 1u)] // 2^31
    [InlineData(32, 0xC1E0_0000_0000_0000UL, false, 0x8000_0000UL, 0u)]
    [InlineData(64, 0x43E0_0000_0000_0000UL, false, 0x7FFF_FFFF_FFFF_FFFFUL, 1u)] // 2^63
    [InlineData(64, 0x43E0_0000_0000_0000UL, true, 0x8000_0000_0000_0000UL, 0u)]
    [InlineData(64, 0x43F0_0000_0000_0000UL, true, 0xFFFF_FFFF_FFFF_FFFFUL, 1u)] // 2^64
    [InlineData(32, 0xBFE0_0000_0000_0000UL, true, 0UL, 16u)] // -0.5 truncates to zero
    [InlineData(32, 0xBFF0_0000_0000_0000UL, true, 0UL, 1u)]
    [InlineData(32, 0x7FF8_0000_0000_0000UL, true, 0UL, 1u)]
    public void ConversionToIntegersSaturatesWithInvalidAlone(int intWidth, ulong op, bool unsigned, ulong expected, uint flags)
    {
        uint fpsr = 0;
        Assert.Equal(expected, Fp.ToFixed(intWidth, 64, op, 0, unsigned, FpRounding.Zero, 0, ref fpsr));
        Assert.Equal(flags, fpsr);
    }

    [Theory]
    [InlineData(0x41F0_0000_0010_0000UL, 1u, 0u, 1u)] // 2^32 + 1 wraps
    [InlineData(0xC1E0_0000_0000_0000UL, 0x8000_0000u, 4u, 0u)]
    [InlineData(0x43F0_0000_0000_0001UL, 4096u, 0u, 1u)] // 2^64 + 2^12: still the low bits
    [InlineData(0x4530_0000_0000_0001UL, 0u, 0u, 1u)]
    [InlineData(0x8000_0000_0000_0000UL, 0u, 0u, 0u)]
    [InlineData(0x0000_0000_0000_0000UL, 0u, 4u, 0u)]
    [InlineData(0x3FF8_0000_0000_0000UL, 1u, 0u, 16u)]
    [InlineData(0x7FF0_0000_0000_0000UL, 0u, 0u, 1u)]
    public void JavaScriptConversionWraps(ulong op, uint expected, uint nzcv, uint flags)
    {
        uint fpsr = 0;
        uint result = Fp.ToFixedJS(op, 0, ref fpsr, out uint actualNzcv);
        Assert.Equal((expected, nzcv, flags), (result, actualNzcv, fpsr));
    }

    [Fact]
    public void BFloat16DotOverflowsToInfinityAndFlushesWithoutFlags()
    {
        Assert.Equal(0x7F80_0000u, Bf16.DotAdd(0x7F7F_FFFF, 0x0000_7F7F, 0x0000_3F80));
        Assert.Equal(0u, Bf16.DotAdd(0x0000_0001, 0, 0));
        Assert.Equal(0x7FC0_0000u, Bf16.DotAdd(0xFFC1_2345, 0, 0));
    }

    /// <summary>Half addend, E5M2 operands: 3C = 1, 7C = ∞, 7D a signaling NaN, 01 = 2^−16 (the smallest denormal), 7B = 57344.</summary>
    [Theory]
    [InlineData(0x3C00, 0x3C, 0x3C, 0x4000)]
    [InlineData(0x0000, 0x01, 0x3C, 0x0100)] // a denormal is not flushed
    [InlineData(0x0001, 0x00, 0x3C, 0x0001)]
    [InlineData(0x3C01, 0x01, 0x28, 0x3C01)] // 2^-21 is far below half a unit
    [InlineData(0x3C01, 0x10, 0x3C, 0x3C02)] // half a unit: to even
    [InlineData(0x3C00, 0x10, 0x3C, 0x3C00)]
    [InlineData(0x7BFF, 0x7B, 0x7B, 0x7C00)] // overflow is infinite
    [InlineData(0x7BFF, 0xFB, 0x7B, 0xFC00)]
    [InlineData(0xFC00, 0x7C, 0x3C, 0x7E00)]
    [InlineData(0xFE12, 0x3C, 0x3C, 0x7E00)] // the default NaN whatever the operand
    [InlineData(0x3C00, 0x7D, 0x3C, 0x7E00)]
    [InlineData(0x3C00, 0x7C, 0x80, 0x7E00)]
    [InlineData(0x8000, 0x80, 0x3C, 0x8000)]
    [InlineData(0xBC00, 0x3C, 0x3C, 0x0000)]
    public void EightBitProductsAreFusedAndRoundedToNearest(int addend, int op1, int op2, int result) =>
        Assert.Equal((ulong)result, Fp8.MulAddHalf((ulong)addend, (ulong)op1, (ulong)op2));
}
