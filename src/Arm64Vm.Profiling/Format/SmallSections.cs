namespace Arm64Vm.Profiling;

/// <summary>What a profile is of, and names.</summary>
internal static class SmallSections
{
    /// <summary>More processors than any machine has; loops over them end soon.</summary>
    private const int MostProcessors = 4096;

    /// <summary>Nanoseconds: a sample each second at least.</summary>
    private const long LongestInterval = 1_000_000_000;

    public static void WriteInfo(PayloadWriter writer, ProfileInfo info)
    {
        writer.Text(info.Version);
        writer.Text(info.Host);
        writer.Text(info.Guest);
        writer.Text(info.Backend);
        writer.Signed(info.Start.UtcTicks);
        writer.Signed(info.Duration);
        writer.Signed(info.SampleInterval);
        writer.Signed(info.Processors);
        writer.Unsigned(info.IsExact ? 1u : 0);
        writer.Signed(info.DroppedSamples);
        writer.Signed(info.DroppedEvents);
    }

    public static ProfileInfo ReadInfo(ref PayloadReader reader) => new()
    {
        Version = reader.Text(),
        Host = reader.Text(),
        Guest = reader.Text(),
        Backend = reader.Text(),
        Start = reader.Signed() is >= 0 and var ticks && ticks <= DateTimeOffset.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : throw PayloadReader.Damaged(),
        Duration = reader.Signed() is >= 0 and var duration ? duration : throw PayloadReader.Damaged(),
        SampleInterval = reader.Signed() is >= 0 and <= LongestInterval and var interval ? interval : throw PayloadReader.Damaged(),
        Processors = reader.Int() is >= 0 and <= MostProcessors and var processors ? processors : throw PayloadReader.Damaged(),
        IsExact = reader.Bool(),
        DroppedSamples = reader.Signed(),
        DroppedEvents = reader.Signed(),
    };

    public static void WriteModule(PayloadWriter writer, ProfileModule module)
    {
        writer.Text(module.Name);
        writer.Text(module.Path);
        writer.Unsigned(module.Start);
        writer.Unsigned(module.End);
        writer.Signed(module.Process);
    }

    public static ProfileModule ReadModule(ref PayloadReader reader, Profile profile) =>
        new(reader.Text(), reader.Text(), reader.Unsigned(), reader.Unsigned(), reader.Index(profile.Processes.Count));

    public static void WriteProcess(PayloadWriter writer, ProfileProcess process)
    {
        writer.Unsigned(process.TableBase);
        writer.Signed(process.Asid);
        writer.Signed(process.Id);
        writer.Text(process.Name);
    }

    public static ProfileProcess ReadProcess(ref PayloadReader reader) =>
        new(reader.Unsigned(), reader.Int(), reader.Int(), reader.Text());

    /// <summary>Addresses as differences: within a module they ascend.</summary>
    public static void WriteSymbols(PayloadWriter writer, List<ProfileSymbol> symbols)
    {
        writer.Unsigned((ulong)symbols.Count);
        ulong last = 0;
        foreach (var symbol in symbols)
        {
            writer.Text(symbol.Name);
            writer.Signed((long)(symbol.Address - last));
            writer.Unsigned(symbol.Size);
            writer.Signed(symbol.Module);
            last = symbol.Address;
        }
    }

    public static void ReadSymbols(ref PayloadReader reader, Profile profile)
    {
        ulong last = 0;
        for (var left = reader.Count(); left > 0; left--)
        {
            var name = reader.Text();
            last += (ulong)reader.Signed();
            var size = reader.Unsigned();
            profile.Symbols.Add(reader.Index(profile.Modules.Count) is >= 0 and var module ? new ProfileSymbol(name, last, size, module) : throw PayloadReader.Damaged());
        }
    }
}
