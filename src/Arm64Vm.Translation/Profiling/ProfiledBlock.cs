using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Profiling;

namespace Arm64Vm.Translation.Profiling;

/// <summary>A unit that was made while a recording was on.</summary>
/// <remarks>SAFETY: it lies in memory of <see cref="BlockRegistry"/>, as do the bytes that it refers to; both live as long as the registry.</remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeInBytes)]
internal unsafe struct ProfiledBlock
{
    /// <summary>Two cache lines, of which the second has what removing it changes: the processor's thread waits for them.</summary>
    public const int SizeInBytes = 128;

    public ulong VirtualAddress;

    public ulong PhysicalAddress;

    /// <summary>The address space it ran in first (<see cref="AddressSpace"/>); 0 for the upper half.</summary>
    public ulong Space;

    /// <summary>Address of its counters (<see cref="UnitCounters"/>); 0: it has none.</summary>
    public long Counter;

    /// <summary>As <see cref="BlockRegistry.Now"/>, and ticks of the host's monotonic clock when the recording has ended; so are the other times.</summary>
    public long MadeAt;

    public long MakingTime;

    /// <summary>The guest's code, and behind it the entries of the map and the crossings.</summary>
    private byte* _guestCode;

    public TranslationMode Mode;

    public int HotSize;

    /// <summary>0: it lives.</summary>
    public long RemovedAt;

    private byte* _hostCode;

    public int CodeOffset;

    /// <summary>Where its code behind <see cref="HotSize"/> is: right there, or apart.</summary>
    public int ColdOffset;

    public int HostSize;

    public CacheLoss Loss;

    public int GuestInstructions;

    public int IrInstructions;

    /// <summary>Values stored to spill slots, and NZCV stored to memory, in its host code before slow paths.</summary>
    public int Spills;

    public int FlagStores;

    /// <summary>Operations of its IR that access memory.</summary>
    public int Accesses;

    public int Processor;

    private int _guestSize;
    private ushort _mapEntries;
    private ushort _crossings;

    /// <summary>The guest's bytes that it was made from.</summary>
    public readonly ReadOnlySpan<byte> GuestCode => new(_guestCode, _guestSize);

    /// <summary>Its host code as it was last, hot code first: when it was removed, or when the recording ended. Empty before.</summary>
    public readonly ReadOnlySpan<byte> PlacedCode => new(_hostCode, _hostCode == null ? 0 : HostSize);

    /// <summary>As <see cref="PlacedCode"/>, but distances are those of a unit in one piece, so that jumps between its parts lead to offsets in it.</summary>
    public readonly byte[] HostCode
    {
        get
        {
            byte[] code = PlacedCode.ToArray();
            if (code.Length == 0)
                return code;
            foreach (ushort place in Crossings)
            {
                ref int distance = ref MemoryMarshal.AsRef<int>(code.AsSpan(place));
                int target = (place < HotSize ? place : place + Distance) + sizeof(int) + distance;
                int coldSize = HostSize - HotSize;
                if (place >= HotSize)
                    distance += Distance;
                else if (target >= HotSize) // a jump that was linked since goes beyond the unit
                    distance += (uint)(target - HotSize - Distance) < (uint)coldSize ? -Distance : coldSize;
            }

            return code;
        }
    }

    /// <summary>Bytes between its hot and its cold code.</summary>
    public readonly int Distance => ColdOffset - (CodeOffset + HotSize);

    /// <summary>Offset in <see cref="HostCode"/> of a place in the code buffer; −1 where it is not there.</summary>
    public readonly int OffsetOf(int place)
    {
        uint hot = (uint)(place - CodeOffset), cold = (uint)(place - ColdOffset);
        if (hot < (uint)HotSize)
            return (int)hot;
        return cold < (uint)(HostSize - HotSize) ? HotSize + (int)cold : -1;
    }

    /// <summary>Host offsets and offsets in the unit's guest code, ascending by the first.</summary>
    public readonly (int Host, int Guest)[] Map
    {
        get
        {
            (int Host, int Guest)[] map = HostMap.Expand(Entries);
            foreach (ref (int Host, int Guest) entry in map.AsSpan())
                entry.Guest -= Start;
            return map;
        }
    }

    private readonly ReadOnlySpan<uint> Entries => new(_guestCode + _guestSize, _mapEntries);

    private readonly int Start => (int)(VirtualAddress & 0xFFF);

    /// <summary>Offset in the unit's guest code of the instruction that host code at an offset belongs to.</summary>
    public readonly int GuestOffset(int hostOffset)
    {
        int last = Start;
        foreach (uint entry in Entries)
        {
            (int host, int guest) = HostMap.Unpack(entry);
            if (host > hostOffset)
                break;
            last = guest;
        }

        return last - Start;
    }

    /// <summary>Copies what it was made from, and where what is in it.</summary>
    public void KeepGuestCode(RecordingMemory memory, ReadOnlySpan<byte> guestCode, ReadOnlySpan<uint> map, ReadOnlySpan<int> crossings)
    {
        // The first two have whole words.
        _guestCode = memory.Take(guestCode.Length + (map.Length * sizeof(uint)) + (crossings.Length * sizeof(ushort)));
        _guestSize = guestCode.Length;
        _mapEntries = (ushort)map.Length;
        _crossings = (ushort)crossings.Length;
        guestCode.CopyTo(new Span<byte>(_guestCode, guestCode.Length));
        map.CopyTo(new Span<uint>(_guestCode + guestCode.Length, map.Length));
        Span<ushort> fields = Crossings;
        for (int i = 0; i < fields.Length; i++)
            fields[i] = (ushort)crossings[i];
    }

    /// <summary>Copies its host code, once.</summary>
    public void KeepHostCode(RecordingMemory memory, byte* codeBase)
    {
        if (_hostCode != null)
            return;
        _hostCode = memory.Take(HostSize);
        Span<byte> code = new(_hostCode, HostSize);
        new ReadOnlySpan<byte>(codeBase + CodeOffset, HotSize).CopyTo(code);
        new ReadOnlySpan<byte>(codeBase + ColdOffset, HostSize - HotSize).CopyTo(code[HotSize..]);
    }

    private readonly Span<ushort> Crossings => new(_guestCode + _guestSize + (_mapEntries * sizeof(uint)), _crossings);
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
