namespace Arm64Vm.Cpu.Debugging;

/// <summary>The breakpoints and watchpoints of one processor, as their registers say (Arm ARM D2.8, D2.9).</summary>
internal sealed class DebugComparators
{
    /// <summary>As ID_AA64DFR0_EL1 counts them for every model.</summary>
    public const int Breakpoints = 6;
    public const int Watchpoints = 4;

    /// <summary>The last two breakpoints can compare CONTEXTIDR_EL1 (ID_AA64DFR0_EL1.CTX_CMPs).</summary>
    private const int FirstContextAware = 4;
    private const ulong PageMask = 0xFFF;

    private readonly Breakpoint[] _breakpoints = new Breakpoint[Breakpoints];
    private readonly Watchpoint[] _watchpoints = new Watchpoint[Watchpoints];
    private bool _breaksAnywhere;

    /// <summary>Some breakpoint may match.</summary>
    public bool HasBreakpoints { get; private set; }

    /// <summary>Some watchpoint may match.</summary>
    public bool HasWatchpoints { get; private set; }

    /// <summary>Takes over the registers, DBGBVR0, DBGBCR0, DBGBVR1 … and DBGWVR0, DBGWCR0 …; <paramref name="enabled"/> is false where none may fire at all.</summary>
    public void Update(ReadOnlySpan<ulong> breakpoints, ReadOnlySpan<ulong> watchpoints, bool enabled)
    {
        HasBreakpoints = false;
        HasWatchpoints = false;
        _breaksAnywhere = false;
        for (int i = 0; i < Breakpoints; i++)
        {
            var one = new Breakpoint(breakpoints[2 * i], enabled ? breakpoints[(2 * i) + 1] : 0);
            _breakpoints[i] = one;
            bool fires = one.IsEnabled && (one.Kind is BreakpointKind.Address or BreakpointKind.LinkedAddress || (one.Kind == BreakpointKind.Context && i >= FirstContextAware));
            HasBreakpoints |= fires;
            _breaksAnywhere |= fires && one.Kind == BreakpointKind.Context;
        }

        for (int i = 0; i < Watchpoints; i++)
        {
            var one = new Watchpoint(watchpoints[2 * i], enabled ? watchpoints[(2 * i) + 1] : 0);
            _watchpoints[i] = one;
            HasWatchpoints |= one.IsEnabled;
        }
    }

    /// <summary>Instructions on the page of <paramref name="address"/> must be looked at one by one.</summary>
    public bool MayBreakOnPage(ulong address)
    {
        if (_breaksAnywhere)
            return true;
        foreach (ref readonly Breakpoint one in _breakpoints.AsSpan())
        {
            if (one.IsEnabled && ((one.Address ^ Mmu.PageWalker.SignExtend(address)) & ~PageMask) == 0)
                return true;
        }

        return false;
    }

    /// <summary>The instruction at <paramref name="address"/> has a breakpoint at level <paramref name="el"/>.</summary>
    public bool Breaks(ulong address, int el, uint contextId)
    {
        for (int i = 0; i < Breakpoints; i++)
        {
            ref readonly Breakpoint one = ref _breakpoints[i];
            if (!one.IsEnabled || (one.Levels & (1 << el)) == 0)
                continue;
            bool matches = one.Kind switch
            {
                BreakpointKind.Address => one.Address == address,
                BreakpointKind.LinkedAddress => one.Address == address && IsInContext(one.Link, contextId),
                BreakpointKind.Context => i >= FirstContextAware && one.ContextId == contextId,
                _ => false,
            };
            if (matches)
                return true;
        }

        return false;
    }

    /// <summary>Accesses to the page of <paramref name="address"/> must be looked at one by one.</summary>
    public bool MayWatchPage(ulong address)
    {
        ulong page = Mmu.PageWalker.SignExtend(address) & ~PageMask;
        foreach (ref readonly Watchpoint one in _watchpoints.AsSpan())
        {
            if (one.IsEnabled && one.Touches(page, page | PageMask))
                return true;
        }

        return false;
    }

    /// <summary>An access to <paramref name="size"/> bytes with the privilege of level <paramref name="el"/> is watched; <paramref name="hit"/> is the lowest watched byte.</summary>
    public bool Watches(ulong address, ulong size, bool reads, bool writes, int el, uint contextId, out ulong hit)
    {
        ulong first = Mmu.PageWalker.SignExtend(address);
        hit = 0;
        foreach (ref readonly Watchpoint one in _watchpoints.AsSpan())
        {
            if (one.IsEnabled
                && (one.Levels & (1 << el)) != 0
                && one.WantsAccess(reads, writes)
                && one.Matches(first, first + size - 1, out hit)
                && (!one.IsLinked || IsInContext(one.Link, contextId)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A link holds where it names an enabled context breakpoint of the linked kind whose value is CONTEXTIDR_EL1.</summary>
    private bool IsInContext(int link, uint contextId)
    {
        if (link is < FirstContextAware or >= Breakpoints)
            return false;
        ref readonly Breakpoint one = ref _breakpoints[link];
        return one.IsEnabled && one.Kind == BreakpointKind.LinkedContext && one.ContextId == contextId;
    }
}
