namespace Arm64Vm.Profiling;

/// <summary>A profile while it is read: sections come in the order in which they refer to each other.</summary>
internal sealed class ProfileDraft
{
    private readonly Profile _lists = new() { Info = new ProfileInfo() };
    private long[] _places = new long[ProfilePlaces.Count];

    public ProfileInfo? Info { get; set; }

    /// <exception cref="ProfileFormatException">It is damaged.</exception>
    public void Read(SectionNumber section, ref PayloadReader payload)
    {
        switch (section)
        {
            case SectionNumber.Modules:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Modules.Add(SmallSections.ReadModule(ref payload, _lists));
                break;
            case SectionNumber.Processes:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Processes.Add(SmallSections.ReadProcess(ref payload));
                break;
            case SectionNumber.Symbols:
                SmallSections.ReadSymbols(ref payload, _lists);
                break;
            case SectionNumber.Blocks:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Blocks.Add(BlockSection.Read(ref payload, _lists));
                break;
            case SectionNumber.BlockCosts:
                var described = payload.Count();
                if (described > _lists.Blocks.Count)
                    throw PayloadReader.Damaged();
                for (var block = 0; block < described; block++)
                    _lists.Blocks[block] = _lists.Blocks[block] with { Costs = BlockSection.ReadCosts(ref payload) };
                break;
            case SectionNumber.Frames:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Frames.Add(SampleSections.ReadFrame(ref payload, _lists));
                break;
            case SectionNumber.Stacks:
                SampleSections.ReadStacks(ref payload, _lists);
                break;
            case SectionNumber.Samples:
                SampleSections.ReadSamples(ref payload, _lists);
                break;
            case SectionNumber.Exits:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Exits.Add(CountSections.ReadExit(ref payload, _lists));
                break;
            case SectionNumber.Misses:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Misses.Add(CountSections.ReadMiss(ref payload, _lists));
                break;
            case SectionNumber.Invalidations:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Invalidations.Add(CountSections.ReadInvalidation(ref payload, _lists));
                break;
            case SectionNumber.Retranslations:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Retranslations.Add(CountSections.ReadRetranslation(ref payload, _lists));
                break;
            case SectionNumber.Timeline:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Timeline.Add(SampleSections.ReadSlice(ref payload));
                break;
            case SectionNumber.Events:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Events.Add(SampleSections.ReadEvent(ref payload, _lists));
                break;
            case SectionNumber.Counters:
                for (var left = payload.Count(); left > 0; left--)
                    _lists.Counters[payload.Text()] = payload.Signed();
                break;
            case SectionNumber.Places:
                _places = payload.Amounts(ProfilePlaces.Count);
                break;
            default:
                break; // of a newer product
        }
    }

    public Profile Finish() => new()
    {
        Info = Info ?? throw PayloadReader.Damaged(),
        Modules = _lists.Modules,
        Symbols = _lists.Symbols,
        Processes = _lists.Processes,
        Blocks = _lists.Blocks,
        Frames = _lists.Frames,
        Stacks = _lists.Stacks,
        Samples = _lists.Samples,
        Exits = _lists.Exits,
        Misses = _lists.Misses,
        Invalidations = _lists.Invalidations,
        Retranslations = _lists.Retranslations,
        Timeline = _lists.Timeline,
        Events = _lists.Events,
        Counters = _lists.Counters,
        Places = _places,
    };
}
