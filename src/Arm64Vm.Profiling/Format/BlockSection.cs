namespace Arm64Vm.Profiling;

/// <summary>Blocks.</summary>
internal static class BlockSection
{
    public static void Write(PayloadWriter writer, ProfileBlock block)
    {
        writer.Unsigned(block.VirtualAddress);
        writer.Unsigned(block.PhysicalAddress);
        writer.Unsigned(block.ExceptionLevel);
        writer.Unsigned(block.Tier);
        writer.Unsigned(block.Mode);
        writer.Signed(block.Process);
        writer.Signed(block.Symbol);
        writer.Signed(block.GuestInstructions);
        writer.Signed(block.IrInstructions);
        writer.Raw(block.GuestCode);
        writer.Raw(block.HostCode);
        writer.Signed(block.HostSize);
        writer.Signed(block.HotSize);
        writer.TextOrNull(block.Ir);
        writer.Unsigned((ulong)block.Map.Length);
        HostMapEntry last = default;
        foreach (var entry in block.Map)
        {
            writer.Signed(entry.HostOffset - last.HostOffset);
            writer.Signed(entry.GuestOffset - last.GuestOffset);
            last = entry;
        }

        writer.Signed(block.Entries);
        writer.Signed(block.TranslatedAt);
        writer.Signed(block.TranslationTime);
        writer.Signed(block.RemovedAt);
        writer.Unsigned((ulong)block.RemovalCause);
        writer.Unsigned((ulong)block.Samples.Length);
        var offset = 0;
        foreach (var one in block.Samples)
        {
            writer.Signed(one.HostOffset - offset);
            writer.Signed(one.Count);
            offset = one.HostOffset;
        }
    }

    public static ProfileBlock Read(ref PayloadReader reader, Profile profile) => new()
    {
        VirtualAddress = reader.Unsigned(),
        PhysicalAddress = reader.Unsigned(),
        ExceptionLevel = reader.Byte(),
        Tier = reader.Byte(),
        Mode = (uint)reader.Unsigned(),
        Process = reader.Index(profile.Processes.Count),
        Symbol = reader.Index(profile.Symbols.Count),
        GuestInstructions = reader.Int(),
        IrInstructions = reader.Int(),
        GuestCode = reader.Raw().ToArray(),
        HostCode = reader.Raw().ToArray(),
        HostSize = reader.Int(),
        HotSize = reader.Int(),
        Ir = reader.TextOrNull(),
        Map = ReadMap(ref reader),
        Entries = reader.Signed(),
        TranslatedAt = reader.Signed(),
        TranslationTime = reader.Signed(),
        RemovedAt = reader.Signed(),
        RemovalCause = reader.Unsigned() is <= (ulong)RemovalCause.TablesFull and var cause ? (RemovalCause)cause : throw PayloadReader.Damaged(),
        Samples = ReadSamples(ref reader),
    };

    public static void WriteCosts(PayloadWriter writer, ProfileBlock block)
    {
        var costs = block.Costs;
        foreach (var value in (ReadOnlySpan<long>)[costs.Spills, costs.FlagStores, costs.Accesses, costs.Returns, costs.ReturnMisses, costs.Branches, costs.PageChanges])
            writer.Signed(value);
    }

    public static BlockCosts ReadCosts(ref PayloadReader reader) =>
        new(reader.Int(), reader.Int(), reader.Int(), reader.Signed(), reader.Signed(), reader.Signed(), reader.Signed());

    private static HostMapEntry[] ReadMap(ref PayloadReader reader)
    {
        var map = new HostMapEntry[reader.Count()];
        int host = 0, guest = 0;
        foreach (ref var entry in map.AsSpan())
        {
            host = unchecked(host + reader.Int());
            guest = unchecked(guest + reader.Int());
            entry = host >= 0 && guest >= 0 ? new HostMapEntry(host, guest) : throw PayloadReader.Damaged();
        }

        return map;
    }

    private static OffsetSamples[] ReadSamples(ref PayloadReader reader)
    {
        var samples = new OffsetSamples[reader.Count()];
        var offset = 0;
        foreach (ref var one in samples.AsSpan())
        {
            offset = unchecked(offset + reader.Int());
            one = offset >= 0 ? new OffsetSamples(offset, reader.Signed()) : throw PayloadReader.Damaged();
        }

        return samples;
    }
}
