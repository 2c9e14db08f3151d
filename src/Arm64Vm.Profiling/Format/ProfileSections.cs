namespace Arm64Vm.Profiling;

/// <summary>Numbers of sections; they never change their meaning.</summary>
internal enum SectionNumber
{
    Texts = 1,
    Info = 2,
    Modules = 3,
    Symbols = 4,
    Processes = 5,
    Blocks = 6,
    Frames = 7,
    Stacks = 8,
    Samples = 9,
    Exits = 10,
    Misses = 11,
    Invalidations = 12,
    Retranslations = 13,
    Timeline = 14,
    Events = 15,
    Counters = 16,
    Places = 17,

    /// <summary>Of each block, in the blocks' order.</summary>
    BlockCosts = 18,
}

/// <summary>A profile as sections.</summary>
internal static class ProfileSections
{
    private delegate void WriteItem<T>(PayloadWriter writer, T item);

    public static List<(SectionNumber Number, PayloadWriter Payload)> Write(Profile profile, StringTable strings)
    {
        var sections = new List<(SectionNumber, PayloadWriter)>();
        Section(SectionNumber.Info, writer => SmallSections.WriteInfo(writer, profile.Info));
        List(SectionNumber.Processes, profile.Processes, SmallSections.WriteProcess);
        List(SectionNumber.Modules, profile.Modules, SmallSections.WriteModule);
        Section(SectionNumber.Symbols, writer => SmallSections.WriteSymbols(writer, profile.Symbols));
        List(SectionNumber.Blocks, profile.Blocks, BlockSection.Write);
        List(SectionNumber.BlockCosts, profile.Blocks, BlockSection.WriteCosts);
        List(SectionNumber.Frames, profile.Frames, SampleSections.WriteFrame);
        Section(SectionNumber.Stacks, writer => SampleSections.WriteStacks(writer, profile.Stacks));
        Section(SectionNumber.Samples, writer => SampleSections.WriteSamples(writer, profile.Samples));
        List(SectionNumber.Exits, profile.Exits, CountSections.WriteExit);
        List(SectionNumber.Misses, profile.Misses, CountSections.WriteMiss);
        List(SectionNumber.Invalidations, profile.Invalidations, CountSections.WriteInvalidation);
        List(SectionNumber.Retranslations, profile.Retranslations, CountSections.WriteRetranslation);
        List(SectionNumber.Timeline, profile.Timeline, SampleSections.WriteSlice);
        List(SectionNumber.Events, profile.Events, SampleSections.WriteEvent);
        Section(SectionNumber.Counters, writer =>
        {
            writer.Unsigned((ulong)profile.Counters.Count);
            foreach (var (name, value) in profile.Counters)
            {
                writer.Text(name);
                writer.Signed(value);
            }
        });
        Section(SectionNumber.Places, writer => writer.Longs(profile.Places));
        return sections;

        void Section(SectionNumber number, Action<PayloadWriter> write)
        {
            var writer = new PayloadWriter(strings);
            write(writer);
            sections.Add((number, writer));
        }

        void List<T>(SectionNumber number, List<T> items, WriteItem<T> write) => Section(number, writer =>
        {
            writer.Unsigned((ulong)items.Count);
            foreach (var item in items)
                write(writer, item);
        });
    }

    /// <exception cref="ProfileFormatException">It is damaged.</exception>
    public static Profile Read(ReadOnlySpan<byte> bytes)
    {
        string[] strings = [];
        ProfileDraft draft = new();
        var outer = new PayloadReader(bytes, strings);
        while (!outer.IsAtEnd)
        {
            var number = outer.Unsigned();
            var payload = new PayloadReader(outer.Raw(), strings);
            switch ((SectionNumber)Math.Min(number, int.MaxValue))
            {
                case SectionNumber.Texts:
                    strings = new string[payload.Count()];
                    for (var i = 0; i < strings.Length; i++)
                        strings[i] = payload.Utf8();
                    break;
                case SectionNumber.Info:
                    draft.Info = SmallSections.ReadInfo(ref payload);
                    break;
                case var known:
                    draft.Read(known, ref payload);
                    break;
            }
        }

        return draft.Finish();
    }
}
