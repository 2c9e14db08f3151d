namespace Arm64Vm.Devices;

/// <summary>The identification registers at 0xFE0..0xFFC of every PrimeCell: four bytes of part and revision, then 0xB105F00D.</summary>
internal static class PrimeCellId
{
    public const uint First = 0xFE0;

    /// <summary>The byte at <paramref name="offset"/> (0xFE0..0xFFC) for a peripheral id such as 0x0014_1011 (PL011 r1).</summary>
    public static uint Read(uint peripheralId, uint offset)
    {
        var index = (int)((offset - First) >> 2);
        return index < 4
            ? (peripheralId >> (8 * index)) & 0xFF
            : (0xB105_F00Du >> (8 * (index - 4))) & 0xFF;
    }
}
