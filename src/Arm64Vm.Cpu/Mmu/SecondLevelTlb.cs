namespace Arm64Vm.Cpu.Mmu;

/// <summary>Translations by virtual address, size and ASID, behind the inline TLB and in front of the tables.</summary>
/// <remarks>
/// Four-way set associative. Each translation is held once at its own size, so that invalidating one address of a block drops the
/// block. Invalidating an ASID is a new stamp for it: entries of the old stamp no longer match. Sets are made in pieces, when one is used: most machines map little.
/// </remarks>
internal sealed class SecondLevelTlb
{
    private const int Ways = 4;
    private const int Sets = 1024;
    private const int StampSlots = 1024;
    private const int PieceSets = 16;

    private readonly TlbEntry[]?[] _pieces = new TlbEntry[Sets / PieceSets][];
    private readonly uint[] _stamps = new uint[StampSlots];
    private uint _victim;
    private uint _nextStamp;

    /// <summary>Bit n: entries of 2^n bytes may exist.</summary>
    private ulong _sizes;

    /// <summary>Finds the translation of an address (sign-extended from bit 55).</summary>
    public bool TryFind(ulong address, ushort asid, out TlbEntry entry)
    {
        uint stamp = _stamps[asid % StampSlots];
        for (ulong sizes = _sizes; sizes != 0; sizes &= sizes - 1)
        {
            int size = System.Numerics.BitOperations.TrailingZeroCount(sizes);
            ulong first = address >> size << size;
            Span<TlbEntry> set = Set(SetOf(address, size));
            for (int way = 0; way < set.Length; way++)
            {
                ref TlbEntry candidate = ref set[way];
                if (candidate.Virtual == first && candidate.SizeLog2 == size && IsLive(candidate) && (!candidate.IsNonGlobal || (candidate.Asid == asid && candidate.Stamp == stamp)))
                {
                    entry = candidate;
                    return true;
                }
            }
        }

        entry = default;
        return false;
    }

    /// <summary>Adds or replaces a translation; true when that pushed a larger-than-page one out, which is then in <paramref name="evicted"/>.</summary>
    public bool Insert(ref TlbEntry entry, out TlbEntry evicted)
    {
        entry.Stamp = _stamps[entry.Asid % StampSlots];
        _sizes |= 1UL << entry.SizeLog2;
        int number = SetOf(entry.Virtual, entry.SizeLog2);
        Span<TlbEntry> set = (_pieces[number / PieceSets] ??= new TlbEntry[PieceSets * Ways]).AsSpan(number % PieceSets * Ways, Ways);
        int chosen = -1;
        for (int way = 0; way < set.Length; way++)
        {
            ref TlbEntry candidate = ref set[way];
            if (!IsLive(candidate))
                chosen = way;
            else if (candidate.Virtual == entry.Virtual && candidate.SizeLog2 == entry.SizeLog2 && (candidate.Asid == entry.Asid || !candidate.IsNonGlobal))
            {
                candidate = entry;
                evicted = default;
                return false;
            }
        }

        if (chosen < 0)
            chosen = (int)(_victim++ % Ways);
        evicted = set[chosen];
        set[chosen] = entry;
        return IsLive(evicted) && evicted.SizeLog2 > 12;
    }

    public void Clear()
    {
        if (_sizes == 0)
            return;
        foreach (TlbEntry[]? piece in _pieces)
        {
            if (piece is not null)
                Array.Clear(piece);
        }

        _sizes = 0;
    }

    /// <summary>Clears it, and lets go of its room.</summary>
    public void GiveBack()
    {
        Array.Clear(_pieces);
        _sizes = 0;
    }

    /// <summary>Drops what belongs to one ASID; global entries stay.</summary>
    public void InvalidateAsid(ushort asid) => _stamps[asid % StampSlots] = ++_nextStamp;

    /// <summary>Drops every translation of an address, global ones included; <paramref name="asid"/> restricts the others. Returns log2 of the largest size dropped, or 0.</summary>
    public int InvalidateAddress(ulong address, ushort? asid)
    {
        int largest = 0;
        for (ulong sizes = _sizes; sizes != 0; sizes &= sizes - 1)
        {
            int size = System.Numerics.BitOperations.TrailingZeroCount(sizes);
            ulong first = address >> size << size;
            Span<TlbEntry> set = Set(SetOf(address, size));
            for (int way = 0; way < set.Length; way++)
            {
                ref TlbEntry candidate = ref set[way];
                if (candidate.Virtual == first && candidate.SizeLog2 == size && IsLive(candidate) && Matches(candidate, asid))
                {
                    candidate = default;
                    largest = size;
                }
            }
        }

        return largest;
    }

    /// <summary>Drops every translation that touches [first, last]. Returns log2 of the largest size dropped, or 0.</summary>
    public int InvalidateRange(ulong first, ulong last, ushort? asid)
    {
        int largest = 0;
        foreach (TlbEntry[]? piece in _pieces)
        {
            foreach (ref TlbEntry candidate in piece.AsSpan())
            {
                if (candidate.Virtual <= last && candidate.Virtual + candidate.Mask >= first && IsLive(candidate) && Matches(candidate, asid))
                {
                    largest = Math.Max(largest, candidate.SizeLog2);
                    candidate = default;
                }
            }
        }

        return largest;
    }

    private static bool IsLive(in TlbEntry entry) => (entry.Flags & TlbEntryFlags.Valid) != 0;

    private static bool Matches(in TlbEntry entry, ushort? asid) => asid is not { } wanted || !entry.IsNonGlobal || entry.Asid == wanted;

    private static int SetOf(ulong address, int size)
    {
        ulong number = address >> size;
        return (int)((uint)(number ^ (number >> 10) ^ ((ulong)size << 3)) % Sets);
    }

    /// <summary>The set with a number; empty where it was never used.</summary>
    private Span<TlbEntry> Set(int number) =>
        _pieces[number / PieceSets] is { } piece ? piece.AsSpan(number % PieceSets * Ways, Ways) : default;
}
