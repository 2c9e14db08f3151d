using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Backend.X64.Tests.Memory;

public sealed unsafe class NativeMemoryRegionTests
{
    [Fact]
    public void IsZeroedAlignedAndAccounted()
    {
        var account = new MemoryAccount();
        using (var region = new NativeMemoryRegion(5000, account))
        {
            Assert.Equal(8192, region.Size);
            Assert.Equal(8192, account.Bytes);
            Assert.Equal(0, (nint)region.Address & 4095);
            Assert.True(new Span<byte>(region.Address, (int)region.Size).IndexOfAnyExcept((byte)0) < 0);
            region.Address[8191] = 1;
        }

        Assert.Equal(0, account.Bytes);
    }

    [Fact]
    public void DisposeTwiceIsHarmless()
    {
        var account = new MemoryAccount();
        var region = new NativeMemoryRegion(1, account);
        region.Dispose();
        region.Dispose();
        Assert.Equal(0, account.Bytes);
        Assert.True(region.Address == null && region.Size == 0);
    }

    /// <summary>What is made present ahead of its use has a bound, however large the region is.</summary>
    [Fact]
    public void OnlyWhatIsAskedForIsMadePresentAndAStepMore()
    {
        const int Step = NativeMemoryRegion.PresentStep;
        using NativeMemoryRegion region = new NativeMemoryRegion(8L * Step).WithSmallPages();
        region.MakePresentTo(1);
        Assert.SkipWhen(Present() == 0, "this host does not make pages present ahead (Linux before 5.14)");
        Assert.Equal(Step, Present());
        region.MakePresentTo(Step);
        Assert.Equal(Step, Present());
        region.MakePresentTo((2L * Step) + 1);
        Assert.Equal(3L * Step, Present());
        region.MakePresentTo(long.MaxValue / 2);
        Assert.Equal(region.Size, Present());
        region.GiveBack(region.Size);
        region.MakePresentTo(1);
        Assert.Equal(Step, Present());

        long Present() => MappingRelease.PresentBytes(region.Address, region.Size);
    }

    [Fact]
    public void RefusalHasTheErrno()
    {
        OutOfMemoryException e = Assert.Throws<OutOfMemoryException>(() => new NativeMemoryRegion(1L << 62));
        Assert.Contains("errno 12", e.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeMemoryRegion(0));
    }
}
