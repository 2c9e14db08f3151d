namespace Arm64Vm.Translation.Profiling;

/// <summary>A unit that was made while a recording was on.</summary>
/// <remarks>SAFETY: it lies in memory of <see cref="BlockRegistry"/>, as do the bytes that it refers to; both live as long as the registry.</remarks>
internal unsafe struct ProfiledBlock
{
    public ulong VirtualAddress;

    public ulong PhysicalAddress;

    public TranslationMode Mode;

    /// <summary>The address space it ran in first (<see cref="AddressSpace"/>); 0 for the upper half.</summary>
    public ulong Space;

    public int CodeOffset;

    public int HostSize;

    public int HotSize;

    public int GuestInstructions;

    public int IrInstructions;

    /// <summary>Address of its counters (<see cref="Backend.X64.Profiling.UnitCounters"/>); 0: it has none.</summary>
    public long Counter;

    /// <summary>Values stored to spill slots, and NZCV stored to memory, in its host code before slow paths.</summary>
    public int Spills;

    public int FlagStores;

    /// <summary>Operations of its IR that access memory.</summary>
    public int Accesses;

    public int Processor;

    /// <summary>Ticks of the host's monotonic clock.</summary>
    public long MadeAt;

    public long MakingTime;

    /// <summary>0: it lives.</summary>
    public long RemovedAt;

    public CacheLoss Loss;

    private byte* _guestCode;
    private byte* _hostCode;
    private uint* _map;
    private int _guestSize;
    private int _mapEntries;

    /// <summary>The guest's bytes that it was made from.</summary>
    public readonly ReadOnlySpan<byte> GuestCode => new(_guestCode, _guestSize);

    /// <summary>Its host code as it was last: when it was removed, or when the recording ended. Empty before.</summary>
    public readonly ReadOnlySpan<byte> HostCode => new(_hostCode, _hostCode == null ? 0 : HostSize);

    /// <summary>Host offsets and offsets in the unit's guest code, ascending by the first.</summary>
    public readonly (int Host, int Guest)[] Map
    {
        get
        {
            var map = new (int Host, int Guest)[_mapEntries];
            for (int i = 0; i < map.Length; i++)
                map[i] = Unpack(_map[i]);
            return map;
        }
    }

    /// <summary>Offset in the unit's guest code of the instruction that host code at an offset belongs to.</summary>
    public readonly int GuestOffset(int hostOffset)
    {
        int last = 0;
        for (int i = 0; i < _mapEntries && Unpack(_map[i]) is var (host, guest) && host <= hostOffset; i++)
            last = guest;
        return last;
    }

    /// <summary>Copies what it was made from.</summary>
    public void KeepGuestCode(RecordingMemory memory, ReadOnlySpan<byte> guestCode, ReadOnlySpan<(int Host, int Guest)> map, int start)
    {
        _guestCode = memory.Keep(guestCode);
        _guestSize = guestCode.Length;
        _map = (uint*)memory.Take(map.Length * sizeof(uint));
        _mapEntries = map.Length;
        for (int i = 0; i < map.Length; i++)
            _map[i] = Pack(map[i].Host, map[i].Guest - start);
    }

    /// <summary>Copies its host code, once.</summary>
    public void KeepHostCode(RecordingMemory memory, byte* code)
    {
        if (_hostCode == null)
            _hostCode = memory.Keep(new ReadOnlySpan<byte>(code, HostSize));
    }

    // Units are of one page, of 1024 instructions, and have far less than 2 MiB of host code.
    private const int GuestBits = 11;

    private static uint Pack(int host, int guest) => ((uint)host << GuestBits) | ((uint)(guest >> 2) & ((1 << GuestBits) - 1));

    private static (int Host, int Guest) Unpack(uint entry) => ((int)(entry >> GuestBits), (int)(entry << (32 - GuestBits)) >> (32 - GuestBits) << 2);
}

/// <summary>Why the cache lost units.</summary>
internal enum CacheLoss
{
    None,

    /// <summary>A store of the guest.</summary>
    Write,

    /// <summary>A store of a device.</summary>
    Dma,

    /// <summary>Room was needed.</summary>
    Eviction,

    /// <summary>Everything went: a recording began, or a machine was reset.</summary>
    Flush,

    /// <summary>Everything went: constants or operations that code refers to had no room.</summary>
    ConstantsFull,

    /// <summary>Everything went: tables of code pages had no room, and too few were empty.</summary>
    TablesFull,
}
