namespace Arm64Vm.Profiling;

/// <summary>A translated unit.</summary>
internal sealed record ProfileBlock
{
    /// <summary>Where it ran first; the same code may run at other addresses.</summary>
    public ulong VirtualAddress { get; init; }

    /// <summary>Of the first instruction.</summary>
    public ulong PhysicalAddress { get; init; }

    /// <summary>0 or 1.</summary>
    public byte ExceptionLevel { get; init; }

    /// <summary>0: the fast tier; 1: a region made of hot units.</summary>
    public byte Tier { get; init; }

    /// <summary>The processor's mode that it is specialized on, as bits of the translator.</summary>
    public uint Mode { get; init; }

    /// <summary>Index of the process that ran it first, or −1.</summary>
    public int Process { get; init; } = -1;

    /// <summary>Index of the symbol it is in, or −1.</summary>
    public int Symbol { get; init; } = -1;

    /// <summary>Guest instructions translated.</summary>
    public int GuestInstructions { get; init; }

    /// <summary>Instructions of the IR.</summary>
    public int IrInstructions { get; init; }

    /// <summary>The guest's bytes from <see cref="PhysicalAddress"/> on.</summary>
    public byte[] GuestCode { get; init; } = [];

    /// <summary>The host's bytes; empty where they were not kept.</summary>
    public byte[] HostCode { get; init; } = [];

    /// <summary>Bytes of host code, also where they were not kept.</summary>
    public int HostSize { get; init; }

    /// <summary>Bytes of host code before slow paths and link stubs.</summary>
    public int HotSize { get; init; }

    /// <summary>Printed IR; null where it was not kept.</summary>
    public string? Ir { get; init; }

    /// <summary>Where the host code of guest instructions begins, ascending by host offset.</summary>
    public HostMapEntry[] Map { get; init; } = [];

    /// <summary>Times it was entered; −1 where that was not counted.</summary>
    public long Entries { get; init; } = -1;

    /// <summary>What it costs, and what it did at its end.</summary>
    public BlockCosts Costs { get; init; }

    /// <summary>When it was made.</summary>
    public long TranslatedAt { get; init; }

    /// <summary>What making it took.</summary>
    public long TranslationTime { get; init; }

    /// <summary>When it was removed; −1: it lives.</summary>
    public long RemovedAt { get; init; } = -1;

    /// <summary>Why it was removed.</summary>
    public RemovalCause RemovalCause { get; init; }

    /// <summary>Samples in it by host offset, ascending.</summary>
    public OffsetSamples[] Samples { get; init; } = [];

    /// <summary>All samples in it.</summary>
    public long TotalSamples
    {
        get
        {
            long sum = 0;
            foreach (var one in Samples)
                sum += one.Count;
            return sum;
        }
    }

    /// <summary>Offset in <see cref="GuestCode"/> of the instruction that host code at an offset belongs to; −1: none is known.</summary>
    public int GuestOffsetOf(int hostOffset)
    {
        int low = 0, high = Map.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (Map[middle].HostOffset <= hostOffset)
                low = middle + 1;
            else
                high = middle;
        }

        return low == 0 ? -1 : Map[low - 1].GuestOffset;
    }

    /// <summary>Samples by guest instruction: one value for each four bytes of <see cref="GuestCode"/>.</summary>
    public long[] SamplesByInstruction()
    {
        var counts = new long[GuestCode.Length / 4];
        foreach (var one in Samples)
        {
            var offset = GuestOffsetOf(one.HostOffset);
            if (offset >= 0 && offset / 4 < counts.Length)
                counts[offset / 4] += one.Count;
        }

        return counts;
    }
}

/// <summary>From a host offset on, code belongs to a guest instruction.</summary>
/// <param name="HostOffset">Bytes from the start of the unit's host code.</param>
/// <param name="GuestOffset">Bytes from the start of the unit's guest code.</param>
internal readonly record struct HostMapEntry(int HostOffset, int GuestOffset);

/// <summary>Samples at one host instruction.</summary>
/// <param name="HostOffset">Bytes from the start of the unit's host code.</param>
/// <param name="Count">How many.</param>
internal readonly record struct OffsetSamples(int HostOffset, long Count);
