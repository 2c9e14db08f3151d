using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Pmu;

/// <summary>PMUv3: a cycle counter and event counters (Arm ARM D13).</summary>
/// <remarks>
/// A cycle is a nanosecond of the machine's clock, so nothing is counted while guest code runs: a counter is what it was when it was last
/// looked at, plus the time since. Retired instructions, branches, loads and stores are counted by the code itself, unit by unit, only while someone wants them. Only a counter that EL0 and EL1 do not share needs to hear of changes of level. The clock's timer only
/// makes the vCPU look, on its own thread, where everything happens.
/// </remarks>
internal sealed unsafe class PerformanceMonitors : IDisposable
{
    /// <summary>Bit of the cycle counter in the enable, interrupt and overflow registers, and its number in PMSELR_EL0.</summary>
    public const int CycleCounter = 31;

    private const ulong Enable = 1;
    private const ulong ResetEvents = 1 << 1;
    private const ulong ResetCycles = 1 << 2;
    private const ulong LongEvents = 1 << 7;

    /// <summary>E, X and DP; LC is RES1 and D ignored, since there is no AArch32.</summary>
    private const ulong ControlStored = Enable | (1 << 4) | (1 << 5);
    private const ulong LongCycles = 1 << 6;

    /// <summary>PMEVTYPERn_EL0.P and U: not at EL1, not at EL0.</summary>
    private const ulong NotPrivileged = 1UL << 31;
    private const ulong NotUser = 1UL << 30;

    /// <summary>No guest retires more instructions per nanosecond: how soon to look again for an overflow.</summary>
    private const ulong FastestRate = 8;

    /// <summary>And not more often than this, in nanoseconds.</summary>
    private const ulong ShortestLook = 20_000;

    // SAFETY: the vCPU's context outlives this object's use; its counts are written by the vCPU's thread only.
    private readonly GuestContext* _context;
    private readonly ProcessorEvents _processor;

    private readonly IVirtualClock? _clock;
    private readonly IVirtualTimer? _timer;
    private readonly IInterruptLine? _line;
    private readonly bool _hasLongEvents;
    private readonly int _events;

    /// <summary>Event counters, and behind them the cycle counter.</summary>
    private readonly ulong[] _values;
    private readonly ulong[] _types;
    private ulong _control;
    private ulong _enabled;
    private ulong _interrupts;
    private ulong _overflows;
    private readonly ulong[] _seen;
    private ulong _last;
    private int _level = 1;

    /// <param name="events">Number of event counters, at most 31.</param>
    /// <param name="hasLongEvents">FEAT_PMUv3p5: event counters have 64 bits.</param>
    /// <param name="clock">What cycles are; without one nothing is counted.</param>
    /// <param name="line">The overflow interrupt.</param>
    /// <param name="context">Has what code counts, while <see cref="CountsInstructions"/> and <see cref="CountsEvents"/>.</param>
    /// <param name="processor">What is counted outside of code.</param>
    /// <param name="attention">Makes the vCPU call <see cref="Look"/> soon, on its own thread; called on any.</param>
    public PerformanceMonitors(int events, bool hasLongEvents, IVirtualClock? clock, IInterruptLine? line, GuestContext* context, ProcessorEvents processor, Action attention)
    {
        _events = events;
        _hasLongEvents = hasLongEvents;
        _clock = clock;
        _line = line;
        _context = context;
        _processor = processor;
        _seen = new ulong[events + 1];
        _values = new ulong[events + 1];
        _types = new ulong[events + 1];
        _timer = clock?.CreateTimer(attention);
    }

    /// <summary>Some counter counts retired instructions: code must count them.</summary>
    public bool CountsInstructions { get; private set; }

    /// <summary>Some counter counts branches, loads or stores: code must count them.</summary>
    public bool CountsEvents { get; private set; }

    /// <summary>Some counter counts at one level only: <see cref="LevelChanged"/> is wanted.</summary>
    public bool DependsOnLevel { get; private set; }

    /// <summary>The current exception level, given before every use: without counters that depend on it nobody told of its changes.</summary>
    public int Level
    {
        set => _level = value;
    }

    /// <summary>Bits of counters in the enable, interrupt and overflow registers.</summary>
    private ulong Implemented => (1UL << CycleCounter) | ((1UL << _events) - 1);

    /// <summary>Everything off and zero.</summary>
    public void Reset()
    {
        Array.Clear(_values);
        Array.Clear(_types);
        _control = 0;
        _enabled = _interrupts = _overflows = 0;
        _level = 1;
        Synchronize();
        Update();
    }

    /// <summary>PMCR_EL0 without the implementer's fields.</summary>
    public ulong Control
    {
        get => _control | LongCycles | ((ulong)_events << 11);
        set
        {
            Synchronize();
            _control = value & (ControlStored | (_hasLongEvents ? LongEvents : 0));
            if ((value & ResetEvents) != 0)
                Array.Clear(_values, 0, _events);
            if ((value & ResetCycles) != 0)
                _values[_events] = 0;
            Update();
        }
    }

    /// <summary>PMCNTENSET_EL0.</summary>
    public ulong Enabled => _enabled;

    /// <summary>PMINTENSET_EL1.</summary>
    public ulong Interrupts => _interrupts;

    /// <summary>PMOVSSET_EL0.</summary>
    public ulong Overflows
    {
        get
        {
            Synchronize();
            Update();
            return _overflows;
        }
    }

    /// <summary>Sets or clears bits of PMCNTEN.</summary>
    public void ChangeEnabled(ulong bits, bool set) => Change(ref _enabled, bits, set);

    /// <summary>Sets or clears bits of PMINTEN.</summary>
    public void ChangeInterrupts(ulong bits, bool set) => Change(ref _interrupts, bits, set);

    /// <summary>Sets or clears bits of PMOVS.</summary>
    public void ChangeOverflows(ulong bits, bool set) => Change(ref _overflows, bits, set);

    /// <summary>A counter's value; zero for numbers without a counter.</summary>
    public ulong Read(int counter)
    {
        int index = IndexOf(counter);
        if (index < 0)
            return 0;
        Synchronize();
        Update();
        return _values[index];
    }

    public void Write(int counter, ulong value)
    {
        int index = IndexOf(counter);
        if (index < 0)
            return;
        Synchronize();
        _values[index] = index == _events || _hasLongEvents ? value : (uint)value;
        Update();
    }

    /// <summary>PMEVTYPERn_EL0, PMCCFILTR_EL0.</summary>
    public ulong ReadType(int counter)
    {
        int index = IndexOf(counter);
        return index < 0 ? 0 : _types[index];
    }

    public void WriteType(int counter, ulong value)
    {
        const ulong Filters = NotPrivileged | NotUser;
        int index = IndexOf(counter);
        if (index < 0)
            return;
        Synchronize();
        _types[index] = value & (index == _events ? Filters : Filters | 0xFFFF);
        _seen[index] = Total(EventOf(index));
        Update();
    }

    /// <summary>PMSWINC_EL0: increments those of the named event counters that count software increments.</summary>
    public void SoftwareIncrement(ulong counters)
    {
        Synchronize();
        for (int index = 0; index < _events; index++)
        {
            if (((counters >> index) & 1) != 0 && EventOf(index) == PmuEvent.SoftwareIncrement && IsOn(index))
                Advance(index, 1);
        }

        Update();
    }

    /// <summary>Brings the counters up to date, and the interrupt with them.</summary>
    public void Look()
    {
        if ((_control & Enable) == 0)
            return;
        Synchronize();
        Update();
    }

    /// <summary>The processor goes on at another exception level.</summary>
    public void LevelChanged(int level)
    {
        Synchronize();
        _level = level;
        Update();
    }

    public PerformanceMonitorState Save()
    {
        Synchronize();
        return new PerformanceMonitorState(_control, _enabled, _interrupts, _overflows, [.. _values], [.. _types]);
    }

    /// <exception cref="ArgumentException">The state has another number of counters.</exception>
    public void Restore(PerformanceMonitorState state, int level)
    {
        if (state.Values.Length != _values.Length || state.Types.Length != _types.Length)
            throw new ArgumentException("The state has another number of counters.", nameof(state));
        Synchronize();
        state.Values.CopyTo(_values, 0);
        state.Types.CopyTo(_types, 0);
        for (int index = 0; index <= _events; index++)
            _seen[index] = Total(EventOf(index));
        _control = state.Control & (ControlStored | LongEvents);
        _enabled = state.Enabled & Implemented;
        _interrupts = state.Interrupts & Implemented;
        _overflows = state.Overflows & Implemented;
        _level = level;
        Update();
    }

    /// <summary>No callback looks at the vCPU's context afterwards, one under way included.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
    }

    private void Change(ref ulong register, ulong bits, bool set)
    {
        Synchronize();
        bits &= Implemented;
        register = set ? register | bits : register & ~bits;
        Update();
    }

    private int IndexOf(int counter) => counter == CycleCounter ? _events : counter < _events ? counter : -1;

    private int BitOf(int index) => index == _events ? CycleCounter : index;

    private PmuEvent EventOf(int index) => index == _events ? PmuEvent.Cycles : (PmuEvent)(_types[index] & 0xFFFF);

    /// <summary>Enabled, and not filtered out at the current level.</summary>
    private bool IsOn(int index) =>
        (_control & Enable) != 0 && ((_enabled >> BitOf(index)) & 1) != 0 && (_types[index] & (_level == 0 ? NotUser : NotPrivileged)) == 0;

    private bool HasInterrupt(int index) => ((_interrupts >> BitOf(index)) & 1) != 0;

    private bool IsWide(int index) => index == _events || (_control & LongEvents) != 0;

    private bool IsChained(int index) => (index & 1) == 0 && index + 1 < _events && EventOf(index + 1) == PmuEvent.Chain && IsOn(index + 1);

    /// <summary>Brings the counters up to date.</summary>
    private void Synchronize()
    {
        _last = _clock?.Nanoseconds ?? 0;
        for (int index = 0; index <= _events; index++)
        {
            ulong total = Total(EventOf(index));
            ulong more = total - _seen[index];
            _seen[index] = total;
            if (more != 0 && IsOn(index))
                Advance(index, more);
        }
    }

    /// <summary>How often an event has happened, since whenever, as of <see cref="Synchronize"/>. Those that only software or other counters bring stay 0.</summary>
    private ulong Total(PmuEvent what) => what switch
    {
        PmuEvent.Cycles => _last,
        PmuEvent.Instructions or PmuEvent.Speculated => Volatile.Read(ref _context->Instructions),
        PmuEvent.Branches or PmuEvent.Predictions => Counted(CodeEvent.Branches),
        PmuEvent.TakenBranches => Counted(CodeEvent.TakenBranches),
        PmuEvent.ImmediateBranches => Counted(CodeEvent.ImmediateBranches),
        PmuEvent.Returns => Counted(CodeEvent.Returns),
        PmuEvent.Loads => Counted(CodeEvent.Loads),
        PmuEvent.Stores => Counted(CodeEvent.Stores),
        PmuEvent.MemoryAccesses or PmuEvent.DataCacheAccesses or PmuEvent.DataTlbAccesses => Counted(CodeEvent.Loads) + Counted(CodeEvent.Stores),
        PmuEvent.ExceptionsTaken => _processor.ExceptionsTaken,
        PmuEvent.ExceptionReturns => _processor.ExceptionReturns,
        PmuEvent.CodeTlbRefills => _processor.CodeWalks,
        PmuEvent.DataTlbRefills => _processor.DataWalks,
        _ => 0,
    };

    private ulong Counted(CodeEvent what) => Volatile.Read(ref _context->Events[(int)what]);

    /// <summary>Branches, loads and stores, in any of their forms.</summary>
    private static bool IsCodeEvent(PmuEvent what) => what is PmuEvent.Branches or PmuEvent.Predictions or PmuEvent.TakenBranches or PmuEvent.ImmediateBranches
        or PmuEvent.Returns or PmuEvent.Loads or PmuEvent.Stores or PmuEvent.MemoryAccesses or PmuEvent.DataCacheAccesses or PmuEvent.DataTlbAccesses;

    /// <summary>How soon a counter must be looked at that overflows after a number of events, in nanoseconds; null: no time brings it.</summary>
    private static ulong? SoonestAfter(PmuEvent what, ulong left) => what switch
    {
        PmuEvent.Cycles => left,
        PmuEvent.SoftwareIncrement or PmuEvent.Chain => null,
        _ => Math.Max(left / FastestRate, ShortestLook),
    };

    private void Advance(int index, ulong count)
    {
        ulong old = _values[index];
        ulong value = old + count;
        bool overflows = IsWide(index) ? value < old : (((ulong)(uint)old + count) >> 32) != 0;
        _values[index] = index == _events || _hasLongEvents ? value : (uint)value;
        if (!overflows)
            return;
        _overflows |= 1UL << BitOf(index);
        if (index < _events && IsChained(index))
            Advance(index + 1, 1);
    }

    /// <summary>Drives the interrupt, and arms the timer for the next overflow that has one.</summary>
    private void Update()
    {
        bool counts = (_control & Enable) != 0;
        bool dependsOnLevel = false;
        bool countsInstructions = false;
        bool countsEvents = false;
        ulong soonest = ulong.MaxValue;
        for (int index = 0; index <= _events && counts; index++)
        {
            if (((_enabled >> BitOf(index)) & 1) == 0)
                continue;
            ulong filter = _types[index] & (NotPrivileged | NotUser);
            PmuEvent what = EventOf(index);
            countsInstructions |= what is PmuEvent.Instructions or PmuEvent.Speculated;
            countsEvents |= IsCodeEvent(what);
            dependsOnLevel |= filter is not (0 or (NotPrivileged | NotUser));
            bool wanted = (HasInterrupt(index) && ((_overflows >> BitOf(index)) & 1) == 0) || (index < _events && IsChained(index) && HasInterrupt(index + 1));
            if (!wanted || !IsOn(index))
                continue;
            ulong left = IsWide(index) ? 0 - _values[index] : (1UL << 32) - (uint)_values[index];
            if (left != 0 && SoonestAfter(what, left) is { } soon)
                soonest = Math.Min(soonest, soon);
        }

        DependsOnLevel = dependsOnLevel;
        CountsInstructions = countsInstructions;
        CountsEvents = countsEvents;
        _line?.Set(counts && (_overflows & _interrupts) != 0);
        if (soonest < ulong.MaxValue - _last)
            _timer?.Arm(_last + soonest);
        else
            _timer?.Disarm();
    }
}
