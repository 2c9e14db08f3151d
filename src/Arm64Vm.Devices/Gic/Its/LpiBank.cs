using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic.Its;

/// <summary>One redistributor's LPIs: which are pending, and a copy of their configuration from the property table in guest memory (IHI 0069, 5.1, 6.1).</summary>
/// <remarks>
/// Pending bits live here; the pending table in memory is read when LPIs are enabled and written when they are disabled. Any thread may make
/// one pending; while none is both pending and enabled, which is nearly always, asking takes no lock. The tables are made when LPIs are first enabled: most machines never do.
/// </remarks>
internal sealed class LpiBank(IGuestMemory memory)
{
    public const int First = GicV3.FirstLpi;

    /// <summary>INTIDs have 16 bits.</summary>
    public const int End = 1 << 16;

    private const int Words = End / 64;
    private const ulong AddressMask = 0xF_FFFF_FFFF_F000;
    private const ulong PendingAddressMask = 0xF_FFFF_FFFF_0000;
    private const ulong PendingTableIsZero = 1ul << 62;
    private const byte ConfigurationEnabled = 1;

    private readonly Lock _gate = new();
    private ulong[] _pending = [];

    /// <summary>Pending and enabled.</summary>
    private ulong[] _candidates = [];
    private byte[] _configuration = [];
    private int _candidateCount;
    private ulong _propertyBase;
    private ulong _pendingBase;
    private bool _isEnabled;

    public bool IsEnabled => Volatile.Read(ref _isEnabled);

    /// <summary>GICR_PROPBASER; it stays while LPIs are enabled.</summary>
    public ulong PropertyBase
    {
        get => Volatile.Read(ref _propertyBase);
        set
        {
            lock (_gate)
                _propertyBase = _isEnabled ? _propertyBase : value;
        }
    }

    /// <summary>GICR_PENDBASER; it stays while LPIs are enabled. That the table is zero can be said, but not read.</summary>
    public ulong PendingBase
    {
        get => Volatile.Read(ref _pendingBase) & ~PendingTableIsZero;
        set
        {
            lock (_gate)
                _pendingBase = _isEnabled ? _pendingBase : value;
        }
    }

    /// <summary>INTIDs that the property table has room for.</summary>
    private int Limit => Math.Min(End, 1 << ((int)(_propertyBase & 0x1F) + 1));

    /// <summary>GICR_CTLR.EnableLPIs.</summary>
    public void Enable(bool enabled)
    {
        lock (_gate)
        {
            if (_isEnabled == enabled)
                return;
            Volatile.Write(ref _isEnabled, enabled);
            if (enabled)
            {
                MakeTables();
                LoadPending();
                LoadConfiguration();
            }
            else
            {
                StorePending();
                Array.Clear(_pending);
                Array.Clear(_candidates);
                Volatile.Write(ref _candidateCount, 0);
            }
        }
    }

    /// <summary>Makes an LPI pending, or no longer so.</summary>
    /// <returns>True: the processor is to look.</returns>
    public bool SetPending(int id, bool pending)
    {
        lock (_gate)
        {
            if (!_isEnabled || id < First || id >= Limit)
                return false;
            var bit = 1ul << (id % 64);
            _pending[id / 64] = pending ? _pending[id / 64] | bit : _pending[id / 64] & ~bit;
            return Update(id);
        }
    }

    /// <summary>Takes one; false where it was not pending.</summary>
    public bool TryTake(int id)
    {
        lock (_gate)
        {
            if (!IsPending(id))
                return false;
            _pending[id / 64] &= ~(1ul << (id % 64));
            Update(id);
            return true;
        }
    }

    /// <summary>The best of those that are pending and enabled.</summary>
    public bool TryGetBest(out int id, out byte priority)
    {
        (id, priority) = (0, byte.MaxValue);
        if (Volatile.Read(ref _candidateCount) == 0)
            return false;
        lock (_gate)
        {
            for (var word = First / 64; word < Words; word++)
            {
                for (var rest = _candidates[word]; rest != 0; rest &= rest - 1)
                {
                    var candidate = word * 64 + BitOperations.TrailingZeroCount(rest);
                    var value = (byte)(_configuration[candidate] & InterruptBank.PriorityMask);
                    if (id == 0 || value < priority)
                        (id, priority) = (candidate, value);
                }
            }
        }

        return id != 0;
    }

    /// <summary>Reads the configuration of one LPI again.</summary>
    /// <returns>True: the processor is to look.</returns>
    public bool Invalidate(int id)
    {
        lock (_gate)
        {
            if (!_isEnabled || id < First || id >= Limit)
                return false;
            var bytes = memory.Map((_propertyBase & AddressMask) + (ulong)(id - First), 1);
            _configuration[id] = bytes.IsEmpty ? (byte)0 : bytes[0];
            return Update(id);
        }
    }

    /// <summary>Reads the configuration of all LPIs again.</summary>
    public void InvalidateAll()
    {
        lock (_gate)
        {
            if (_isEnabled)
                LoadConfiguration();
        }
    }

    /// <summary>Moves everything pending to another processor's bank.</summary>
    public void MoveAllTo(LpiBank other)
    {
        var pending = Volatile.Read(ref _pending);
        for (var id = First; id < pending.Length * 64; id++)
        {
            if ((Volatile.Read(ref pending[id / 64]) & (1ul << (id % 64))) != 0 && TryTake(id))
                other.SetPending(id, true);
        }
    }

    /// <summary>Moves one, where it is pending.</summary>
    public bool MoveTo(LpiBank other, int id) => TryTake(id) && other.SetPending(id, true);

    public LpiState Save()
    {
        lock (_gate)
            return new LpiState(_isEnabled, _propertyBase, _pendingBase, _pending.Length == 0 ? new ulong[Words] : [.. _pending]);
    }

    public void Restore(LpiState state)
    {
        lock (_gate)
        {
            (_isEnabled, _propertyBase, _pendingBase) = (state.IsEnabled, state.PropertyBase, state.PendingBase);
            MakeTables();
            state.Pending.AsSpan(0, Math.Min(state.Pending.Length, Words)).CopyTo(_pending);
            Array.Clear(_pending, 0, First / 64);
            Array.Clear(_configuration);
            if (_isEnabled)
                LoadConfiguration();
        }
    }

    private void MakeTables()
    {
        if (_pending.Length != 0)
            return;
        _candidates = new ulong[Words];
        _configuration = new byte[End];
        Volatile.Write(ref _pending, new ulong[Words]);
    }

    private bool IsPending(int id) => id >= First && id < _pending.Length * 64 && (_pending[id / 64] & (1ul << (id % 64))) != 0;

    /// <summary>Says anew whether an LPI is a candidate.</summary>
    private bool Update(int id)
    {
        var bit = 1ul << (id % 64);
        ref var word = ref _candidates[id / 64];
        var (was, isOne) = ((word & bit) != 0, IsPending(id) && (_configuration[id] & ConfigurationEnabled) != 0);
        if (was != isOne)
        {
            word ^= bit;
            Volatile.Write(ref _candidateCount, _candidateCount + (isOne ? 1 : -1));
        }

        return isOne || was;
    }

    private void LoadConfiguration()
    {
        Array.Clear(_configuration);
        if (Limit > First)
            _ = memory.TryRead(_propertyBase & AddressMask, _configuration.AsSpan(First, Limit - First));
        Array.Clear(_candidates);
        _candidateCount = 0;
        for (var word = First / 64; word < Words; word++)
        {
            for (var rest = _pending[word]; rest != 0; rest &= rest - 1)
                Update(word * 64 + BitOperations.TrailingZeroCount(rest));
        }
    }

    private void LoadPending()
    {
        Array.Clear(_pending);
        if ((_pendingBase & PendingTableIsZero) != 0 || Limit <= First)
            return;
        var bytes = new byte[Limit / 8];
        if (!memory.TryRead(_pendingBase & PendingAddressMask, bytes))
            return;
        for (var id = First; id < Limit; id++)
        {
            if ((bytes[id / 8] & (1 << (id % 8))) != 0)
                _pending[id / 64] |= 1ul << (id % 64);
        }
    }

    private void StorePending()
    {
        if (Limit <= First)
            return;
        var bytes = new byte[(Limit - First) / 8];
        for (var id = First; id < Limit; id++)
        {
            if (IsPending(id))
                bytes[(id - First) / 8] |= (byte)(1 << (id % 8));
        }

        _ = memory.TryWrite((_pendingBase & PendingAddressMask) + First / 8, bytes);
    }
}
