using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Counts by a key of three words. One thread at a time uses it. Full: further keys share one count.</summary>
/// <remarks>
/// Keys that were met lately have sums of their own, for what is counted comes in bursts. All of it is outside of the managed heap, whose collections would stop the guest.
/// SAFETY: owns its memory, which nobody uses after it is disposed.
/// </remarks>
internal sealed unsafe class CountTable : IDisposable
{
    private const int MaximumKeys = 1 << 20;

    /// <summary>Of the sums at the beginning, as a power of two.</summary>
    private const int FirstBits = 12;

    /// <summary>Places that a key is looked for in: what a guest chooses must not take long, and addresses come nowhere near it.</summary>
    internal const int MostLooks = 1024;

    /// <summary>Keys that were met lately, as a power of two: half of a first-level cache.</summary>
    private const int RecentBits = 9;

    private readonly NativeMemoryRegion _recent = new NativeMemoryRegion((long)sizeof(Entry) << RecentBits).MadePresent();
    private NativeMemoryRegion _sums = new NativeMemoryRegion((long)sizeof(Entry) << FirstBits).MadePresent();
    private int _bits = FirstBits;
    private int _keys;

    /// <summary>A key and its count.</summary>
    public record struct Entry(ulong A, ulong B, ulong C, long Count);

    /// <summary>What found no room.</summary>
    public long Others { get; private set; }

    /// <summary>Counts one.</summary>
    public void Add(ulong a, ulong b, ulong c)
    {
        Entry* recent = (Entry*)_recent.Address + (Hash(a, b, c) >> (64 - RecentBits));
        if (recent->A == a && recent->B == b && recent->C == c)
        {
            recent->Count++;
            return;
        }

        if (recent->Count != 0)
            Count(*recent);
        *recent = new Entry(a, b, c, 1);
    }

    /// <summary>What was counted.</summary>
    public List<Entry> ToList()
    {
        Entry* recent = (Entry*)_recent.Address;
        for (int i = 0; i < 1 << RecentBits; i++)
        {
            if (recent[i].Count != 0)
                Count(recent[i]);
            recent[i].Count = 0;
        }

        List<Entry> all = new(_keys);
        foreach (ref readonly Entry sum in Sums)
        {
            if (sum.Count != 0)
                all.Add(sum);
        }

        return all;
    }

    public void Dispose()
    {
        _recent.Dispose();
        _sums.Dispose();
    }

    private Span<Entry> Sums => new((Entry*)_sums.Address, 1 << _bits);

    /// <summary>The upper bits are what counts. Multipliers: odd, with bits all over (Knuth, The Art of Computer Programming 3, 6.4).</summary>
    private static ulong Hash(ulong a, ulong b, ulong c) => (a * 0x9E37_79B9_7F4A_7C15) ^ (b * 0xBF58_476D_1CE4_E5B9) ^ (c * 0x94D0_49BB_1331_11EB);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Count(in Entry entry)
    {
        Entry* sum = PlaceOf(entry);
        if (sum == null)
        {
            Others += entry.Count;
        }
        else if (sum->Count != 0)
        {
            sum->Count += entry.Count;
        }
        else if (_keys == MaximumKeys)
        {
            Others += entry.Count;
        }
        else
        {
            *sum = entry;
            _keys++;

            // Half full: twice the size, so that a free place is never far.
            if (_keys > (1 << _bits) / 2)
                Grow();
        }
    }

    /// <summary>
    /// Keys keep their order, for upper bits of a hash say where they go. So the larger table is filled from its beginning, and is made present little ahead of that;
    /// what has been read of the smaller one goes back to the host.
    /// </summary>
    private void Grow()
    {
        NativeMemoryRegion larger = new(_sums.Size * 2);
        using NativeMemoryRegion old = _sums;
        Span<Entry> sums = Sums;
        _sums = larger;
        _bits++;
        _keys = 0;

        // Keys that found no place before the end of the smaller table are at its beginning, and belong to the end of the larger one.
        long last = 2L * MostLooks * sizeof(Entry);
        MappingPopulation.ForWriting(larger.Address + larger.Size - last, last);
        int stretch = NativeMemoryRegion.PresentStep / sizeof(Entry);
        for (int start = 0; start < sums.Length; start += stretch)
        {
            int end = Math.Min(start + stretch, sums.Length);
            larger.MakePresentTo(((2L * end) + MostLooks) * sizeof(Entry));
            foreach (ref readonly Entry sum in sums[start..end])
            {
                if (sum.Count != 0)
                    Count(sum);
            }

            old.GiveBack((long)end * sizeof(Entry));
        }
    }

    /// <summary>The sum of an entry's key, or the free place where it belongs: the first one from where its hash says. Null: the guest found many keys of one hash.</summary>
    private Entry* PlaceOf(in Entry key)
    {
        int mask = (1 << _bits) - 1;
        int first = (int)(Hash(key.A, key.B, key.C) >> (64 - _bits));
        for (int i = 0; i < MostLooks; i++)
        {
            Entry* sum = (Entry*)_sums.Address + ((first + i) & mask);
            if (sum->Count == 0 || (sum->A == key.A && sum->B == key.B && sum->C == key.C))
                return sum;
        }

        return null;
    }
}
