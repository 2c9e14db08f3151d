using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Tests.Profiling;

/// <summary>A unit whose slow paths lie apart: samples in either part and in neither, and its code in one piece.</summary>
public sealed unsafe class BlockRegistryTests : IDisposable
{
    private const int BufferSize = 64 << 10;
    private const int Hot = 0x100;
    private const int HotSize = 21;
    private const int Cold = 0x8005;
    private const int ColdSize = 19;
    private const int Distance = Cold - (Hot + HotSize);

    /// <summary>Places of distances: from hot to cold code, from hot code to another unit, from cold to hot code.</summary>
    private const int ToCold = 2, Linked = 10, ToHot = 30;

    private readonly NativeMemoryRegion code = new(BufferSize);
    private readonly BlockRegistry registry;

    public BlockRegistryTests()
    {
        registry = new BlockRegistry(new BlockRegistry.TranslationCacheView((ulong)code.Address, BufferSize), processors: 1, counts: false, counter: null);
        *(int*)(code.Address + Hot + ToCold) = HotSize - (ToCold + sizeof(int)) + Distance;
        *(int*)(code.Address + Hot + Linked) = 0x20 - (Linked + sizeof(int));
        *(int*)(code.Address + Cold + ToHot - HotSize) = -(ToHot + sizeof(int)) - Distance;
        ProfiledBlock block = new() { CodeOffset = Hot, HotSize = HotSize, ColdOffset = Cold, HostSize = HotSize + ColdSize };
        registry.Add(new RecordedUnit(block, new byte[4], [], [ToCold, Linked, ToHot]));
    }

    [Theory]
    [InlineData(Hot, 0, 0)]
    [InlineData(Hot + HotSize - 1, 0, HotSize - 1)]
    [InlineData(Cold, 0, HotSize)]
    [InlineData(Cold + ColdSize - 1, 0, HotSize + ColdSize - 1)]
    [InlineData(Hot + HotSize + 2, -1, 0)] // between this unit and the next
    [InlineData(Cold + ColdSize + 1, -1, 0)]
    [InlineData(Cold - 2, -1, 0)]
    [InlineData(0x4000, -1, 0)]
    public void SamplesBelongToTheUnitOnlyInItsParts(int place, int block, int offset)
    {
        Assert.True(registry.TryFind((ulong)code.Address + (ulong)place, out int found, out int at));
        Assert.Equal((block, offset), (found, at));
    }

    [Fact]
    public void JumpsBetweenThePartsLeadToOffsetsOfTheUnitInOnePiece()
    {
        registry.Settle();
        byte[] whole = registry.BlockAt(0).HostCode;
        Assert.Equal(HotSize, TargetAt(ToCold));
        Assert.Equal(0x20 + ColdSize, TargetAt(Linked)); // beyond the unit, as it was
        Assert.Equal(0, TargetAt(ToHot));

        int TargetAt(int field) => field + sizeof(int) + BitConverter.ToInt32(whole, field);
    }

    /// <summary>What the host's profiler gets is what ran.</summary>
    [Fact]
    public void PlacedCodeIsThatOfTheBuffer()
    {
        registry.Settle();
        byte[] placed = [.. new ReadOnlySpan<byte>(code.Address + Hot, HotSize), .. new ReadOnlySpan<byte>(code.Address + Cold, ColdSize)];
        Assert.Equal(placed, registry.BlockAt(0).PlacedCode.ToArray());
    }

    public void Dispose()
    {
        registry.Dispose();
        code.Dispose();
    }
}
