using Arm64Vm.Backend.X64.Compile;

namespace Arm64Vm.Backend.X64.Tests;

public class FloatFlagsTests
{
    private const uint N = 8, Z = 4, C = 2, V = 1;

    /// <summary>Carry, zero and parity flag of UCOMIS as LAHF shows them in bits 15:8, and the Arm flags of the outcome.</summary>
    [Theory]
    [InlineData(FloatFlags.DirectMultiplier, 0x0200, C)]
    [InlineData(FloatFlags.DirectMultiplier, 0x0300, N)]
    [InlineData(FloatFlags.DirectMultiplier, 0x4200, Z | C)]
    [InlineData(FloatFlags.DirectMultiplier, 0x4700, C | V)]
    [InlineData(FloatFlags.SwappedMultiplier, 0x0300, C)]
    [InlineData(FloatFlags.SwappedMultiplier, 0x0200, N)]
    [InlineData(FloatFlags.SwappedMultiplier, 0x4200, Z | C)]
    [InlineData(FloatFlags.SwappedMultiplier, 0x4700, C | V)]
    public void MultiplyingAndAddingGivesArmFlags(int multiplier, int lahf, uint nzcv)
    {
        uint product = unchecked((uint)(lahf * multiplier));
        uint addend = unchecked((uint)FloatFlags.Addend(multiplier));
        uint sum = product + addend;

        uint sign = sum >> 31, zero = sum == 0 ? 1u : 0, carry = sum < product ? 1u : 0;
        uint overflow = ((product ^ sum) & (addend ^ sum)) >> 31;
        Assert.Equal(nzcv, (sign * N) | (zero * Z) | (carry * C) | (overflow * V));
    }
}
