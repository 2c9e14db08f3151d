using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Memory;

public class MemoryMapTests
{
    [Fact]
    public void RegionsBelowRamDoNotOverlap()
    {
        Region[] regions =
        [
            MemoryMap.Flash0, MemoryMap.Flash1, MemoryMap.GicDistributor, MemoryMap.GicCpuInterface, MemoryMap.GicV2m,
            MemoryMap.GicHypervisor, MemoryMap.GicVirtualCpu, MemoryMap.GicIts, MemoryMap.GicRedistributors, MemoryMap.Uart0,
            MemoryMap.Rtc, MemoryMap.FwCfg, MemoryMap.Gpio, MemoryMap.Uart1, MemoryMap.Smmu, MemoryMap.VirtioMmioAll,
            MemoryMap.PlatformBus, MemoryMap.SecureRam, MemoryMap.PcieMmio32, MemoryMap.PciePio, MemoryMap.PcieLowEcam,
            MemoryMap.Ram(1ul << 30),
        ];
        for (var i = 1; i < regions.Length; i++)
            Assert.True(regions[i - 1].End <= regions[i].Base, $"{regions[i - 1]} and {regions[i]}");
    }

    [Fact]
    public void LowRedistributorRegionHolds123Processors() =>
        Assert.Equal((ulong)MemoryMap.LowRedistributorCount, MemoryMap.GicRedistributors.Size / MemoryMap.RedistributorStride);

    [Theory]
    [InlineData(1ul << 30, 0x40_0000_0000, 0x40_1000_0000, 0x80_0000_0000)]
    [InlineData(255ul << 30, 0x40_0000_0000, 0x40_1000_0000, 0x80_0000_0000)]
    [InlineData(300ul << 30, 0x4B_4000_0000, 0x4B_5000_0000, 0x80_0000_0000)]
    [InlineData(512ul << 30, 0x80_4000_0000, 0x80_5000_0000, 0x100_0000_0000)]
    public void HighWindowsFloatAboveRam(ulong ram, ulong redistributors, ulong ecam, ulong mmio)
    {
        var windows = HighWindows.For(ram);
        Assert.Equal(redistributors, windows.Redistributors2.Base);
        Assert.Equal(ecam, windows.Ecam.Base);
        Assert.Equal(mmio, windows.PcieMmio64.Base);
    }

    [Fact]
    public void ContainsDoesNotWrap()
    {
        var region = new Region(0x1000, 0x100);
        Assert.True(region.Contains(0x10FF, 1));
        Assert.False(region.Contains(0x10FF, 2));
        Assert.False(region.Contains(0x1000, ulong.MaxValue));
        Assert.False(region.Contains(ulong.MaxValue, 2));
    }
}
