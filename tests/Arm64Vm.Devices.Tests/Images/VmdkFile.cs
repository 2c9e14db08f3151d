using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Writes sparse extents ("Virtual Disk Format 5.0", "Hosted Sparse Extent Header") that QEMU's tool does not make.</summary>
internal static class VmdkFile
{
    private const int Sector = 512;

    /// <summary>Writes an extent; only tables with a grain exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sectors">Of the extent.</param>
    /// <param name="grainSectors">Of a grain.</param>
    /// <param name="tableEntries">Grains of a table.</param>
    /// <param name="grains">What lies at a grain's place.</param>
    /// <param name="streamOptimized">Compressed grains, and a descriptor of one file.</param>
    public static void WriteSparse(string path, int sectors, int grainSectors, int tableEntries, IReadOnlyDictionary<int, byte[]> grains, bool streamOptimized = false)
    {
        const int directory = 2;
        using var file = new MemoryStream();
        var header = new byte[Sector];
        "KDMV"u8.CopyTo(header);
        Write32(header, 4, streamOptimized ? 3 : 1);
        Write32(header, 8, streamOptimized ? 0x30001 : 1);
        Write32(header, 12, sectors);
        Write32(header, 20, grainSectors);
        Write32(header, 28, streamOptimized ? 1 : 0);
        Write32(header, 36, streamOptimized ? 1 : 0);
        Write32(header, 44, tableEntries);
        Write32(header, 56, directory);
        "\n \r\n"u8.CopyTo(header.AsSpan(73));
        header[77] = (byte)(streamOptimized ? 1 : 0);
        Put(0, header);
        if (streamOptimized)
            Put(1, Encoding.ASCII.GetBytes($"# Disk DescriptorFile\ncreateType=\"streamOptimized\"\nRW {sectors} SPARSE \"disk.vmdk\"\n"));
        var entries = new byte[Sector];
        var next = directory + 1;
        foreach (var table in grains.GroupBy(grain => grain.Key / tableEntries))
        {
            Write32(entries, table.Key * 4, next);
            var its = new byte[(tableEntries * 4 + Sector - 1) / Sector * Sector];
            var at = next;
            next += its.Length / Sector;
            foreach (var (index, bytes) in table)
            {
                Write32(its, index % tableEntries * 4, next);
                Put(next, bytes);
                next += (bytes.Length + Sector - 1) / Sector;
            }

            Put(at, its);
        }

        Put(directory, entries);
        file.SetLength(next * Sector);
        File.WriteAllBytes(path, file.ToArray());

        void Put(int sector, byte[] bytes)
        {
            file.Position = sector * Sector;
            file.Write(bytes);
        }
    }

    /// <summary>A compressed grain behind its marker.</summary>
    public static byte[] Packed(ulong sector, byte[] stream)
    {
        var bytes = new byte[12 + stream.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, sector);
        Write32(bytes, 8, stream.Length);
        stream.CopyTo(bytes, 12);
        return bytes;
    }

    private static void Write32(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
}
