using System.Runtime.InteropServices;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Compare-exchange of every size on host memory, by the host's instructions and without them.</summary>
public sealed unsafe class HostAtomicsTests : IDisposable
{
    private static readonly Bits128 s_before = new(0x1122_3344_5566_7788, 0x99AA_BBCC_DDEE_FF00);
    private static readonly Bits128 s_after = new(0x0102_0304_0506_0708, 0x090A_0B0C_0D0E_0F10);
    private readonly Bits128* place = (Bits128*)NativeMemory.AlignedAlloc(32, 16);

    public HostAtomicsTests()
    {
        place[0] = s_before;
        place[1] = s_before;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void StoresOnlyWhereTheBytesAreThoseExpected(int size)
    {
        Bits128 old = Low(s_before, size);
        Assert.Equal(old, HostAtomics.CompareExchange((byte*)place, size, Low(s_after, size), s_after));
        Assert.Equal(s_before, place[0]);
        Assert.Equal(old, HostAtomics.CompareExchange((byte*)place, size, old, s_after));
        Assert.Equal(Low(s_after, size), Low(place[0], size));
        Assert.Equal(s_before, place[1]);
        place[0] = Low(place[0], size);
        Assert.Equal(Low(s_after, size), place[0]);
    }

    [Fact]
    public void SixteenBytesAreReadAtOnce() => Assert.Equal(s_before, HostAtomics.Read128((byte*)place));

    /// <summary>What hosts do that no back end has an instruction for.</summary>
    [Fact]
    public void SixteenBytesAreExchangedUnderALock()
    {
        Assert.Equal(s_before, CompareExchange128.UnderLock((byte*)place, s_after, s_after));
        Assert.Equal(s_before, place[0]);
        Assert.Equal(s_before, CompareExchange128.UnderLock((byte*)place, s_before, s_after));
        Assert.Equal(s_after, place[0]);
    }

    /// <summary>These, and pointer authentication codes, once more in a process in which the host has no instructions but the plain ones.</summary>
    [Fact]
    public void TheSameWithoutHardwareIntrinsics() =>
        WithoutIntrinsics.Run("-class", typeof(HostAtomicsTests).FullName!, "-class", typeof(FastCodeTests).FullName!);

    public void Dispose() => NativeMemory.AlignedFree(place);

    private static Bits128 Low(Bits128 value, int size) => size switch
    {
        16 => value,
        8 => new Bits128(value.Lo, 0),
        _ => new Bits128(value.Lo & ((1UL << (size * 8)) - 1), 0),
    };
}
