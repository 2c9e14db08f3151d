using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Counts by a key of three words. One thread counts, and only notes the key; another sums up now and then. Full: further keys share one count.</summary>
/// <remarks>SAFETY: owns the memory of the notes; both threads have ended with it when it is disposed.</remarks>
internal sealed unsafe class CountTable : IDisposable
{
    private const int MaximumKeys = 1 << 20;

    /// <summary>A power of two.</summary>
    private const int Notes = 1 << 14;

    private readonly Lock _gate = new();
    private readonly NativeMemoryRegion _notes = new((long)Notes * sizeof(Key));
    private readonly Dictionary<Key, long> _counts = [];
    private long _head;
    private long _tail;

    /// <summary>What is counted.</summary>
    public readonly record struct Key(ulong A, ulong B, ulong C);

    /// <summary>A key and its count.</summary>
    public readonly record struct Entry(ulong A, ulong B, ulong C, long Count);

    /// <summary>What found no room.</summary>
    public long Others { get; private set; }

    /// <summary>Counts one. On the counting thread.</summary>
    public void Add(ulong a, ulong b, ulong c)
    {
        long head = _head;
        if (head - Volatile.Read(ref _tail) == Notes)
            Take();
        ((Key*)_notes.Address)[head & (Notes - 1)] = new Key(a, b, c);
        Volatile.Write(ref _head, head + 1);
    }

    /// <summary>Sums up what has been noted. On any thread.</summary>
    public void Take()
    {
        lock (_gate)
        {
            long head = Volatile.Read(ref _head);
            for (long tail = _tail; tail != head; tail++)
                Count(((Key*)_notes.Address)[tail & (Notes - 1)]);
            Volatile.Write(ref _tail, head);
        }
    }

    /// <summary>What was counted up to now.</summary>
    public List<Entry> ToList()
    {
        Take();
        lock (_gate)
            return [.. _counts.Select(one => new Entry(one.Key.A, one.Key.B, one.Key.C, one.Value))];
    }

    public void Dispose() => _notes.Dispose();

    private void Count(in Key key)
    {
        ref long count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, key);
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref count))
            count++;
        else if (_counts.Count < MaximumKeys)
            _counts.Add(key, 1);
        else
            Others++;
    }
}
