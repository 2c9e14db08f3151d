using Arm64Vm.Cpu.Authentication;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Cpu.Tests;

/// <summary>The implementation-defined algorithm of pointer authentication: three AES rounds, as the oracle computes them.</summary>
public class FastCodeTests
{
    [Theory]
    [InlineData(0UL, 0UL, 0UL, 0UL)]
    [InlineData(0xFFFF_8000_1234_5678UL, 0x7FFF_0000UL, 0x0123_4567_89AB_CDEFUL, 0xFEDC_BA98_7654_3210UL)]
    [InlineData(ulong.MaxValue, 1UL, ulong.MaxValue, 0x8000_0000_0000_0000UL)]
    public void TheCodeIsThatOfTheDefinition(ulong pointer, ulong modifier, ulong keyLow, ulong keyHigh)
    {
        Bits128 word = new(pointer ^ keyLow, modifier ^ keyHigh);
        for (int round = 0; round < 3; round++)
        {
            word = AesRound.Encrypt(word);
            word = new Bits128(word.Lo ^ keyLow, word.Hi ^ keyHigh);
        }

        Assert.Equal(word.Lo, FastCode.Compute(pointer, modifier, keyLow, keyHigh));
    }
}
