namespace Arm64Vm.Cpu.Mmu;

/// <summary>One half of the EL1&amp;0 address space, decoded from TCR_EL1 and TTBRn_EL1 (Arm ARM D8.2).</summary>
internal struct RegimeHalf
{
    private const int MinimumTxSz = 16;

    /// <summary>No walks: EPDn is set or TxSZ is out of range.</summary>
    public bool Disabled;

    /// <summary>The top byte is ignored for data.</summary>
    public bool IgnoresTopByteOfData;

    /// <summary>The top byte is ignored for instructions.</summary>
    public bool IgnoresTopByteOfCode;

    /// <summary>Hierarchical attributes are off (HPDn).</summary>
    public bool IgnoresTableAttributes;

    /// <summary>EL0 accesses fault (E0PDn).</summary>
    public bool DeniesUser;

    public byte InputBits;
    public byte GranuleBits;
    public byte StartLevel;

    /// <summary>Physical address of the first table.</summary>
    public ulong Table;

    /// <summary>Decodes half <paramref name="upper"/>.</summary>
    public static RegimeHalf Decode(ulong tcr, ulong ttbr, bool upper)
    {
        int size = (int)((tcr >> (upper ? 16 : 0)) & 0x3F);
        int granule = upper
            ? ((tcr >> 30) & 3) switch { 1 => 14, 3 => 16, _ => 12 }
            : ((tcr >> 14) & 3) switch { 1 => 16, 2 => 14, _ => 12 };

        // FEAT_TTST: 48 for 4 and 16 KiB granules, 47 for 64 KiB.
        int maximum = granule == 16 ? 47 : 48;
        var half = new RegimeHalf
        {
            Disabled = ((tcr >> (upper ? 23 : 7)) & 1) != 0 || size < MinimumTxSz || size > maximum,
            IgnoresTopByteOfData = ((tcr >> (upper ? 38 : 37)) & 1) != 0,
            IgnoresTableAttributes = ((tcr >> (upper ? 42 : 41)) & 1) != 0,
            DeniesUser = ((tcr >> (upper ? 56 : 55)) & 1) != 0,
            GranuleBits = (byte)granule,
        };
        half.IgnoresTopByteOfCode = half.IgnoresTopByteOfData && ((tcr >> (upper ? 52 : 51)) & 1) == 0;

        size = Math.Clamp(size, MinimumTxSz, maximum);
        int input = 64 - size;
        int stride = granule - 3;
        int levels = (input - granule + stride - 1) / stride;
        int firstIndexBits = input - granule - (stride * (levels - 1));
        half.InputBits = (byte)input;
        half.StartLevel = (byte)(4 - levels);
        half.Table = ttbr & 0x0000_FFFF_FFFF_FFFE & ~((8UL << firstIndexBits) - 1);
        return half;
    }
}
