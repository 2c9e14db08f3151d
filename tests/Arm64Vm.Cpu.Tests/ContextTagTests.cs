using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

public class ContextTagTests
{
    [Fact]
    public void EqualContextsHaveEqualNamesAndOthersDoNot()
    {
        var tags = new ContextTags();
        ulong first = tags.Get(true, false, 0x4000_0000, 1, 7);
        Assert.Equal(first, tags.Get(true, false, 0x4000_0000, 1, 7));
        Assert.NotEqual(first, tags.Get(true, false, 0x4000_0000, 2, 7));
        Assert.NotEqual(first, tags.Get(true, false, 0x4000_1000, 1, 7));
        Assert.NotEqual(first, tags.Get(true, false, 0x4000_0000, 1, 6));
        Assert.NotEqual(first, tags.Get(true, true, 0x4000_0000, 1, 7));
        Assert.NotEqual(first, tags.Get(false, false, 0x4000_0000, 1, 7));
        Assert.Equal(0UL, first & ~0xFFCUL);
    }

    [Fact]
    public void GlobalUpperHalfIsNamedWithoutTheAsidUntilNonGlobalCodeRuns()
    {
        var tags = new ContextTags();
        Assert.Equal(tags.Get(true, true, 0x4000_0000, 1, 7), tags.Get(true, true, 0x4000_0000, 2, 7));
        tags.NoteFetch(new TlbEntry { SizeLog2 = 12, Flags = TlbEntryFlags.Valid | TlbEntryFlags.NonGlobal }, 0xFFFF_FFFF_8000_0000);
        Assert.NotEqual(tags.Get(true, true, 0x4000_0000, 1, 7), tags.Get(true, true, 0x4000_0000, 2, 7));
    }

    [Fact]
    public void InvalidationOfAnAsidRenamesItAlone()
    {
        var tags = new ContextTags();
        ulong one = tags.Get(true, false, 0x4000_0000, 1, 7);
        ulong two = tags.Get(true, false, 0x4000_0000, 2, 7);
        uint changes = tags.Changes;
        tags.InvalidateAsid(1);
        Assert.NotEqual(changes, tags.Changes);
        Assert.NotEqual(one, tags.Get(true, false, 0x4000_0000, 1, 7));
        Assert.Equal(two, tags.Get(true, false, 0x4000_0000, 2, 7));
    }

    [Fact]
    public void BlockThatCodeRanFromIsFoundByAnyOfItsAddresses()
    {
        var tags = new ContextTags();
        ulong before = tags.Get(true, false, 0x4000_0000, 1, 7);
        tags.NoteFetch(new TlbEntry { SizeLog2 = 21, Flags = TlbEntryFlags.Valid | TlbEntryFlags.NonGlobal }, 0x1234_5000);
        Assert.Equal(0, tags.InvalidateAddress(0x1000_0000, out ulong parts));
        Assert.Equal(0UL, parts);
        Assert.Equal(21, tags.InvalidateAddress(0x1220_0000, out parts));
        Assert.Equal(1UL << 40, parts);
        Assert.Equal(21, tags.InvalidateRange());
        Assert.Equal(before, tags.Get(true, false, 0x4000_0000, 1, 7));
    }

    /// <summary>Firmware that sets the attributes of each page of a block invalidates it 512 times.</summary>
    [Fact]
    public void BlockThatWasInvalidatedNeedsItOnlyOnceUntilCodeRunsThereAgain()
    {
        var tags = new ContextTags();
        var block = new TlbEntry { SizeLog2 = 21, Flags = TlbEntryFlags.Valid };
        tags.NoteFetch(block, 0x1234_5000);
        tags.NoteFetch(new TlbEntry { SizeLog2 = 12, Flags = TlbEntryFlags.Valid }, 0x1234_5000);
        Assert.Equal(21, tags.InvalidateAddress(0x1234_5000, out _));
        uint changes = tags.Changes;
        Assert.Equal(0, tags.InvalidateAddress(0x1234_6000, out _));
        Assert.Equal(changes, tags.Changes);
        Assert.Equal(12, tags.InvalidateAddress(0x1234_5000, out _));
        tags.NoteFetch(block, 0x1234_5000);
        Assert.Equal(21, tags.InvalidateAddress(0x1234_6000, out _));
    }

    /// <summary>One address space has a block where another has pages, as after a fork: the page is not among the parts that were noted.</summary>
    [Theory]
    [InlineData(12, 1UL << 32)]
    [InlineData(16, 3UL << 32)]
    public void APageOfAnotherSpaceLeavesWithTheBlock(int size, ulong part)
    {
        var tags = new ContextTags();
        tags.NoteFetch(new TlbEntry { SizeLog2 = 21, Flags = TlbEntryFlags.Valid }, 0x1220_5000);
        tags.NoteFetch(new TlbEntry { SizeLog2 = (byte)size, Flags = TlbEntryFlags.Valid }, 0x1230_0000);
        Assert.Equal(21, tags.InvalidateAddress(0x1230_0000, out ulong parts));
        Assert.Equal(1 | part, parts);
    }

    /// <summary>A page that code was fetched from leaves the fetch-side TLB by itself, under whatever name it is there.</summary>
    [Fact]
    public void InvalidationOfASinglePageKeepsTheNames()
    {
        var tags = new ContextTags();
        ulong before = tags.Get(true, false, 0x4000_0000, 1, 7);
        tags.NoteFetch(new TlbEntry { SizeLog2 = 12, Flags = TlbEntryFlags.Valid | TlbEntryFlags.NonGlobal }, 0x1234_5000);
        uint changes = tags.Changes;
        Assert.Equal(0, tags.InvalidateAddress(0x1234_6000, out _));
        Assert.Equal(changes, tags.Changes);
        Assert.Equal(12, tags.InvalidateAddress(0x1234_5000, out _));
        Assert.NotEqual(changes, tags.Changes);
        Assert.Equal(before, tags.Get(true, false, 0x4000_0000, 1, 7));
    }

    [Fact]
    public void NumbersThatRunOutStartANewEpoch()
    {
        var tags = new ContextTags();
        var seen = new HashSet<ulong>();
        uint i = 0;
        for (; tags.Epoch == 0; i++)
        {
            ulong name = tags.Get(true, false, 0x4000_0000, 1, i);
            if (tags.Epoch == 0)
                Assert.True(seen.Add(name));
            Assert.NotEqual(FetchTlb.NoContext, name);
            Assert.NotEqual(0UL, name);
        }

        Assert.Equal(FetchTlb.MaximumName + 1, i);
    }
}
