namespace Arm64Vm.Cpu.Tests;

/// <summary>Builds stage 1 tables in guest RAM for one granule.</summary>
internal sealed class PageTables
{
    public const ulong Valid = 1;
    public const ulong User = 1UL << 6;
    public const ulong ReadOnly = 1UL << 7;
    public const ulong Shareable = 3UL << 8;
    public const ulong Accessed = 1UL << 10;
    public const ulong NonGlobal = 1UL << 11;
    public const ulong Dirty = 1UL << 51;
    public const ulong Pxn = 1UL << 53;
    public const ulong Uxn = 1UL << 54;
    public const ulong DeviceAttribute = 1UL << 2;

    /// <summary>Attribute 0 Normal write-back, 1 Device-nGnRE.</summary>
    public const ulong Mair = 0x04FF;

    /// <summary>Attributes of ordinary memory of EL1.</summary>
    public const ulong Normal = Accessed | Shareable;

    /// <summary>Bytes of a level 2 block with the 4 KiB granule.</summary>
    public const ulong BlockSize = 0x20_0000;

    private readonly TestMachine _machine;
    private readonly int _granule;
    private readonly int _input;
    private ulong _next;

    public PageTables(TestMachine machine, ulong at, int granule = 12, int inputBits = 39)
    {
        _machine = machine;
        _granule = granule;
        _input = inputBits;
        _next = at;
        Root = Allocate();
    }

    /// <summary>Tables that map the first bytes of RAM by blocks at their own addresses.</summary>
    public static PageTables OfFlatRam(TestMachine machine, ulong at, ulong bytes)
    {
        PageTables tables = new(machine, at);
        for (ulong offset = 0; offset < bytes; offset += BlockSize)
            tables.Map(TestMachine.Ram + offset, TestMachine.Ram + offset, Normal, level: 2);
        return tables;
    }

    public ulong Root { get; }

    public int StartLevel => 4 - ((_input - _granule + _granule - 3 - 1) / (_granule - 3));

    /// <summary>TCR_EL1 for both halves with this granule; other fields to be added.</summary>
    public ulong Tcr
    {
        get
        {
            ulong size = (ulong)(64 - _input);
            ulong tg0 = _granule switch { 12 => 0UL, 14 => 2, _ => 1 };
            ulong tg1 = _granule switch { 12 => 2UL, 14 => 1, _ => 3 };
            return size | (size << 16) | (tg0 << 14) | (tg1 << 30) | (5UL << 32);
        }
    }

    /// <summary>Maps one block or page of the level; returns the address of its descriptor.</summary>
    public ulong Map(ulong virtualAddress, ulong physical, ulong attributes, int level = 3)
    {
        ulong slot = Slot(virtualAddress, level);
        _machine.Write64(slot, physical | attributes | (level == 3 ? 3UL : 1UL));
        return slot;
    }

    public void MapRange(ulong virtualAddress, ulong physical, ulong bytes, ulong attributes)
    {
        for (ulong offset = 0; offset < bytes; offset += 1UL << _granule)
            Map(virtualAddress + offset, physical + offset, attributes);
    }

    /// <summary>Address of the descriptor for an address at a level; makes tables on the way, with <paramref name="tableBits"/> in them.</summary>
    public ulong Slot(ulong virtualAddress, int level, ulong tableBits = 0)
    {
        int stride = _granule - 3;
        ulong table = Root;
        for (int at = StartLevel; ; at++)
        {
            int shift = _granule + (stride * (3 - at));
            ulong index = (virtualAddress & ((1UL << _input) - 1)) >> shift;
            if (at != StartLevel)
                index &= (1UL << stride) - 1;
            ulong slot = table + (index * 8);
            if (at == level)
                return slot;
            ulong descriptor = _machine.Read64(slot);
            if (descriptor == 0)
            {
                descriptor = Allocate() | 3;
                _machine.Write64(slot, descriptor | tableBits);
            }

            table = descriptor & 0x0000_FFFF_FFFF_F000;
        }
    }

    /// <summary>Turns translation on with these tables for both halves.</summary>
    public void Enable(ulong tcrBits = 0, ulong sctlrBits = 0)
    {
        _machine.SetSystem("MAIR_EL1", Mair);
        _machine.SetSystem("TCR_EL1", Tcr | tcrBits);
        _machine.SetSystem("TTBR0_EL1", Root);
        _machine.SetSystem("TTBR1_EL1", Root);
        _machine.SetSystem("SCTLR_EL1", 0x30D0_0801 | sctlrBits);
    }

    private ulong Allocate()
    {
        ulong size = 1UL << _granule;
        _next = (_next + size - 1) & ~(size - 1);
        ulong table = _next;
        _next += size;
        for (ulong offset = 0; offset < size; offset += 8)
            _machine.Write64(table + offset, 0);
        return table;
    }
}
