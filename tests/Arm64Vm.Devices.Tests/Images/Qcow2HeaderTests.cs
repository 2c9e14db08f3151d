using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Headers that are damaged, or ask for what there is not, are refused with their reason.</summary>
public sealed class Qcow2HeaderTests : IDisposable
{
    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(4, "00000001", "version 1")]
    [InlineData(4, "00000004", "version 4")]
    [InlineData(8, "0000000000100000" + "00000005", "backing file is not within the first cluster")]
    [InlineData(8, "0000000000000200" + "00000400", "backing file is not within the first cluster")]
    [InlineData(8, "ffffffffffffffff" + "ffffffff", "backing file is not within the first cluster")]
    [InlineData(8, "0000000000000200" + "00000008", "contains a zero byte")]
    [InlineData(20, "00000008", "clusters of 2^8 bytes")]
    [InlineData(20, "00000016", "clusters of 2^22 bytes")]
    [InlineData(20, "ffffffff", "clusters of 2^4294967295 bytes")]
    [InlineData(24, "ffffffffffffffff", "a disk of 18446744073709551615 bytes")]
    [InlineData(24, "0000100000000000", "where the disk needs")]
    [InlineData(32, "00000001", "is encrypted (method 1)")]
    [InlineData(32, "00000002", "is encrypted (method 2)")]
    [InlineData(36, "00000000", "an L1 table of 0 entries")]
    [InlineData(36, "ffffffff", "an L1 table of 2147483647 entries")]
    [InlineData(40, "0000000000000001", "the L1 table is at offset 0x1")]
    [InlineData(40, "0000000000000000", "the L1 table is at offset 0x0")]
    [InlineData(40, "00ffffffffff0000", "beyond the end of the file")]
    [InlineData(40, "ffffffffffff0000", "the L1 table is at offset")]
    [InlineData(48, "0000000000000200", "the refcount table is at offset 0x200")]
    [InlineData(48, "7fffffffffff0000", "beyond the end of the file")]
    [InlineData(56, "00000000", "a refcount table of 0 clusters")]
    [InlineData(56, "ffffffff", "a refcount table of 2147483647 clusters")]
    [InlineData(60, "7fffffff", "2147483647 snapshots")]
    [InlineData(60, "00000001" + "0000000000000007", "the snapshot table is at offset 0x7")]
    [InlineData(60, "00000001" + "0000000100000000", "beyond the end of the file")]
    [InlineData(72, "0000000000000004", "external data file")]
    [InlineData(72, "0000000000000010", "extended L2 entries")]
    [InlineData(72, "8000000000000000", "unknown feature 63")]
    [InlineData(72, "0000000000000014", "external data file, extended L2 entries")]
    [InlineData(72, "0000000000000008", "compression type and its feature bit do not agree")]
    [InlineData(104, "01", "compression type and its feature bit do not agree")]
    [InlineData(104, "02", "compressed in a way (type 2)")]
    [InlineData(96, "00000007", "reference counts of 2^7 bits")]
    [InlineData(100, "00000048", "a header of 72 bytes")]
    [InlineData(100, "0000006c", "a header of 108 bytes")]
    [InlineData(100, "00020000", "a header of 131072 bytes")]
    [InlineData(112, "12345678" + "fffffff0", "the header extension 0x12345678")]
    public void AMalformedHeaderIsRefusedWithItsReason(int offset, string patch, string reason)
    {
        var path = _folder.MakeQcow2("disk.qcow2", 1 << 30);
        using (var file = ImageFolder.OpenFile(path, readOnly: false))
            file.Write(offset, Convert.FromHexString(patch));
        foreach (var readOnly in (ReadOnlySpan<bool>)[true, false])
        {
            var message = Assert.Throws<ImageFormatException>(() => DiskImage.Open(path, readOnly)).Message;
            Assert.Contains(path, message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }

    /// <summary>The image itself says what its features are called – but does not get to print to a terminal.</summary>
    [Fact]
    public void AnUnknownFeatureIsNamedAsTheImageNamesIt()
    {
        var path = _folder.MakeQcow2("disk.qcow2", 1 << 20);
        var extension = new byte[8 + 48 + 8];
        BinaryPrimitives.WriteUInt32BigEndian(extension, Qcow2Format.ExtensionFeatureNames);
        BinaryPrimitives.WriteInt32BigEndian(extension.AsSpan(4), 48);
        extension[9] = 40;
        Encoding.ASCII.GetBytes("teleportation\e[2J").CopyTo(extension, 10);
        using (var file = ImageFolder.OpenFile(path, readOnly: false))
        {
            file.Write(72, Convert.FromHexString("0000010000000000"));
            file.Write(112, extension);
        }

        Assert.EndsWith("needs what is not supported: teleportation?[2J.", Assert.Throws<ImageFormatException>(() => DiskImage.Open(path, readOnly: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(71)]
    [InlineData(103)]
    [InlineData(65536)]
    public void ACutImageIsRefused(int length)
    {
        var path = _folder.MakeQcow2("disk.qcow2", 1 << 20);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..length]);
        Assert.ThrowsAny<IOException>(() => DiskImage.Open(path, readOnly: true, DiskFormat.Qcow2));
    }

    [Fact]
    public void OptionsThatCannotBeAreRefused()
    {
        Assert.Throws<ArgumentException>(() => _folder.MakeQcow2("a", 1 << 20, new Qcow2Options { ClusterSize = 1000 }));
        Assert.Throws<ArgumentException>(() => _folder.MakeQcow2("b", 1 << 20, new Qcow2Options { RefcountBits = 128 }));
        Assert.Throws<ArgumentException>(() => _folder.MakeQcow2("c", 1ul << 60));
        Assert.Throws<ArgumentException>(() => _folder.MakeQcow2("d", 1 << 20, new Qcow2Options { ClusterSize = 512, BackingFile = new string('x', 600) }));
    }
}
