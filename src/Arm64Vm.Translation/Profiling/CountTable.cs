using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Counts by a key of three words. One thread counts; another sums up now and then. Full: further keys share one count.</summary>
/// <remarks>
/// The counting thread has sums of keys that it met lately, for what is counted comes in bursts; a sum whose place another key takes is noted, and the
/// notes are summed up elsewhere.
/// SAFETY: owns the memory of the notes; both threads have ended with it when it is disposed.
/// </remarks>
internal sealed unsafe class CountTable : IDisposable
{
    private const int MaximumKeys = 1 << 20;

    /// <summary>A power of two.</summary>
    private const int Notes = 1 << 14;

    /// <summary>Sums of the counting thread, as a power of two: half of a first-level cache.</summary>
    private const int RecentBits = 9;

    private readonly Lock _gate = new();
    private readonly NativeMemoryRegion _notes = new((long)Notes * sizeof(Entry));
    private readonly NativeMemoryRegion _recent = new((long)sizeof(Entry) << RecentBits);
    private readonly Dictionary<Key, long> _counts = [];
    private long _head;
    private long _tail;

    /// <summary>What is counted.</summary>
    public readonly record struct Key(ulong A, ulong B, ulong C);

    /// <summary>A key and its count.</summary>
    public record struct Entry(ulong A, ulong B, ulong C, long Count);

    /// <summary>What found no room.</summary>
    public long Others { get; private set; }

    /// <summary>Counts one. On the counting thread.</summary>
    public void Add(ulong a, ulong b, ulong c)
    {
        // Multipliers: odd, with bits all over (Knuth, The Art of Computer Programming 3, 6.4).
        ulong hash = (a * 0x9E37_79B9_7F4A_7C15) ^ (b * 0xBF58_476D_1CE4_E5B9) ^ (c * 0x94D0_49BB_1331_11EB);
        Entry* recent = (Entry*)_recent.Address + (hash >> (64 - RecentBits));
        if (recent->A == a && recent->B == b && recent->C == c)
        {
            recent->Count++;
            return;
        }

        if (recent->Count != 0)
            Note(*recent);
        *recent = new Entry(a, b, c, 1);
    }

    /// <summary>Sums up what has been noted. On any thread.</summary>
    public void Take()
    {
        lock (_gate)
        {
            long head = Volatile.Read(ref _head);
            for (long tail = _tail; tail != head; tail++)
                Count(((Entry*)_notes.Address)[tail & (Notes - 1)]);
            Volatile.Write(ref _tail, head);
        }
    }

    /// <summary>What was counted. The counting thread has ended with it, or waits.</summary>
    public List<Entry> ToList()
    {
        Take();
        lock (_gate)
        {
            Entry* recent = (Entry*)_recent.Address;
            for (int i = 0; i < 1 << RecentBits; i++)
            {
                if (recent[i].Count != 0)
                    Count(recent[i]);
                recent[i].Count = 0;
            }

            return [.. _counts.Select(one => new Entry(one.Key.A, one.Key.B, one.Key.C, one.Value))];
        }
    }

    public void Dispose()
    {
        _notes.Dispose();
        _recent.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Note(in Entry entry)
    {
        long head = _head;
        if (head - Volatile.Read(ref _tail) == Notes)
            Take();
        ((Entry*)_notes.Address)[head & (Notes - 1)] = entry;
        Volatile.Write(ref _head, head + 1);
    }

    private void Count(in Entry entry)
    {
        var key = new Key(entry.A, entry.B, entry.C);
        ref long count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, key);
        if (!Unsafe.IsNullRef(ref count))
            count += entry.Count;
        else if (_counts.Count < MaximumKeys)
            _counts.Add(key, entry.Count);
        else
            Others += entry.Count;
    }
}
