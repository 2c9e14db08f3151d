using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Translation;

namespace Arm64Vm.Cpu.Debugging;

/// <summary>Breakpoints and watchpoints of a debugger: by virtual address, for every processor of a machine, at every level and in every address space.</summary>
/// <remarks>
/// Guest memory is never changed, so they work in ROM and no guest sees them. Code on a page with breakpoints is translated under a mode that
/// names the offsets of these (<see cref="TranslationMode.StopSet"/>): units end before them, and who comes to one fetches, which compares.
/// All other code, and that on the page between the breakpoints, runs at full speed. A page with a watchpoint stays out of the inline TLBs.
/// Changed only while no processor runs, and followed by <see cref="Vcpu.DebugPointsChanged"/> on each.
/// </remarks>
internal sealed class DebugPoints : ICodeStops
{
    /// <summary>Breakpoints and watchpoints, of each kind.</summary>
    public const int Most = 4096;

    /// <summary>Names of sets in a mode; pages with further sets run one instruction at a time until <see cref="Recycle"/>.</summary>
    private const int MostSets = TranslationMode.MostStopSets;
    private const int Instructions = 1024;
    private const ulong PageMask = 0xFFF;

    private readonly SortedSet<ulong> _breakpoints = [];
    private readonly List<DebugWatch> _watches = [];
    private readonly Dictionary<ulong, int> _setOfPage = [];

    /// <summary>By name; the bit of an instruction is its index on the page.</summary>
    private readonly ulong[]?[] _sets = new ulong[]?[MostSets + 1];
    private readonly HashSet<ulong> _physicalPages = [];
    private readonly Lock _gate = new();
    private int _setCount;

    /// <summary>There is some breakpoint.</summary>
    public bool HasBreakpoints { get; private set; }

    /// <summary>There is some watchpoint.</summary>
    public bool HasWatchpoints { get; private set; }

    /// <summary>Adds a breakpoint; false where there are too many. One that is there already is not added again.</summary>
    public bool AddBreakpoint(ulong address)
    {
        address = PageWalker.SignExtend(address);
        if (_breakpoints.Count >= Most && !_breakpoints.Contains(address))
            return false;
        if (_breakpoints.Add(address))
            FindSets();
        return true;
    }

    /// <summary>Removes a breakpoint; nothing where there is none.</summary>
    public void RemoveBreakpoint(ulong address)
    {
        if (_breakpoints.Remove(PageWalker.SignExtend(address)))
            FindSets();
    }

    /// <summary>Adds a watchpoint; false where there are too many, or it has no bytes or wraps.</summary>
    public bool AddWatchpoint(DebugWatch watch)
    {
        watch = watch with { Address = PageWalker.SignExtend(watch.Address) };
        if (_watches.Count >= Most || watch.Length == 0 || watch.Address + (watch.Length - 1) < watch.Address)
            return false;
        if (!_watches.Contains(watch))
            _watches.Add(watch);
        HasWatchpoints = true;
        return true;
    }

    /// <summary>Removes a watchpoint; nothing where there is none like it.</summary>
    public void RemoveWatchpoint(DebugWatch watch)
    {
        _watches.Remove(watch with { Address = PageWalker.SignExtend(watch.Address) });
        HasWatchpoints = _watches.Count != 0;
    }

    public void Clear()
    {
        _breakpoints.Clear();
        _watches.Clear();
        HasWatchpoints = false;
        FindSets();
    }

    /// <summary>Drops the translations made under names of sets, when most names are used up, and gives them out again.</summary>
    public void Recycle(PhysicalMemory memory)
    {
        if (_setCount < MostSets * 3 / 4)
            return;
        foreach (ulong page in _physicalPages)
            memory.NotifyChanged(page, PageMask + 1);
        _physicalPages.Clear();
        Array.Clear(_sets);
        _setCount = 0;
        FindSets();
    }

    /// <inheritdoc/>
    public bool IsStop(TranslationMode mode, int pageOffset)
    {
        int instruction = pageOffset >> 2;
        return _sets[mode.StopSet] is { } set && (set[instruction >> 6] & (1UL << (instruction & 63))) != 0;
    }

    internal bool IsBreakpoint(ulong address) => HasBreakpoints && _breakpoints.Contains(PageWalker.SignExtend(address));

    /// <summary>The mode of code fetched at an address, as the breakpoints of its page want it.</summary>
    internal TranslationMode Adjust(TranslationMode mode, ulong address, ulong physicalPage)
    {
        if (!_setOfPage.TryGetValue(PageWalker.SignExtend(address) & ~PageMask, out int set))
            return mode;
        lock (_gate)
            _physicalPages.Add(physicalPage);
        return set == 0 ? mode.WithSingleStep() : mode.WithStops(set);
    }

    /// <summary>Accesses to the page of an address must be looked at one by one.</summary>
    internal bool MayWatchPage(ulong address)
    {
        ulong page = PageWalker.SignExtend(address) & ~PageMask;
        foreach (DebugWatch watch in _watches)
        {
            if (watch.Address <= (page | PageMask) && watch.Address + (watch.Length - 1) >= page)
                return true;
        }

        return false;
    }

    /// <summary>The watchpoint that an access hits, and the lowest watched byte; null: none.</summary>
    internal DebugWatch? Find(ulong address, ulong size, bool reads, bool writes, out ulong hit)
    {
        address = PageWalker.SignExtend(address);
        foreach (DebugWatch watch in _watches)
        {
            bool isWanted = (reads && (watch.Access & DebugAccess.Read) != 0) || (writes && (watch.Access & DebugAccess.Write) != 0);
            hit = Math.Max(address, watch.Address);
            if (isWanted && address <= watch.Address + (watch.Length - 1) && address + (size - 1) >= watch.Address)
                return watch;
        }

        hit = 0;
        return null;
    }

    /// <summary>Finds out which pages have breakpoints, and a name for each set of offsets.</summary>
    private void FindSets()
    {
        _setOfPage.Clear();
        var sets = new Dictionary<ulong, ulong[]>();
        foreach (ulong address in _breakpoints)
        {
            ulong page = address & ~PageMask;
            if (!sets.TryGetValue(page, out ulong[]? set))
                sets.Add(page, set = new ulong[Instructions / 64]);
            int instruction = (int)(address & PageMask) >> 2;
            set[instruction >> 6] |= 1UL << (instruction & 63);
        }

        foreach ((ulong page, ulong[] set) in sets)
            _setOfPage.Add(page, NameOf(set));
        HasBreakpoints = _breakpoints.Count != 0;
    }

    /// <summary>The same for the same offsets; 0: there are too many.</summary>
    private int NameOf(ulong[] set)
    {
        for (int name = 1; name <= _setCount; name++)
        {
            if (set.AsSpan().SequenceEqual(_sets[name]))
                return name;
        }

        if (_setCount == MostSets)
            return 0;
        _sets[++_setCount] = set;
        return _setCount;
    }
}
