using System.Numerics;

namespace Arm64Vm.Cpu.Debugging;

/// <summary>One pair DBGWVRn_EL1, DBGWCRn_EL1, decoded (Arm ARM D2.9, D24.3.13).</summary>
internal readonly struct Watchpoint
{
    private const ulong Doubleword = 8;
    private const int SmallestMask = 3;
    private const int LoadBit = 1;
    private const int StoreBit = 2;

    /// <param name="value">DBGWVRn_EL1.</param>
    /// <param name="control">DBGWCRn_EL1.</param>
    public Watchpoint(ulong value, ulong control)
    {
        Levels = DebugLevels.Decode(control);
        Accesses = (int)(control >> 3) & 3;
        IsLinked = ((control >> 20) & 1) != 0;
        Link = (int)((control >> 16) & 15);
        uint bytes = (uint)(control >> 5) & 0xFF;
        int mask = (int)(control >> 24) & 31;
        ulong address = Mmu.PageWalker.SignExtend(value) & ~3UL;
        if (mask >= SmallestMask)
        {
            // BAS must be all ones then; a range of 2^MASK bytes.
            First = address >> mask << mask;
            Last = First | ((1UL << mask) - 1);
            Bytes = 0xFF;
        }
        else
        {
            // Bytes of the doubleword from the address on; with bit 2 of it set BAS[7:4] are RES0.
            if ((address & 4) != 0)
                bytes &= 0xF;
            First = address;
            Last = address + Doubleword - 1;
            Bytes = bytes;
        }

        IsRange = mask >= SmallestMask;
        IsEnabled = (control & 1) != 0 && Bytes != 0 && Levels != 0 && Accesses != 0;
    }

    public bool IsEnabled { get; }

    /// <summary>Bit n: accesses with the privilege of ELn.</summary>
    public int Levels { get; }

    public bool IsLinked { get; }

    public int Link { get; }

    private ulong First { get; }

    private ulong Last { get; }

    /// <summary>DBGWCRn_EL1.LSC: bit 0 loads, bit 1 stores.</summary>
    private int Accesses { get; }

    private bool IsRange { get; }

    private uint Bytes { get; }

    /// <summary>Touches [first, last], whichever bytes of a doubleword are meant.</summary>
    public bool Touches(ulong first, ulong last) => First <= last && Last >= first;

    public bool WantsAccess(bool reads, bool writes) => (reads && (Accesses & LoadBit) != 0) || (writes && (Accesses & StoreBit) != 0);

    /// <summary>An access to [first, last] hits a watched byte; <paramref name="hit"/> is the lowest such.</summary>
    public bool Matches(ulong first, ulong last, out ulong hit)
    {
        hit = Math.Max(first, First);
        if (!Touches(first, last))
            return false;
        if (IsRange)
            return true;
        uint bytes = Bytes >> (int)(hit - First) << (int)(hit - First);
        if (bytes == 0)
            return false;
        hit = First + (ulong)BitOperations.TrailingZeroCount(bytes);
        return hit <= last;
    }
}
