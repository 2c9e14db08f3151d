using System.Numerics;
using System.Text;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Ir.Tests.Interpreter;

public class IntegerOperationsTests
{
    private static readonly ulong[] Corners =
    [
        0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFE, 0xFFFF_FFFF_FFFF_FFFF, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210,
    ];

    public static TheoryData<bool> Widths => [true, false];

    [Theory]
    [MemberData(nameof(Widths))]
    public void FlagsOfSumsFollowUnboundedArithmetic(bool wide)
    {
        int bits = wide ? 64 : 32;
        ForPairs(wide, (a, b) =>
        {
            foreach (bool carry in (bool[])[false, true])
            {
                ulong flagsIn = carry ? GuestFlags.C : 0;
                AssertSum(IrOp.AdcS, wide, bits, a, b, carry, flagsIn);
                AssertSum(IrOp.SbcS, wide, bits, a, ~b, carry, flagsIn);
            }

            AssertSum(IrOp.AddS, wide, bits, a, b, false, 0);
            AssertSum(IrOp.SubS, wide, bits, a, ~b, true, 0);
        });
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void DivisionByZeroIsZeroAndOverflowWraps(bool wide)
    {
        ulong minimum = wide ? 1UL << 63 : 1UL << 31;
        ulong minusOne = wide ? ulong.MaxValue : uint.MaxValue;
        Assert.Equal(0u, Evaluate(IrOp.DivSigned, wide, 5, 0));
        Assert.Equal(0u, Evaluate(IrOp.DivUnsigned, wide, 5, 0));
        Assert.Equal(minimum, Evaluate(IrOp.DivSigned, wide, minimum, minusOne));
        Assert.Equal(minusOne - 2, Evaluate(IrOp.DivSigned, wide, minusOne - 6, 2));
        Assert.Equal(0u, Evaluate(IrOp.DivUnsigned, wide, minimum, minusOne));
    }

    [Fact]
    public void HighHalvesOfProducts() => ForPairs(true, (a, b) =>
    {
        Assert.Equal((ulong)(((UInt128)a * b) >> 64), Evaluate(IrOp.MulHighUnsigned, true, a, b));
        Assert.Equal((ulong)(((Int128)(long)a * (long)b) >> 64), Evaluate(IrOp.MulHighSigned, true, a, b));
    });

    [Theory]
    [MemberData(nameof(Widths))]
    public void ShiftsTakeTheirAmountModuloTheWidth(bool wide)
    {
        int bits = wide ? 64 : 32;
        foreach (ulong value in Corners)
        {
            ulong a = wide ? value : (uint)value;
            for (int amount = 0; amount < 2 * bits; amount++)
            {
                int n = amount % bits;
                ulong mask = wide ? ulong.MaxValue : uint.MaxValue;
                Assert.Equal((a << n) & mask, Evaluate(IrOp.Shl, wide, a, (ulong)amount));
                Assert.Equal(a >> n, Evaluate(IrOp.Shr, wide, a, (ulong)amount));
                Assert.Equal((ulong)(Signed(a, bits) >> n) & mask, Evaluate(IrOp.Sar, wide, a, (ulong)amount));
                Assert.Equal(((a >> n) | (ulong)((UInt128)a << (bits - n))) & mask, Evaluate(IrOp.Ror, wide, a, (ulong)amount));
            }
        }
    }

    [Fact]
    public void FieldsAreExtractedAndInserted()
    {
        foreach (ulong a in Corners)
        {
            for (int lsb = 0; lsb < 64; lsb++)
            {
                for (int width = 1; lsb + width <= 64; width += 5)
                {
                    ulong field = (ulong)(((UInt128)a >> lsb) & ((UInt128.One << width) - 1));
                    Assert.Equal(field, Field(IrOp.BitsExtractUnsigned, a, 0, lsb, width));
                    Assert.Equal((ulong)Signed(field, width), Field(IrOp.BitsExtractSigned, a, 0, lsb, width));
                    ulong hole = ~(ulong)(((UInt128.One << width) - 1) << lsb);
                    Assert.Equal((~a & hole) | (a << lsb & ~hole), Field(IrOp.BitsInsert, ~a, a, lsb, width));
                }
            }
        }
    }

    [Fact]
    public void CountsAndReversals()
    {
        foreach (ulong a in Corners)
        {
            Assert.Equal((ulong)BitOperations.LeadingZeroCount(a), Evaluate(IrOp.CountLeadingZeros, true, a, 0));
            Assert.Equal((ulong)BitOperations.LeadingZeroCount((uint)a), Evaluate(IrOp.CountLeadingZeros, false, a, 0));
            Assert.Equal((ulong)BitOperations.TrailingZeroCount(a), Evaluate(IrOp.CountTrailingZeros, true, a, 0));
            Assert.Equal((ulong)BitOperations.TrailingZeroCount((uint)a), Evaluate(IrOp.CountTrailingZeros, false, a, 0));
            Assert.Equal((ulong)BitOperations.PopCount(a), Evaluate(IrOp.PopulationCount, true, a, 0));
            Assert.Equal((ulong)BitOperations.PopCount((uint)a), Evaluate(IrOp.PopulationCount, false, a, 0));
            Assert.Equal(Reversed(a, 64), Evaluate(IrOp.ReverseBits, true, a, 0));
            Assert.Equal(Reversed((uint)a, 32), Evaluate(IrOp.ReverseBits, false, a, 0));
        }

        Assert.Equal(63u, Evaluate(IrOp.CountLeadingSigns, true, ulong.MaxValue, 0));
        Assert.Equal(31u, Evaluate(IrOp.CountLeadingSigns, false, 0, 0));
        Assert.Equal(0u, Evaluate(IrOp.CountLeadingSigns, false, 0x8000_0000 >> 1, 0));
        Assert.Equal(0x0807_0605_0403_0201u, Bytes(0x0102_0304_0506_0708, 8));
        Assert.Equal(0x0403_0201_0807_0605u, Bytes(0x0102_0304_0506_0708, 4));
        Assert.Equal(0x0201_0403_0605_0807u, Bytes(0x0102_0304_0506_0708, 2));
    }

    /// <summary>The check values of the CRC catalogue for "123456789".</summary>
    [Theory]
    [InlineData(0, 0xCBF4_3926u)]
    [InlineData(1, 0xE306_9283u)]
    public void CrcCheckValues(int variant, uint check)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in Encoding.ASCII.GetBytes("123456789"))
            crc = Crc(crc, b, 1, variant);
        Assert.Equal(check, ~crc);

        ulong first8 = BitConverter.ToUInt64(Encoding.ASCII.GetBytes("12345678"));
        Assert.Equal(check, ~Crc(Crc(uint.MaxValue, first8, 8, variant), '9', 1, variant));
    }

    [Fact]
    public void ConditionalCompareTakesItsImmediateWhenTheConditionFails()
    {
        var compare = new IrInst { Op = IrOp.CondCompare, Type = IrType.Flags, Size = 8, Aux = (byte)Condition.EQ, Imm = 0b0101 };
        Assert.Equal(GuestFlags.Z | GuestFlags.V, (uint)IntegerOperations.Evaluate(compare, 7, 7, 0));
        Assert.Equal(GuestFlags.Z | GuestFlags.C, (uint)IntegerOperations.Evaluate(compare, 7, 7, GuestFlags.Z));
    }

    private static void AssertSum(IrOp op, bool wide, int bits, ulong a, ulong addend, bool carry, ulong flagsIn)
    {
        bool subtracts = op is IrOp.SubS or IrOp.SbcS;
        ulong mask = wide ? ulong.MaxValue : uint.MaxValue;
        addend &= mask;
        BigInteger unsignedSum = (BigInteger)a + addend + (carry ? 1 : 0);
        BigInteger signedSum = (BigInteger)Signed(a, bits) + Signed(addend, bits) + (carry ? 1 : 0);
        ulong result = (ulong)(unsignedSum & mask);
        uint expected = (result >> (bits - 1) != 0 ? GuestFlags.N : 0)
            | (result == 0 ? GuestFlags.Z : 0)
            | (unsignedSum > mask ? GuestFlags.C : 0)
            | (signedSum != Signed(result, bits) ? GuestFlags.V : 0);
        var setter = new IrInst { Op = op, Type = wide ? IrType.I64 : IrType.I32 };
        ulong b = subtracts ? ~addend & mask : addend;
        Assert.Equal(result, IntegerOperations.Evaluate(setter, a, b, flagsIn));
        Assert.Equal(expected, IntegerOperations.FlagsOf(setter, a, b, flagsIn));
    }

    private static void ForPairs(bool wide, Action<ulong, ulong> test)
    {
        foreach (ulong a in Corners)
        {
            foreach (ulong b in Corners)
                test(wide ? a : (uint)a, wide ? b : (uint)b);
        }
    }

    private static ulong Evaluate(IrOp op, bool wide, ulong a, ulong b) =>
        IntegerOperations.Evaluate(new IrInst { Op = op, Type = wide ? IrType.I64 : IrType.I32 }, a, b, 0);

    private static ulong Field(IrOp op, ulong a, ulong b, int lsb, int width) =>
        IntegerOperations.Evaluate(new IrInst { Op = op, Type = IrType.I64, Aux = (byte)lsb, Imm = (ulong)width }, a, b, 0);

    private static ulong Bytes(ulong a, int container) =>
        IntegerOperations.Evaluate(new IrInst { Op = IrOp.ReverseBytes, Type = IrType.I64, Size = (byte)container }, a, 0, 0);

    private static uint Crc(uint crc, ulong data, int size, int variant) =>
        (uint)IntegerOperations.Evaluate(new IrInst { Op = IrOp.Crc32, Type = IrType.I32, Size = (byte)size, Aux = (byte)variant }, crc, data, 0);

    private static long Signed(ulong value, int bits) => (long)(value << (64 - bits)) >> (64 - bits);

    private static ulong Reversed(ulong value, int bits)
    {
        ulong result = 0;
        for (int i = 0; i < bits; i++)
            result |= ((value >> i) & 1) << (bits - 1 - i);
        return result;
    }
}
