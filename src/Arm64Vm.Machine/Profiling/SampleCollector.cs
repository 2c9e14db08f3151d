using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Turns raw samples into places in guest code, and keeps the time line.</summary>
/// <param name="registry">The units.</param>
/// <param name="time">The recording's.</param>
/// <param name="tasks">The guest's.</param>
/// <param name="interval">Nanoseconds between two samples of a thread.</param>
/// <param name="maximumSamples">Samples kept one by one.</param>
internal sealed class SampleCollector(BlockRegistry registry, HostTime time, GuestTasks tasks, long interval, int maximumSamples)
{
    private readonly long[] _places = new long[ProfilePlaces.Count];
    private readonly long[] _slicePlaces = new long[ProfilePlaces.Count];
    private readonly long[] _sliceTiers = new long[2];
    private readonly TimelineBuilder _timeline = new();
    private readonly HashSet<ulong> _firmwarePages = [];
    private int _blocksSeen;
    private (long Idle, long Wait)[] _before = [];
    private (long Made, long Lost, long Exits) _counted;

    public StackTable Stacks { get; } = new();

    public List<ProfileSample> Samples { get; } = [];

    /// <summary>Blocks of EL0 that were sampled in a process, with the virtual address there: pages are shared, and are at places of their own in each.</summary>
    public Dictionary<(int Process, int Block), ulong> Sightings { get; } = [];

    public GuestTasks Tasks => tasks;

    public List<ProfileSlice> Timeline => _timeline.Slices;

    /// <summary>Nanoseconds by <see cref="ProfilePlace"/>.</summary>
    public long[] Places => _places;

    public long Dropped { get; private set; }

    /// <summary>When samples were taken last.</summary>
    public long End { get; private set; }

    /// <summary>Intervals sampled, those that the host was late by included.</summary>
    public long Intervals { get; private set; }

    /// <summary>The exception level that code at an address runs at, as far as is known: the upper half is a kernel's, and so are pages of the lower one that blocks of EL1 were made from (firmware).</summary>
    public byte LevelOf(ulong address) => tasks.IsBare || IsUpper(address) || _firmwarePages.Contains(address >> 12) ? (byte)1 : (byte)0;

    /// <summary>Takes what has gathered, as one slice.</summary>
    public void Take(ThreadSamplers samplers, ProcessorProfile[] processors)
    {
        tasks.Look();
        for (; _blocksSeen < registry.Count; _blocksSeen++)
        {
            ref readonly var block = ref registry.BlockAt(_blocksSeen);
            if (block.Mode.ExceptionLevel == 1 && !IsUpper(block.VirtualAddress))
                _firmwarePages.Add(block.VirtualAddress >> 12);
        }

        Array.Clear(_slicePlaces);
        Array.Clear(_sliceTiers);
        samplers.Drain(Add);
        var now = time.Now;
        if (_before.Length == 0)
            _before = new (long, long)[processors.Length];
        long exits = 0;
        for (var cpu = 0; cpu < processors.Length; cpu++)
        {
            var (_, idle, wait) = processors[cpu].Times();
            AddTime(ProfilePlace.Idle, HostTime.Nanoseconds(Math.Max(0, idle - _before[cpu].Idle)));
            AddTime(ProfilePlace.Scheduler, HostTime.Nanoseconds(Math.Max(0, wait - _before[cpu].Wait)));
            _before[cpu] = (Math.Max(idle, _before[cpu].Idle), Math.Max(wait, _before[cpu].Wait));
            exits += processors[cpu].ExitCount;
            processors[cpu].TakeCounts();
        }

        var counted = (registry.MadeUnits, registry.LostUnits, exits);
        _timeline.Add(new ProfileSlice
        {
            Start = End,
            Length = now - End,
            Places = [.. _slicePlaces],
            CodeBytes = registry.LiveBytes,
            Blocks = registry.LiveUnits,
            Translated = counted.MadeUnits - _counted.Made,
            Removed = counted.LostUnits - _counted.Lost,
            Exits = counted.exits - _counted.Exits,
            TierSamples = [.. _sliceTiers],
        });
        _counted = counted;
        End = now;
    }

    private void AddTime(ProfilePlace place, long nanoseconds)
    {
        _places[(int)place] += nanoseconds;
        _slicePlaces[(int)place] += nanoseconds;
    }

    private void Add(in SampleEntry entry)
    {
        Intervals += 1 + entry.Overrun;
        var sample = Locate(entry);
        AddTime(sample.Place, interval);
        AddTime(ProfilePlace.Host, interval * entry.Overrun);
        if (sample.Place == ProfilePlace.Emitted)
            _sliceTiers[0]++;
        Keep(sample);
        if (entry.Overrun > 0)
            Keep(sample with { Place = ProfilePlace.Host, Block = -1, HostOffset = 0, Weight = (int)Math.Min(entry.Overrun, int.MaxValue) });
    }

    private void Keep(in ProfileSample sample)
    {
        if (Samples.Count < maximumSamples)
            Samples.Add(sample);
        else
            Dropped++;
    }

    private ProfileSample Locate(in SampleEntry entry)
    {
        var isEmitted = TryFindBlock(entry, out var block, out var offset);
        var place = isEmitted ? ProfilePlace.Emitted : entry.Place switch
        {
            SamplePlace.Translate => ProfilePlace.Translate,
            SamplePlace.Mmu => ProfilePlace.Mmu,
            SamplePlace.Devices => ProfilePlace.Devices,
            _ => ProfilePlace.RunLoop,
        };
        ulong pc;
        byte level;
        if (block >= 0)
        {
            registry.AddSample(block, offset);
            ref readonly var found = ref registry.BlockAt(block);
            level = (byte)found.Mode.ExceptionLevel;
            pc = entry.PcPage + (found.PhysicalAddress & 0xFFF) + (ulong)found.GuestOffset(offset);
        }
        else
        {
            pc = isEmitted ? entry.PcPage : place is ProfilePlace.Mmu or ProfilePlace.Devices ? entry.Site : entry.Pc;
            level = LevelOf(pc);
        }

        // Firmware runs at EL1 in the lower half, and has no processes.
        var key = AddressSpace.Key(entry.TableBase, entry.UpperTableBase);
        if (level == 1 && IsUpper(pc))
            tasks.SeeTable(entry.UpperTableBase);
        var process = tasks.IsBare || (level == 1 && !IsUpper(pc)) ? -1 : IsUpper(pc) ? tasks.Names.ProcessOf(key, entry.Thread) : tasks.Names.ProcessOf(key);
        if (block >= 0 && level == 0 && process >= 0)
            Sightings[(process, block)] = pc - (ulong)registry.BlockAt(block).GuestOffset(offset);
        var stack = StackOf(entry, pc, level, level == 0 ? process : -1);
        return new ProfileSample(Math.Max(0, time.OfStamp(entry.Timestamp)), entry.Processor, place, process, stack, block, offset, 1);
    }

    /// <summary>In a routine that units share the unit is found by where it goes back to.</summary>
    private unsafe bool TryFindBlock(in SampleEntry entry, out int block, out int offset)
    {
        // SAFETY: two words of a structure on our side.
        if (!registry.TryFind(entry.InstructionPointer, out block, out offset))
            return false;
        for (var i = 0; i < 2 && block < 0; i++)
            registry.TryFind(entry.HostStack[i] - 1, out block, out offset);
        return true;
    }

    private unsafe int StackOf(in SampleEntry entry, ulong pc, byte level, int process)
    {
        var node = -1;

        // SAFETY: the handler wrote FrameCount return addresses, at most MaximumFrames.
        var count = Math.Min(entry.FrameCount, SampleEntry.MaximumFrames);
        for (var i = count - 1; i >= 0; i--)
        {
            var caller = Canonical(entry.Frames[i]) - 4;
            if (IsUpper(caller) == IsUpper(pc) && caller > 0x1000)
                node = Stacks.Push(node, caller, level, process);
        }

        // A leaf function has made no record: its caller is in the link register, unless a record says the same.
        var link = Canonical(entry.Link);
        var saved = count > 0 ? Canonical(entry.Frames[0]) : 0;
        if (link != saved && link > 0x1000 && IsUpper(link) == IsUpper(pc))
            node = Stacks.Push(node, link - 4, level, process, isGuess: true);
        return Stacks.Push(node, pc, level, process);
    }

    private static bool IsUpper(ulong address) => (address >> 55 & 1) != 0;

    /// <summary>Without a pointer authentication code and tag.</summary>
    private static ulong Canonical(ulong address) => IsUpper(address) ? address | 0xFFFF_0000_0000_0000 : address & 0x0000_FFFF_FFFF_FFFF;
}
