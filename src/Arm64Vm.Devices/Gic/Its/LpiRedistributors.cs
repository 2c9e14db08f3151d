using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic.Its;

/// <summary>The LPIs of all processors: registers of the redistributors' control frames, and what the ITS feeds (IHI 0069, 12.11).</summary>
internal sealed class LpiRedistributors : ILpiSource, IStateful<IReadOnlyList<LpiState>>
{
    private const ulong Control = 0x00;
    private const ulong PropertyBase = 0x70;
    private const ulong PendingBase = 0x78;
    private const ulong InvalidateOne = 0xA0;
    private const ulong InvalidateAllRegister = 0xB0;

    private const uint ControlEnable = 1;

    /// <summary>EnableLPIs can be cleared again.</summary>
    private const uint ControlClearSupported = 2;

    private readonly LpiBank[] _banks;
    private readonly Action<int> _attend;

    /// <param name="processors">How many.</param>
    /// <param name="memory">Where the tables are.</param>
    /// <param name="attend">Makes a processor look at its interrupts: <see cref="InterruptController.Attend"/>.</param>
    public LpiRedistributors(int processors, IGuestMemory memory, Action<int> attend)
    {
        _banks = [.. Enumerable.Range(0, processors).Select(_ => new LpiBank(memory))];
        _attend = attend;
    }

    /// <summary>Processors.</summary>
    public int Count => _banks.Length;

    /// <inheritdoc/>
    public bool TryGetPending(int processor, out int id, out byte priority) => _banks[processor].TryGetBest(out id, out priority);

    /// <inheritdoc/>
    public bool TryAcknowledge(int processor, int id) => _banks[processor].TryTake(id);

    /// <inheritdoc/>
    public uint ReadRegister(int processor, ulong offset)
    {
        var bank = _banks[processor];
        return offset switch
        {
            Control => ControlClearSupported | (bank.IsEnabled ? ControlEnable : 0),
            PropertyBase => (uint)bank.PropertyBase,
            PropertyBase + 4 => (uint)(bank.PropertyBase >> 32),
            PendingBase => (uint)bank.PendingBase,
            PendingBase + 4 => (uint)(bank.PendingBase >> 32),
            _ => 0,
        };
    }

    /// <inheritdoc/>
    public void WriteRegister(int processor, ulong offset, uint value)
    {
        var bank = _banks[processor];
        switch (offset)
        {
            case Control: bank.Enable((value & ControlEnable) != 0); break;
            case PropertyBase: bank.PropertyBase = WithLow(bank.PropertyBase, value); return;
            case PropertyBase + 4: bank.PropertyBase = WithHigh(bank.PropertyBase, value); return;
            case PendingBase: bank.PendingBase = WithLow(bank.PendingBase, value); return;
            case PendingBase + 4: bank.PendingBase = WithHigh(bank.PendingBase, value); return;
            case InvalidateOne: bank.Invalidate((int)Math.Min(value, LpiBank.End)); break;
            case InvalidateAllRegister: bank.InvalidateAll(); break;
            default: return;
        }

        _attend(processor);
    }

    /// <inheritdoc/>
    public IReadOnlyList<LpiState> Save() => Array.ConvertAll(_banks, bank => bank.Save());

    /// <inheritdoc/>
    public void Restore(IReadOnlyList<LpiState> state)
    {
        for (var i = 0; i < Math.Min(_banks.Length, state.Count); i++)
        {
            _banks[i].Restore(state[i]);
            _attend(i);
        }
    }

    /// <summary>Makes an LPI of a processor pending, or no longer so.</summary>
    internal void SetPending(int processor, int id, bool pending)
    {
        if (_banks[processor].SetPending(id, pending))
            _attend(processor);
    }

    /// <summary>An LPI's configuration has changed.</summary>
    internal void Invalidate(int processor, int id)
    {
        if (_banks[processor].Invalidate(id))
            _attend(processor);
    }

    /// <summary>The configuration of any number of LPIs has changed.</summary>
    internal void InvalidateAll(int processor)
    {
        _banks[processor].InvalidateAll();
        _attend(processor);
    }

    /// <summary>An LPI, pending or not, goes to another processor.</summary>
    internal void Move(int from, int to, int id)
    {
        if (from == to)
            return;

        // The other processor's copy of the configuration may be older.
        _banks[to].Invalidate(id);
        _banks[from].MoveTo(_banks[to], id);
        _attend(from);
        _attend(to);
    }

    /// <summary>All that is pending goes to another processor.</summary>
    internal void MoveAll(int from, int to)
    {
        if (from == to)
            return;
        _banks[to].InvalidateAll();
        _banks[from].MoveAllTo(_banks[to]);
        _attend(from);
        _attend(to);
    }

    private static ulong WithLow(ulong value, uint low) => (value & 0xFFFF_FFFF_0000_0000) | low;

    private static ulong WithHigh(ulong value, uint high) => (value & 0xFFFF_FFFF) | ((ulong)high << 32);
}
