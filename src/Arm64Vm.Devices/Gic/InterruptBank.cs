namespace Arm64Vm.Devices.Gic;

/// <summary>What a bank of interrupts must carry through a snapshot. Input levels are driven anew by their devices, but kept for interrupts nobody drives.</summary>
internal sealed record InterruptBankState(
    uint[] Enabled, uint[] Latched, uint[] Lines, uint[] Active, uint[] Group, uint[] Edge, byte[] Priority);

/// <summary>State of a run of interrupts: the 32 private ones of a processor, or all shared ones (GIC architecture, IHI 0069 chapter 4).</summary>
/// <remarks>
/// Any thread may change it. Each change is one interlocked operation on a word, which is a full barrier: who changes something and then
/// looks at the rest, and who does so the other way round, cannot both miss the other's change. Progress: wait-free.
/// Priorities are bytes that are simply stored.
/// </remarks>
internal sealed class InterruptBank
{
    /// <summary>Five priority bits: 32 levels.</summary>
    public const byte PriorityMask = 0xF8;

    private readonly uint[] _enabled;
    private readonly uint[] _latched;
    private readonly uint[] _lines;
    private readonly uint[] _active;
    private readonly uint[] _group;
    private readonly uint[] _edge;
    private readonly byte[] _priority;

    public InterruptBank(int count)
    {
        Words = count / 32;
        _enabled = new uint[Words];
        _latched = new uint[Words];
        _lines = new uint[Words];
        _active = new uint[Words];
        _group = new uint[Words];
        _edge = new uint[Words];
        _priority = new byte[count];
    }

    public int Words { get; }

    public int Count => _priority.Length;

    public uint Enabled(int word) => Volatile.Read(ref _enabled[word]);

    public uint Active(int word) => Volatile.Read(ref _active[word]);

    /// <summary>One bits: Group 1.</summary>
    public uint Group(int word) => Volatile.Read(ref _group[word]);

    /// <summary>One bits: edge-triggered.</summary>
    public uint Edge(int word) => Volatile.Read(ref _edge[word]);

    public byte Priority(int index) => Volatile.Read(ref _priority[index]);

    /// <summary>Pending: latched by an edge or by software, or a level that is high.</summary>
    public uint Pending(int word) => Volatile.Read(ref _latched[word]) | (Volatile.Read(ref _lines[word]) & ~Volatile.Read(ref _edge[word]));

    /// <summary>Interrupts that could be signalled, as far as this bank knows.</summary>
    public uint Candidates(int word)
    {
        uint pending = Pending(word);
        return pending == 0 ? 0 : pending & Enabled(word) & ~Active(word);
    }

    public void Enable(int word, uint mask) => Interlocked.Or(ref _enabled[word], mask);

    public void Disable(int word, uint mask) => Interlocked.And(ref _enabled[word], ~mask);

    public void SetActive(int word, uint mask) => Interlocked.Or(ref _active[word], mask);

    public void ClearActive(int word, uint mask) => Interlocked.And(ref _active[word], ~mask);

    /// <summary>Stores all 32 group bits of a word.</summary>
    public void SetGroup(int word, uint value) => Interlocked.Exchange(ref _group[word], value);

    /// <summary>Stores the bits of <paramref name="mask"/>.</summary>
    public void SetEdge(int word, uint mask, uint value)
    {
        uint old = Volatile.Read(ref _edge[word]);
        while (true)
        {
            uint seen = Interlocked.CompareExchange(ref _edge[word], (old & ~mask) | (value & mask), old);
            if (seen == old)
                return;
            old = seen;
        }
    }

    public void SetPriority(int index, byte value) => Volatile.Write(ref _priority[index], value);

    /// <summary>True where one of them was not latched before.</summary>
    public bool SetPending(int word, uint mask) => (~Interlocked.Or(ref _latched[word], mask) & mask) != 0;

    /// <summary>A level that is high stays pending.</summary>
    public void ClearPending(int word, uint mask) => Interlocked.And(ref _latched[word], ~mask);

    public bool IsEnabled(int index) => (Enabled(index / 32) & Bit(index)) != 0;

    public bool IsActive(int index) => (Active(index / 32) & Bit(index)) != 0;

    public bool IsGroup1(int index) => (Group(index / 32) & Bit(index)) != 0;

    /// <summary>Drives an input; a rising edge latches edge-triggered interrupts. True where anything changed. One thread at a time drives an input.</summary>
    public bool SetLine(int index, bool asserted)
    {
        uint bit = Bit(index);
        ref uint lines = ref _lines[index / 32];
        if (((Volatile.Read(ref lines) & bit) != 0) == asserted)
            return false;
        if (asserted)
        {
            Interlocked.Or(ref lines, bit);
            if ((Edge(index / 32) & bit) != 0)
                Interlocked.Or(ref _latched[index / 32], bit);
        }
        else
        {
            Interlocked.And(ref lines, ~bit);
        }

        return true;
    }

    /// <summary>Acknowledges: active, and no longer pending unless its level is still high. False where another processor took it, or it is gone.</summary>
    public bool TryAcknowledge(int index)
    {
        uint bit = Bit(index);
        int word = index / 32;

        // Who sets the active bit owns the interrupt until it is deactivated.
        if ((Interlocked.Or(ref _active[word], bit) & bit) != 0)
            return false;
        if ((Pending(word) & Enabled(word) & bit) == 0)
        {
            Deactivate(index);
            return false;
        }

        // An edge that comes before this is part of what is acknowledged.
        if ((Volatile.Read(ref _latched[word]) & bit) != 0)
            Interlocked.And(ref _latched[word], ~bit);
        return true;
    }

    public void Deactivate(int index) => Interlocked.And(ref _active[index / 32], ~Bit(index));

    public InterruptBankState Save() =>
        new([.. _enabled], [.. _latched], [.. _lines], [.. _active], [.. _group], [.. _edge], [.. _priority]);

    /// <exception cref="ArgumentException">The state is of another number of interrupts.</exception>
    public void Restore(InterruptBankState state)
    {
        if (state.Priority.Length != Count || state.Enabled.Length != Words || state.Latched.Length != Words || state.Lines.Length != Words
            || state.Active.Length != Words || state.Group.Length != Words || state.Edge.Length != Words)
        {
            throw new ArgumentException("The state is of another number of interrupts.", nameof(state));
        }

        state.Enabled.CopyTo(_enabled, 0);
        state.Latched.CopyTo(_latched, 0);
        state.Lines.CopyTo(_lines, 0);
        state.Active.CopyTo(_active, 0);
        state.Group.CopyTo(_group, 0);
        state.Edge.CopyTo(_edge, 0);
        state.Priority.CopyTo(_priority, 0);
    }

    private static uint Bit(int index) => 1u << (index & 31);
}
