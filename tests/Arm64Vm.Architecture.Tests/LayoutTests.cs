using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.Il;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Architecture.Tests;

/// <summary>What emitted code and C# must agree on: offsets, sizes and registers.</summary>
public unsafe class LayoutTests
{
    private readonly record struct Region(string Name, int Start, int End);

    [Fact]
    public void AnIrInstructionIs24Bytes() => Assert.Equal(24, sizeof(IrInst));

    [Fact]
    public void ASlowDescriptorIs16Bytes() => Assert.Equal(SlowDescriptor.SizeInBytes, sizeof(SlowDescriptor));

    [Theory]
    [InlineData(nameof(ExitRecord.Reason), ExitLayout.Reason)]
    [InlineData(nameof(ExitRecord.PcDelta), ExitLayout.PcDelta)]
    [InlineData(nameof(ExitRecord.Payload), ExitLayout.Payload)]
    [InlineData(nameof(ExitRecord.Address), ExitLayout.Address)]
    [InlineData(nameof(ExitRecord.Site), ExitLayout.Site)]
    [InlineData(nameof(ExitRecord.Resume), ExitLayout.Resume)]
    public void ExitLayoutMatchesTheRecord(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<ExitRecord>(field));

    /// <summary>Codes of the back end's own must not be taken for reasons of the run loop's.</summary>
    [Fact]
    public void PrivateExitCodesAreNoExitReasons()
    {
        int highest = Enum.GetValues<ExitReason>().Max(reason => (int)reason);
        Assert.All([ExitLayout.LinkRequest, ExitLayout.SlowRequest, ExitLayout.IndirectRequest], code => Assert.True(code > highest));
    }

    [Fact]
    public void TheContextIsAsLargeAsItSays() => Assert.Equal(GuestContext.TotalSize, sizeof(GuestContext));

    [Fact]
    public void RegionsOfTheContextDoNotOverlap()
    {
        List<Region> regions = [.. Fields(typeof(GuestContext)), .. UnnamedRegions()];
        regions.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (int i = 1; i < regions.Count; i++)
            Assert.True(regions[i].Start >= regions[i - 1].End, $"{regions[i - 1]} and {regions[i]} overlap");
        Assert.True(regions[^1].End <= GuestContext.TotalSize);
    }

    /// <summary>What is a back end's own lies in the context's part for back ends.</summary>
    [Theory]
    [InlineData(typeof(HostContext))]
    [InlineData(typeof(CompiledContext))]
    public void ABackEndKeepsToItsPartOfTheContext(Type context)
    {
        Region words = new("words", GuestContext.BackEndWordsOffset, GuestContext.BackEndWordsOffset + GuestContext.BackEndWordsSize);
        Region area = new("area", GuestContext.BackEndAreaOffset, GuestContext.BackEndAreaOffset + GuestContext.BackEndAreaSize);
        List<Region> fields = [.. Fields(context)];
        if (context == typeof(HostContext))
            fields.Add(new Region("spill slots", HostContext.SpillOffset, HostContext.SpillOffset + (HostContext.SpillSlots * 16)));
        Assert.All(fields, field => Assert.True(Contains(words, field) || Contains(area, field), $"{field} is not the back end's"));
        fields.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (int i = 1; i < fields.Count; i++)
            Assert.True(fields[i].Start >= fields[i - 1].End, $"{fields[i - 1]} and {fields[i]} overlap");
    }

    private static bool Contains(Region outer, Region inner) => inner.Start >= outer.Start && inner.End <= outer.End;

    /// <summary>Emitted code moves vectors with aligned instructions.</summary>
    [Theory]
    [InlineData(GuestContext.VOffset)]
    [InlineData(HostContext.XmmOffset)]
    [InlineData(HostContext.OperandOffset)]
    [InlineData(HostContext.SpillOffset)]
    [InlineData(HostContext.SaturationOffset)]
    [InlineData(GuestContext.TlbOffset)]
    [InlineData(GuestContext.FetchTlbOffset)]
    [InlineData(GuestContext.OuterTlbOffset)]
    [InlineData(GuestContext.TlbMarksOffset)]
    public void VectorsInTheContextAreAligned(int offset) => Assert.Equal(0, offset % 16);

    [Fact]
    public void TablesThatCodeIndexesHavePowersOfTwoEntries()
    {
        Assert.True(int.IsPow2(GuestContext.TlbEntries));
        Assert.True(int.IsPow2(FetchTlb.Entries));
        Assert.True(int.IsPow2(OuterTlb.Entries));
        Assert.Equal(GuestContext.TlbOffset + (GuestContext.MmuIndexes * 2 * GuestContext.TlbBytes), GuestContext.FetchTlbOffset);
    }

    /// <summary>X0–SP are reached with one-byte displacements, which is what the bias is for.</summary>
    [Fact]
    public void WhatIsUsedMostIsInReachOfAByte()
    {
        for (int register = 0; register < 32; register++)
        {
            if (HostAbi.PinnedX[register] == HostAbi.None)
                Assert.InRange(GuestContext.XOffset + (register * 8) - HostAbi.ContextBias, -128, 127);
        }

        Assert.InRange(GuestContext.PcPageOffset - HostAbi.ContextBias, -128, 127);
        Assert.InRange(GuestContext.PollOffset - HostAbi.ContextBias, -128, 127);
        Assert.InRange(GuestContext.ContextTagOffset - HostAbi.ContextBias, -128, 127);
        Assert.InRange(HostContext.FlagsOffset - HostAbi.ContextBias, -128, 127);
        Assert.InRange(HostContext.CodeBaseOffset - HostAbi.ContextBias, -128, 127);
        Assert.InRange(HostContext.ReturnStackLimitOffset - HostAbi.ContextBias, -128, 127);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NoHostRegisterHasTwoUses(bool upper)
    {
        byte[] general = [(byte)HostAbi.Context, (byte)HostAbi.Scratch, .. HostAbi.PoolGpr, .. Pinned(HostAbi.PinnedX)];
        byte[] vector = [(byte)HostAbi.VectorScratch, .. HostAbi.PoolXmm, .. Pinned(HostAbi.PinnedVectors(upper))];
        Assert.Equal(general.Length, general.Distinct().Count());
        Assert.Equal(vector.Length, vector.Distinct().Count());
        Assert.DoesNotContain((byte)4, general);
    }

    /// <summary>So that a record of a slow path names the same registers on every host.</summary>
    [Fact]
    public void UpperVectorsOnlyAddToThePinnedOnes()
    {
        for (int guest = 0; guest < 32; guest++)
        {
            byte low = HostAbi.PinnedVectors(upper: false)[guest], all = HostAbi.PinnedVectors(upper: true)[guest];
            Assert.True(low == all || (low == HostAbi.None && HostAbi.IsUpper(all)), $"V{guest}");
        }
    }

    /// <summary>The run loop finds a saved host register where the exit stub puts it.</summary>
    [Fact]
    public void SavedRegistersAreWhereTheStubsPutThem()
    {
        GuestContext* context = (GuestContext*)NativeMemory.AlignedAlloc(GuestContext.TotalSize, 64);
        try
        {
            for (byte host = 0; host < 16; host++)
            {
                int guest = HostAbi.GuestOfGpr(host);
                ulong* expected = guest >= 0 ? &context->X[guest] : &HostContext.Of(context)->Gpr[host];
                Assert.True(expected == SavedRegisters.Gpr(context, host), $"general register {host}");
                int guestV = HostAbi.GuestOfXmm(host);
                Bits128* expectedV = guestV >= 0 ? (Bits128*)&context->V[guestV * 2] : (Bits128*)&HostContext.Of(context)->Xmm[host * 2];
                Assert.True(expectedV == SavedRegisters.Xmm(context, host), $"vector register {host}");
            }
        }
        finally
        {
            NativeMemory.AlignedFree(context);
        }
    }

    private static IEnumerable<byte> Pinned(ReadOnlySpan<byte> registers) => registers.ToArray().Where(register => register != HostAbi.None);

    private static IEnumerable<Region> Fields(Type context)
    {
        MethodInfo sizeOf = typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!;
        foreach (FieldInfo field in context.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            int start = field.GetCustomAttribute<FieldOffsetAttribute>()!.Value;
            int size = (int)sizeOf.MakeGenericMethod(field.FieldType).Invoke(null, null)!;
            yield return new Region(field.Name, start, start + size);
        }
    }

    /// <summary>What has an offset and no field.</summary>
    private static IEnumerable<Region> UnnamedRegions() =>
    [
        new("TLBs", GuestContext.TlbOffset, GuestContext.TlbOffset + (GuestContext.MmuIndexes * 2 * GuestContext.TlbBytes)),
        new("marks of the TLBs", GuestContext.TlbMarksOffset, GuestContext.TlbMarksOffset + (GuestContext.MmuIndexes * 2 * GuestContext.TlbMarks)),
        new("fetch-side TLB", GuestContext.FetchTlbOffset, GuestContext.FetchTlbOffset + FetchTlb.TotalBytes),
        new("second level of the TLBs", GuestContext.OuterTlbOffset, GuestContext.OuterTlbOffset + (GuestContext.MmuIndexes * 2 * OuterTlb.SizeInBytes)),
        new("index of write entries", GuestContext.WritersOffset, GuestContext.WritersOffset + GuestContext.WritersSize),
    ];
}
