using System.Buffers.Binary;
using System.Numerics;

namespace Arm64Vm.Devices.Images.Vhdx;

/// <summary>Numbers of the format ([MS-VHDX]).</summary>
internal static class VhdxFormat
{
    /// <summary>Everything but the first megabyte is allocated in such units.</summary>
    public const int Unit = 1 << 20;

    /// <summary>The largest disk of the format: 64 TiB.</summary>
    public const ulong MaximumSize = 1ul << 46;

    /// <summary>Longer files are not read: twice the largest disk.</summary>
    public const long MaximumFile = 1L << 47;

    /// <summary>[MS-VHDX] 2.2.2: two headers, the current one has the greater sequence number.</summary>
    public static ReadOnlySpan<int> Headers => [1 << 16, 2 << 16];

    public const int HeaderSize = 4096;

    /// <summary>[MS-VHDX] 2.2.3: two region tables, the same.</summary>
    public static ReadOnlySpan<int> RegionTables => [3 << 16, 4 << 16];

    /// <summary>Of a region table; of the table at the beginning of the metadata region.</summary>
    public const int TableSize = 1 << 16;

    public const int MaximumEntries = 2047;

    public static Guid Bat => new("2DC27766-F623-4200-9D64-115E9BFD4A08");

    public static Guid Metadata => new("8B7CA206-4790-4B9A-B8FE-575F050F886E");

    public static Guid FileParameters => new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");

    public static Guid VirtualDiskSize => new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");

    public static Guid LogicalSectorSize => new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");

    public static Guid PhysicalSectorSize => new("CDA348C7-445D-4471-9CC9-E9885251C556");

    public static Guid VirtualDiskId => new("BECA12AB-B2E6-4523-93EF-C309E000C746");

    public static Guid ParentLocator => new("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");

    public static uint Read32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    public static ulong Read64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    /// <summary>CRC-32C over a structure whose own field for it, at offset 4, counts as zero.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (var i = 0; i < bytes.Length; i += 4)
            crc = BitOperations.Crc32C(crc, i == 4 ? 0 : Read32(bytes, i));
        return ~crc;
    }
}
