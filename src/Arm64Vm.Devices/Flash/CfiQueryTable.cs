using System.Numerics;

namespace Arm64Vm.Devices.Flash;

/// <summary>The common flash interface query of one chip (JEDEC JESD68.01; Intel command set 0001).</summary>
internal static class CfiQueryTable
{
    /// <summary>Bytes in the table; the query window beyond reads 0.</summary>
    public const int Length = 0x52;

    /// <summary>Log2 of the bytes one buffered program command may write to one chip.</summary>
    public const int WriteBufferLog2 = 11;

    /// <param name="chipSize">Bytes in one chip, a power of two.</param>
    /// <param name="chipSectorSize">Bytes in one erase block of one chip.</param>
    public static byte[] Build(uint chipSize, uint chipSectorSize)
    {
        var table = new byte[Length];
        "QRY"u8.CopyTo(table.AsSpan(0x10));
        table[0x13] = 0x01; // Intel/Sharp extended command set
        table[0x15] = 0x31; // its table
        table[0x1B] = 0x45; // Vcc 4.5 V to 5.5 V
        table[0x1C] = 0x55;
        table[0x1F] = 0x07; // typical time of a word program, 2^n µs; then buffered program, erase 2^n ms
        table[0x20] = 0x07;
        table[0x21] = 0x0A;
        table[0x23] = 0x04; // the maxima, as multiples 2^n of the above
        table[0x24] = 0x04;
        table[0x25] = 0x04;
        table[0x27] = (byte)BitOperations.Log2(chipSize);
        table[0x28] = 0x02; // x8 and x16
        table[0x2A] = WriteBufferLog2;
        table[0x2C] = 1;    // one erase region
        var sectors = chipSize / chipSectorSize;
        table[0x2D] = (byte)(sectors - 1);
        table[0x2E] = (byte)((sectors - 1) >> 8);
        table[0x2F] = (byte)(chipSectorSize >> 8);
        table[0x30] = (byte)(chipSectorSize >> 16);
        "PRI10"u8.CopyTo(table.AsSpan(0x31));
        table[0x3F] = 1;    // protection fields
        return table;
    }
}
