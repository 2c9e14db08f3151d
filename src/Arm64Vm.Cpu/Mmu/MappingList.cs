using Arm64Vm.Cpu.Memory;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>A run of virtual addresses that tables map in one way.</summary>
/// <param name="Start">The first address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Physical">Where the first is.</param>
/// <param name="Rights">Reading, writing and executing of EL1, then of EL0: <c>rw-r--</c>.</param>
internal readonly record struct Mapping(ulong Start, ulong Length, ulong Physical, string Rights);

/// <summary>Lists what stage 1 tables map, for people. It changes nothing.</summary>
internal sealed unsafe class MappingList(PhysicalMemory memory, int most)
{
    private const int Entries = 1 << 20;
    private readonly List<Mapping> _found = [];
    private int _looked;

    public IReadOnlyList<Mapping> Found => _found;

    /// <summary>There is more than was wanted.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Adds what a half of the address space maps.</summary>
    public void Add(in RegimeHalf half, bool upper)
    {
        if (!half.Disabled)
            AddTable(half, half.Table, half.StartLevel, upper ? ulong.MaxValue << half.InputBits : 0);
    }

    // SAFETY: Resolve answers for the 8 bytes that are read.
    private void AddTable(in RegimeHalf half, ulong table, int level, ulong start)
    {
        int stride = half.GranuleBits - 3;
        int shift = half.GranuleBits + (stride * (3 - level));
        int bits = level == half.StartLevel ? half.InputBits - shift : stride;
        ulong mask = 0x0000_FFFF_FFFF_FFFF & ~((1UL << half.GranuleBits) - 1);
        for (ulong index = 0; index < 1UL << bits; index++)
        {
            if (IsCut || ++_looked > Entries)
            {
                IsCut = true;
                return;
            }

            ulong* slot = (ulong*)memory.Resolve(table + (index * 8), 8, out _);
            if (slot == null)
                return;
            ulong descriptor = Volatile.Read(ref *slot);
            ulong address = start + (index << shift);
            bool isTable = level < 3 && (descriptor & 3) == 3;
            if (isTable)
                AddTable(half, descriptor & mask, level + 1, address);
            else if ((descriptor & 3) == (level == 3 ? 3UL : 1))
                AddLeaf(new Mapping(address, 1UL << shift, descriptor & mask & ~((1UL << shift) - 1), Rights(descriptor)));
        }
    }

    private void AddLeaf(Mapping one)
    {
        if (_found.Count > 0 && _found[^1] is var last && last.Start + last.Length == one.Start && last.Rights == one.Rights && last.Physical + last.Length == one.Physical)
            _found[^1] = last with { Length = last.Length + one.Length };
        else if (_found.Count == most)
            IsCut = true;
        else
            _found.Add(one);
    }

    /// <summary>As the leaf alone says: AP[2:1] at 7:6, PXN 53, UXN 54 (Arm ARM D8.4.1).</summary>
    private static string Rights(ulong descriptor)
    {
        bool user = (descriptor & (1 << 6)) != 0;
        char write = (descriptor & (1 << 7)) == 0 || (descriptor & (1UL << 51)) != 0 ? 'w' : '-';
        char privilegedExecute = (descriptor & (1UL << 53)) == 0 ? 'x' : '-';
        char userExecute = (descriptor & (1UL << 54)) == 0 ? 'x' : '-';
        return $"r{write}{privilegedExecute}{(user ? 'r' : '-')}{(user ? write : '-')}{userExecute}";
    }
}
