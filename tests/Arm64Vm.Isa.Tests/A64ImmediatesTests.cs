using System.Numerics;

namespace Arm64Vm.Isa.Tests;

public class A64ImmediatesTests
{
    [Fact]
    public void BitMasksAreTheRotatedRunsOfEveryElementSize()
    {
        var expected = new HashSet<ulong>();
        for (int size = 2; size <= 64; size *= 2)
        {
            for (int ones = 1; ones < size; ones++)
            {
                for (int rotate = 0; rotate < size; rotate++)
                {
                    ulong value = 0;
                    for (int bit = 0; bit < 64; bit++)
                    {
                        if ((bit + rotate) % size < ones)
                            value |= 1ul << bit;
                    }

                    expected.Add(value);
                }
            }
        }

        var actual = new HashSet<ulong>();
        var actual32 = new HashSet<ulong>();
        for (int fields = 0; fields < 1 << 13; fields++)
        {
            if (A64Immediates.TryDecodeBitMask(true, fields >> 12, (fields >> 6) & 63, fields & 63, out ulong mask))
                actual.Add(mask);
            if (A64Immediates.TryDecodeBitMask(false, fields >> 12, (fields >> 6) & 63, fields & 63, out mask))
                actual32.Add(mask);
        }

        Assert.Equal(5334, expected.Count);
        Assert.True(expected.SetEquals(actual));
        Assert.True(expected.Where(v => (uint)v == v >> 32).Select(v => (ulong)(uint)v).ToHashSet().SetEquals(actual32));
    }

    [Fact]
    public void BitMaskRotatesToTheRight()
    {
        Assert.True(A64Immediates.TryDecodeBitMask(true, 1, 1, 0, out ulong mask));
        Assert.Equal(1ul << 63, mask);
        Assert.True(A64Immediates.TryDecodeBitMask(false, 0, 1, 0, out mask));
        Assert.Equal(1ul << 31, mask);
    }

    [Fact]
    public void DecoderRejectsExactlyTheReservedBitMasks()
    {
        for (uint fields = 0; fields < 1 << 14; fields++)
        {
            bool is64 = fields >> 13 != 0;
            bool valid = A64Immediates.TryDecodeBitMask(is64, (int)(fields >> 12) & 1, (int)(fields >> 6) & 63, (int)fields & 63, out _);
            uint word = 0x12000000 | ((fields >> 13) << 31) | ((fields & 0x1fff) << 10);
            Assert.Equal(valid ? A64Opcode.AndImmediate : A64Opcode.Undefined, A64Decoder.Decode(word));
        }
    }

    [Fact]
    public void FpImmediatesAreSixteenthsTimesPowersOfTwo()
    {
        for (uint imm8 = 0; imm8 < 256; imm8++)
        {
            int exponent = (int)((imm8 >> 4) & 7 ^ 4) - 3;
            double value = (16 + (imm8 & 15)) / 16.0 * Math.ScaleB(1, exponent) * (imm8 >= 128 ? -1 : 1);
            Assert.Equal(BitConverter.DoubleToUInt64Bits(value), A64Immediates.ExpandFpImmediate(64, imm8));
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)value), A64Immediates.ExpandFpImmediate(32, imm8));
            Assert.Equal(BitConverter.HalfToUInt16Bits((Half)value), A64Immediates.ExpandFpImmediate(16, imm8));
        }
    }

    [Theory]
    [InlineData(0, 0, 0xabu, 0x000000ab000000abul)]
    [InlineData(0, 3, 0xabu, 0x0000ab000000ab00ul)]
    [InlineData(1, 6, 0xabu, 0xab000000ab000000ul)]
    [InlineData(0, 8, 0xabu, 0x00ab00ab00ab00abul)]
    [InlineData(0, 10, 0xabu, 0xab00ab00ab00ab00ul)]
    [InlineData(0, 12, 0xabu, 0x0000abff0000abfful)]
    [InlineData(0, 13, 0xabu, 0x00abffff00abfffful)]
    [InlineData(0, 14, 0xabu, 0xabababababababab)]
    [InlineData(1, 14, 0xabu, 0xff00ff00ff00ffff)]
    [InlineData(0, 15, 0x70u, 0x3f8000003f800000ul)]
    [InlineData(1, 15, 0x70u, 0x3ff0000000000000ul)]
    public void SimdImmediatesExpand(int op, int cmode, uint imm8, ulong expected) =>
        Assert.Equal(expected, A64Immediates.ExpandSimdImmediate(op, cmode, imm8));

    [Fact]
    public void SimdImmediatesFillBothWordsExceptBytesAndDoubles()
    {
        for (int cmode = 0; cmode < 14; cmode++)
        {
            ulong value = A64Immediates.ExpandSimdImmediate(0, cmode, 0x5a);
            Assert.Equal(value, BitOperations.RotateLeft(value, 32));
        }
    }
}
