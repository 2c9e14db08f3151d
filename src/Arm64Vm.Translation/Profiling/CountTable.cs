namespace Arm64Vm.Translation.Profiling;

/// <summary>Counts by a key of three words: open addressing, for one writing thread. Full: further keys share one count.</summary>
internal sealed class CountTable
{
    private const int FirstSlots = 1024;
    private const int MaximumSlots = 1 << 20;

    private Entry[] _entries = new Entry[FirstSlots];
    private int _used;

    /// <summary>A key and its count; a free slot has none.</summary>
    public record struct Entry(ulong A, ulong B, ulong C, long Count);

    /// <summary>What found no room.</summary>
    public long Others { get; private set; }

    public void Add(ulong a, ulong b, ulong c)
    {
        Entry[] entries = _entries;
        int mask = entries.Length - 1;
        for (int slot = (int)(Hash(a, b, c) >> 32) & mask; ; slot = (slot + 1) & mask)
        {
            ref Entry entry = ref entries[slot];
            if (entry.Count == 0)
            {
                AddNew(ref entry, a, b, c);
                return;
            }

            if (entry.A == a && entry.B == b && entry.C == c)
            {
                entry.Count++;
                return;
            }
        }
    }

    /// <summary>What was counted. The writer has ended, or the counts are those of some moment each.</summary>
    public List<Entry> ToList()
    {
        List<Entry> all = [];
        foreach (Entry entry in _entries)
        {
            if (entry.Count != 0)
                all.Add(entry);
        }

        return all;
    }

    private void AddNew(ref Entry entry, ulong a, ulong b, ulong c)
    {
        if (_used >= _entries.Length / 4 * 3)
        {
            if (_entries.Length == MaximumSlots)
            {
                Others++;
                return;
            }

            Grow();
            Add(a, b, c);
            return;
        }

        _used++;
        entry = new Entry(a, b, c, 1);
    }

    private void Grow()
    {
        Entry[] larger = new Entry[_entries.Length * 2];
        int mask = larger.Length - 1;
        foreach (Entry entry in _entries)
        {
            if (entry.Count == 0)
                continue;
            int slot = (int)(Hash(entry.A, entry.B, entry.C) >> 32) & mask;
            while (larger[slot].Count != 0)
                slot = (slot + 1) & mask;
            larger[slot] = entry;
        }

        _entries = larger;
    }

    private static ulong Hash(ulong a, ulong b, ulong c) =>
        ((a * 0x9E3779B97F4A7C15UL) ^ (b * 0xC2B2AE3D27D4EB4FUL) ^ (c * 0xFF51AFD7ED558CCDUL)) * 0x9E3779B97F4A7C15UL;
}
