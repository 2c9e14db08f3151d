namespace Arm64Vm.Devices.Gic;

/// <summary>What a bank of interrupts must carry through a snapshot. Input levels are driven anew by their devices, but kept for interrupts nobody drives.</summary>
public sealed record InterruptBankState(
    uint[] Enabled, uint[] Latched, uint[] Lines, uint[] Active, uint[] Group, uint[] Edge, byte[] Priority);

/// <summary>State of a run of interrupts: the 32 private ones of a processor, or all shared ones (GIC architecture, IHI 0069 chapter 4).</summary>
/// <remarks>Not thread safe: the controller holds its lock.</remarks>
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

    public ref uint Enabled(int word) => ref _enabled[word];

    public ref uint Active(int word) => ref _active[word];

    /// <summary>One bits: Group 1.</summary>
    public ref uint Group(int word) => ref _group[word];

    /// <summary>One bits: edge-triggered.</summary>
    public ref uint Edge(int word) => ref _edge[word];

    public ref byte Priority(int index) => ref _priority[index];

    /// <summary>Pending: latched by an edge or by software, or a level that is high.</summary>
    public uint Pending(int word) => _latched[word] | (_lines[word] & ~_edge[word]);

    /// <summary>Interrupts that could be signalled, as far as this bank knows.</summary>
    public uint Candidates(int word) => _enabled[word] & Pending(word) & ~_active[word];

    public void SetPending(int word, uint mask) => _latched[word] |= mask;

    /// <summary>A level that is high stays pending.</summary>
    public void ClearPending(int word, uint mask) => _latched[word] &= ~mask;

    public bool IsActive(int index) => (_active[index / 32] & Bit(index)) != 0;

    /// <summary>Drives an input; a rising edge latches edge-triggered interrupts. True where anything changed.</summary>
    public bool SetLine(int index, bool asserted)
    {
        uint bit = Bit(index);
        ref uint lines = ref _lines[index / 32];
        if (((lines & bit) != 0) == asserted)
            return false;
        if (asserted)
        {
            lines |= bit;
            _latched[index / 32] |= bit & _edge[index / 32];
        }
        else
        {
            lines &= ~bit;
        }

        return true;
    }

    /// <summary>Acknowledged: active, and no longer pending unless its level is still high.</summary>
    public void Acknowledge(int index)
    {
        _active[index / 32] |= Bit(index);
        _latched[index / 32] &= ~Bit(index);
    }

    public void Deactivate(int index) => _active[index / 32] &= ~Bit(index);

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
