using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Puts what was collected into a profile, with names.</summary>
internal sealed class ProfileBuilder
{
    private readonly Profile _profile;
    private readonly SampleCollector _samples;
    private readonly BlockRegistry _registry;
    private readonly ProcessorProfile[] _processors;
    private readonly HostTime _time;
    private readonly SymbolIndex _symbols;
    private Retranslations _again = new();

    public ProfileBuilder(ProfileInfo info, SampleCollector samples, BlockRegistry registry, ProcessorProfile[] processors, HostTime time, SymbolSources sources)
    {
        _samples = samples;
        _registry = registry;
        _processors = processors;
        _time = time;
        _profile = new Profile { Info = info, Places = samples.Places, Timeline = samples.Timeline };
        foreach (var (module, symbols) in sources.Modules)
        {
            _profile.Symbols.AddRange(symbols.Select(symbol => symbol with { Module = _profile.Modules.Count }));
            _profile.Modules.Add(module);
        }

        _symbols = new SymbolIndex(_profile);
    }

    /// <param name="before">What was counted when the recording began.</param>
    /// <param name="after">What is counted now.</param>
    /// <param name="cacheCapacity">Bytes of code and tables that the cache may hold.</param>
    public Profile Build(MachineStatistics before, MachineStatistics after, long cacheCapacity)
    {
        AddBlocks();
        AddStacks();
        AddCounts();
        AddCounters(before, after, cacheCapacity);

        // Others may have been met on the way.
        _profile.Processes.AddRange(_samples.Tasks.Names.ToList());
        return _profile;
    }

    private void AddBlocks()
    {
        for (var i = 0; i < _registry.Count; i++)
        {
            ref readonly var block = ref _registry.BlockAt(i);
            var samples = _registry.SamplesOf(i);
            var process = block.Mode.ExceptionLevel == 0 ? _samples.Tasks.Names.ProcessOf(block.Space) : -1;
            _profile.Blocks.Add(new ProfileBlock
            {
                VirtualAddress = block.VirtualAddress,
                PhysicalAddress = block.PhysicalAddress,
                ExceptionLevel = (byte)block.Mode.ExceptionLevel,
                Mode = block.Mode.Bits,
                Process = process,
                Symbol = _symbols.Find(block.VirtualAddress, process),
                GuestInstructions = block.GuestInstructions,
                IrInstructions = block.IrInstructions,
                GuestCode = block.GuestCode.ToArray(),

                // Of a block that no sample fell into nobody wants to see the host's code.
                HostCode = samples is null ? [] : block.HostCode,
                Map = samples is null ? [] : [.. block.Map.Select(entry => new HostMapEntry(entry.Host, Math.Max(0, entry.Guest)))],
                HostSize = block.HostSize,
                HotSize = block.HotSize,
                Entries = BlockRegistry.EntriesOf(block),
                Costs = new BlockCosts(
                    block.Spills, block.FlagStores, block.Accesses, BlockRegistry.CountOf(block, UnitCounters.ReturnsOffset), BlockRegistry.CountOf(block, UnitCounters.ReturnMissesOffset),
                    BlockRegistry.CountOf(block, UnitCounters.BranchesOffset), BlockRegistry.CountOf(block, UnitCounters.PageChangesOffset)),
                TranslatedAt = _time.OfTicks(block.MadeAt),
                TranslationTime = HostTime.Nanoseconds(block.MakingTime),
                RemovedAt = block.RemovedAt == 0 ? -1 : _time.OfTicks(block.RemovedAt),
                RemovalCause = CauseOf(block.Loss),
                Samples = samples is null ? [] : [.. samples.OrderBy(one => one.Key).Select(one => new OffsetSamples(one.Key, one.Value))],
            });
        }
    }

    private void AddStacks()
    {
        _profile.Frames.AddRange(_samples.Stacks.Frames.Select(frame => frame with { Symbol = _symbols.Find(frame.Address, frame.Process) }));
        _profile.Stacks.AddRange(_samples.Stacks.Settle(_profile.Frames, out var numbers));
        _profile.Samples.AddRange(_samples.Samples.Select(sample => sample with { Stack = sample.Stack < 0 ? -1 : numbers[sample.Stack] }).OrderBy(sample => sample.Time));
    }

    private void AddCounts()
    {
        foreach (var (key, count) in Sum(_processors.SelectMany(processor => processor.Exits.ToList())))
        {
            var (level, process) = Of(key.A, key.C);
            _profile.Exits.Add(new ProfileExit(ProfiledExit.Name((uint)key.B), key.A, level, process, _symbols.Find(key.A, process), count, 0));
        }

        foreach (var (key, count) in Sum(_processors.SelectMany(processor => processor.Misses.ToList())))
        {
            var (level, process) = Of(key.B, key.C);
            _profile.Misses.Add(new ProfileMiss((MissKind)(key.A & 3), key.A & ~0xFFFUL, key.B, level, process, _symbols.Find(key.B, process), count));
        }

        foreach (var (cause, page, site, count, units) in _registry.Losses)
            _profile.Invalidations.Add(new ProfileInvalidation(CauseOf(cause), page, site, _symbols.Find(site, -1), count, units));
        _again = Retranslations.Of(_registry);
        foreach (var made in _again.Units)
            _profile.Retranslations.Add(new ProfileRetranslation(made.PhysicalAddress, made.VirtualAddress, made.Mode, _symbols.Find(made.VirtualAddress, -1), made.Count, HostTime.Nanoseconds(made.Time)));
        AddEvents();
        _profile.Exits.Sort((a, b) => b.Count.CompareTo(a.Count));
        _profile.Misses.Sort((a, b) => b.Count.CompareTo(a.Count));
        _profile.Invalidations.Sort((a, b) => b.Blocks.CompareTo(a.Blocks));
        _profile.Retranslations.Sort((a, b) => b.Time.CompareTo(a.Time));
    }

    /// <summary>Translations, and losses of the cache, in the order of time; the last ones are dropped where there are too many.</summary>
    private void AddEvents()
    {
        var events = _profile.Events;
        for (var i = 0; i < _registry.Count; i++)
        {
            ref readonly var block = ref _registry.BlockAt(i);
            events.Add(new ProfileEvent(EventKind.Translation, _time.OfTicks(block.MadeAt), HostTime.Nanoseconds(block.MakingTime), block.Processor, block.VirtualAddress, i, block.HostSize));
        }

        foreach (var one in _registry.Events)
        {
            var kind = one.Loss switch { CacheLoss.Eviction => EventKind.Eviction, CacheLoss.Flush or CacheLoss.ConstantsFull or CacheLoss.TablesFull => EventKind.Flush, _ => EventKind.Invalidation };
            events.Add(new ProfileEvent(kind, _time.OfTicks(one.Time), 0, -1, one.Page, -1, one.Units));
        }

        List<ProfileEvent> ordered = [.. events.OrderBy(one => one.Time).Take(BlockRegistry.MaximumEvents)];
        events.Clear();
        events.AddRange(ordered);
    }

    private void AddCounters(MachineStatistics before, MachineStatistics after, long cacheCapacity)
    {
        var counters = _profile.Counters;
        counters["interrupts"] = (long)(after.Interrupts - before.Interrupts);
        counters["exits"] = _processors.Sum(processor => processor.ExitCount);
        counters["exits beyond the table"] = _processors.Sum(processor => processor.Exits.Others);
        counters["blocks beyond the table"] = _registry.Undescribed;
        counters["sampled intervals"] = _samples.Intervals;
        counters["cache capacity"] = cacheCapacity;
        foreach (var loss in Enum.GetValues<CacheLoss>())
        {
            if (_again.After[(int)loss] is > 0 and var again)
                counters["translated again after " + CauseOf(loss)] = again;
        }

        if (before.Translation is not { } old || after.Translation is not { } translation)
            return;
        Add("units", all => all.Units);
        Add("guest instructions translated", all => all.GuestInstructions);
        Add("host bytes", all => all.CodeBytes);
        Add("links", all => all.Links);
        Add("invalidated units", all => all.Invalidated);
        Add("evicted units", all => all.Evicted);
        Add("flushes", all => all.Flushes);
        Add("lookups", all => all.Lookups);
        Add("branch misses", all => all.IndirectMisses);
        Add("memory exits", all => all.MemoryExits);
        Add("system exits", all => all.SystemExits);
        Add("operations evaluated", all => all.PureExits);
        Add("faults", all => all.Faults);
        Add("code fetches", all => all.Fetches);

        void Add(string name, Func<TranslationStatistics, long> value) => counters[name] = value(translation) - value(old);
    }

    private static Dictionary<(ulong A, ulong B, ulong C), long> Sum(IEnumerable<CountTable.Entry> entries)
    {
        Dictionary<(ulong, ulong, ulong), long> sums = [];
        foreach (var entry in entries)
            sums[(entry.A, entry.B, entry.C)] = sums.GetValueOrDefault((entry.A, entry.B, entry.C)) + entry.Count;
        return sums;
    }

    /// <summary>The level that code at a site ran at, and its process, which firmware has none of.</summary>
    private (byte Level, int Process) Of(ulong site, ulong space)
    {
        var level = _samples.LevelOf(site);
        return (level, level == 1 ? -1 : _samples.Tasks.Names.ProcessOf(space));
    }

    private static RemovalCause CauseOf(CacheLoss loss) => loss switch
    {
        CacheLoss.None => RemovalCause.None,
        CacheLoss.Write => RemovalCause.Write,
        CacheLoss.Dma => RemovalCause.Dma,
        CacheLoss.Eviction => RemovalCause.Eviction,
        CacheLoss.ConstantsFull => RemovalCause.ConstantsFull,
        CacheLoss.TablesFull => RemovalCause.TablesFull,
        _ => RemovalCause.Flush,
    };
}
