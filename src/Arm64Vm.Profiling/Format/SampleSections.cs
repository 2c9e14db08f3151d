namespace Arm64Vm.Profiling;

/// <summary>Frames, stacks, samples, and what has a time.</summary>
internal static class SampleSections
{
    public static void WriteFrame(PayloadWriter writer, ProfileFrame frame)
    {
        writer.Unsigned(frame.Address);
        writer.Unsigned(frame.ExceptionLevel);
        writer.Signed(frame.Process);
        writer.Signed(frame.Symbol);
    }

    public static ProfileFrame ReadFrame(ref PayloadReader reader, Profile profile) =>
        new(reader.Unsigned(), reader.Byte(), reader.Index(profile.Processes.Count), reader.Index(profile.Symbols.Count));

    public static void WriteStacks(PayloadWriter writer, List<ProfileStack> stacks)
    {
        writer.Unsigned((ulong)stacks.Count);
        foreach (var stack in stacks)
        {
            writer.Signed(stack.Parent);
            writer.Signed(stack.Frame);
        }
    }

    /// <summary>A parent comes before its child: no stack is endless.</summary>
    public static void ReadStacks(ref PayloadReader reader, Profile profile)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            var parent = reader.Index(profile.Stacks.Count);
            var frame = reader.Index(profile.Frames.Count);
            profile.Stacks.Add(frame >= 0 ? new ProfileStack(parent, frame) : throw PayloadReader.Damaged());
        }
    }

    public static void WriteSamples(PayloadWriter writer, List<ProfileSample> samples)
    {
        writer.Unsigned((ulong)samples.Count);
        long last = 0;
        foreach (var sample in samples)
        {
            writer.Signed(sample.Time - last);
            writer.Signed(sample.Processor);
            writer.Unsigned((ulong)sample.Place);
            writer.Signed(sample.Process);
            writer.Signed(sample.Stack);
            writer.Signed(sample.Block);
            writer.Signed(sample.HostOffset);
            writer.Signed(sample.Weight);
            last = sample.Time;
        }
    }

    public static void ReadSamples(ref PayloadReader reader, Profile profile)
    {
        long time = 0;
        for (var left = reader.Count(); left > 0; left--)
        {
            time = unchecked(time + reader.Signed());
            var processor = reader.Int();
            var place = reader.Unsigned() is < ProfilePlaces.Count and var value ? (ProfilePlace)value : throw PayloadReader.Damaged();
            profile.Samples.Add(new ProfileSample(
                time, processor, place, reader.Index(profile.Processes.Count), reader.Index(profile.Stacks.Count), reader.Index(profile.Blocks.Count), reader.Int(), reader.Int() is >= 0 and var weight ? weight : throw PayloadReader.Damaged()));
        }
    }

    public static void WriteSlice(PayloadWriter writer, ProfileSlice slice)
    {
        writer.Signed(slice.Start);
        writer.Signed(slice.Length);
        writer.Longs(slice.Places);
        writer.Signed(slice.CodeBytes);
        writer.Signed(slice.Blocks);
        writer.Signed(slice.Translated);
        writer.Signed(slice.Removed);
        writer.Signed(slice.Exits);
        writer.Longs(slice.TierSamples);
    }

    public static ProfileSlice ReadSlice(ref PayloadReader reader) => new()
    {
        Start = reader.Signed(),
        Length = reader.Signed(),
        Places = reader.Amounts(ProfilePlaces.Count),
        CodeBytes = reader.Signed(),
        Blocks = reader.Signed(),
        Translated = reader.Signed(),
        Removed = reader.Signed(),
        Exits = reader.Signed(),
        TierSamples = reader.Amounts(2),
    };

    public static void WriteEvent(PayloadWriter writer, ProfileEvent one)
    {
        writer.Unsigned((ulong)one.Kind);
        writer.Signed(one.Time);
        writer.Signed(one.Length);
        writer.Signed(one.Processor);
        writer.Unsigned(one.Address);
        writer.Signed(one.Block);
        writer.Signed(one.Size);
    }

    public static ProfileEvent ReadEvent(ref PayloadReader reader, Profile profile) => new(
        reader.Unsigned() is <= (ulong)EventKind.Flush and var kind ? (EventKind)kind : throw PayloadReader.Damaged(),
        reader.Signed(), reader.Signed(), reader.Int(), reader.Unsigned(), reader.Index(profile.Blocks.Count), reader.Int());
}
