using Arm64Vm.Devices.Images.Vhdx;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Changes VHDX files, their checksums included.</summary>
internal static class VhdxFile
{
    public static void Write(string path, long offset, string patch)
    {
        using var file = ImageFolder.OpenFile(path, readOnly: false);
        file.Write(offset, Convert.FromHexString(patch));
    }

    /// <summary>Changes each copy of a structure and makes its checksum anew.</summary>
    public static void Change(string path, ReadOnlySpan<int> copies, int size, int at, string patch)
    {
        using var file = ImageFolder.OpenFile(path, readOnly: false);
        foreach (var copy in copies)
        {
            var bytes = new byte[size];
            file.Read(copy, bytes);
            Convert.FromHexString(patch).CopyTo(bytes, at);
            Seal(bytes);
            file.Write(copy, bytes);
        }
    }

    public static void Seal(Span<byte> bytes) => BitConverter.TryWriteBytes(bytes[4..], VhdxFormat.Checksum(bytes));

    /// <summary>Changes an item of the metadata.</summary>
    public static void ChangeMetadata(string path, Guid item, int at, string patch)
    {
        var bytes = File.ReadAllBytes(path);
        var metadata = (int)MetadataOf(path);
        for (var entry = metadata + 32; ; entry += 32)
        {
            Assert.NotEqual(Guid.Empty, new Guid(bytes.AsSpan(entry, 16)));
            if (new Guid(bytes.AsSpan(entry, 16)) != item)
                continue;
            Write(path, metadata + BitConverter.ToInt32(bytes, entry + 16) + at, patch);
            return;
        }
    }

    public static long BatOf(string path) => RegionOf(path, VhdxFormat.Bat);

    public static long MetadataOf(string path) => RegionOf(path, VhdxFormat.Metadata);

    private static long RegionOf(string path, Guid id)
    {
        var bytes = File.ReadAllBytes(path);
        for (var entry = (3 << 16) + 16; ; entry += 32)
        {
            if (new Guid(bytes.AsSpan(entry, 16)) == id)
                return BitConverter.ToInt64(bytes, entry + 16);
        }
    }
}
