using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Images that QEMU's tools made, and what they say of ours.</summary>
public sealed class Qcow2PeerTests : IDisposable
{
    private const int Size = 12 << 20;

    private readonly ImageFolder _folder = new();

    public Qcow2PeerTests() => QemuImg.Require();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("compat=0.10")]
    [InlineData("compat=1.1")]
    [InlineData("compat=1.1,lazy_refcounts=on")]
    [InlineData("cluster_size=512,refcount_bits=1")]
    [InlineData("cluster_size=2M,refcount_bits=64")]
    [InlineData("preallocation=metadata")]
    [InlineData("cluster_size=4k,preallocation=falloc,refcount_bits=8")]
    public void AnImageOfThePeersIsReadWrittenAndStaysClean(string options)
    {
        var path = _folder["peer.qcow2"];
        QemuImg.Image("create", "-q", "-f", "qcow2", "-o", options, path, $"{Size}");
        QemuImg.Io(path, "write -P 1 0 70k", "write -P 2 1M 3M", "discard 1500k 200k", "write -z 5M 1M", "write -P 3 11M 1M", "write -z -u 2M 65k");
        var model = new DiskModel(RawBytes(path));
        var random = new Random(3);
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            model.AssertAll(image.Disk);
            for (var i = 0; i < 500; i++)
                model.Step(random, image.Disk);
        }

        QemuImg.Check(path);
        ImageFolder.AssertClean(path);
        model.AssertContent(RawBytes(path), 0);
    }

    [Theory]
    [InlineData("zlib", "64k")]
    [InlineData("zlib", "512")]
    [InlineData("zstd", "64k")]
    [InlineData("zstd", "2M")]
    public void CompressedClustersAreReadAndReplaced(string type, string cluster)
    {
        var (raw, path) = (_folder["raw.img"], _folder["packed.qcow2"]);
        var bytes = CompressibleBytes();
        File.WriteAllBytes(raw, bytes);
        QemuImg.Image("convert", "-q", "-c", "-f", "raw", "-O", "qcow2", "-o", $"compression_type={type},cluster_size={cluster}", raw, path);
        Assert.True(ImageFolder.Check(path).CompressedClusters > 0);
        var model = new DiskModel(bytes);
        var random = new Random(5);
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            model.AssertAll(image.Disk);
            for (var i = 0; i < 300; i++)
                model.Step(random, image.Disk);
        }

        QemuImg.Check(path);
        model.AssertContent(RawBytes(path), 0);
    }

    [Fact]
    public void SnapshotsStayAsTheyWere()
    {
        var path = _folder["peer.qcow2"];
        QemuImg.Image("create", "-q", "-f", "qcow2", path, $"{Size}");
        QemuImg.Io(path, "write -P 1 0 1M", "write -P 2 4M 1M");
        QemuImg.Image("snapshot", "-c", "first", path);
        QemuImg.Io(path, "write -P 3 512k 1M");
        QemuImg.Image("snapshot", "-c", "second", path);
        byte[][] before = [SnapshotBytes(path, "first"), SnapshotBytes(path, "second")];
        var model = new DiskModel(RawBytes(path));
        var random = new Random(7);
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            for (var i = 0; i < 500; i++)
                model.Step(random, image.Disk);
        }

        QemuImg.Check(path);
        ImageFolder.AssertClean(path);
        model.AssertContent(RawBytes(path), 0);
        Assert.Equal(before[0], SnapshotBytes(path, "first"));
        Assert.Equal(before[1], SnapshotBytes(path, "second"));
    }

    /// <summary>A killed writer with lazy refcounts leaves counts that are too low: they are mended before anything is written.</summary>
    [Fact]
    public void AnImageThatWasNotClosedIsMended()
    {
        var path = _folder["peer.qcow2"];
        QemuImg.Image("create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=on", path, $"{Size}");
        QemuImg.Run("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 1M", "-c", "write -P 2 4M 3M", "-c", "flush", "-c", "sigraise 9", path);
        var check = ImageFolder.Check(path);
        Assert.True(check.IsDirty);
        Assert.True(check.Errors > 0);
        using (var readOnly = DiskImage.Open(path, readOnly: true))
        {
            var bytes = new byte[512];
            Assert.True(readOnly.Disk.TryRead(6 << 20, bytes));
            Assert.Equal(2, bytes[0]);
        }

        using (var image = DiskImage.Open(path, readOnly: false))
            Assert.True(image.Disk.TryWrite(8 << 20, new byte[1 << 20]));
        ImageFolder.AssertClean(path);
        QemuImg.Check(path);
        var raw = RawBytes(path);
        Assert.Equal((1, 2, 0), (raw[0], raw[5 << 20], raw[8 << 20]));
    }

    [Fact]
    public void BitmapsOfThePeersAreCounted()
    {
        var path = _folder["peer.qcow2"];
        QemuImg.Image("create", "-q", "-f", "qcow2", path, $"{Size}");
        QemuImg.Image("bitmap", "--add", path, "changes");
        QemuImg.Io(path, "write 0 1M");
        ImageFolder.AssertClean(path);
    }

    [Fact]
    public void ThePeerRefusesToWriteWhatIsMarkedDamaged()
    {
        var path = _folder.MakeQcow2("disk.qcow2", Size);
        using (var image = DiskImage.Open(path, readOnly: false))
            Assert.True(image.Disk.TryWrite(0, new byte[4096]));

        // An L2 entry that points into the middle of a cluster.
        using (var file = ImageFolder.OpenFile(path, readOnly: false))
        {
            var entry = new byte[8];
            file.Read(Qcow2Header.Read(file).L1Offset, entry);
            var table = (long)(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(entry) & Qcow2Format.OffsetMask);
            file.Write(table, [0x80, 0, 0, 0, 0, 5, 2, 0]);
        }

        using (var image = DiskImage.Open(path, readOnly: false))
        {
            Assert.False(image.Disk.TryRead(0, new byte[512]));
            Assert.True(image.Disk.TryRead(1 << 20, new byte[512]));
            Assert.False(image.Disk.TryWrite(1 << 20, new byte[512]));
            Assert.False(image.Disk.TryFlush());
            Assert.Contains("entry 0 of the L2 table", image.Damage, StringComparison.Ordinal);
        }

        Assert.Contains("marked as damaged", Assert.Throws<ImageFormatException>(() => DiskImage.Open(path, readOnly: false)).Message, StringComparison.Ordinal);
        using (var image = DiskImage.Open(path, readOnly: true))
            Assert.True(image.Disk.TryRead(1 << 20, new byte[512]));
        Assert.Contains("corrupt", QemuImg.Run("qemu-io", "-f", "qcow2", "-c", "write 0 512", path).Output, StringComparison.Ordinal);
    }

    private byte[] RawBytes(string path)
    {
        var raw = _folder["compare.img"];
        QemuImg.Image("convert", "-q", "-f", "qcow2", "-O", "raw", path, raw);
        return File.ReadAllBytes(raw);
    }

    private byte[] SnapshotBytes(string path, string snapshot)
    {
        var raw = _folder["snapshot.img"];
        QemuImg.Image("convert", "-q", "-f", "qcow2", "-O", "raw", "-l", snapshot, path, raw);
        return File.ReadAllBytes(raw);
    }

    private static byte[] CompressibleBytes()
    {
        var random = new Random(1);
        var bytes = new byte[Size];
        for (var at = 0; at < bytes.Length; at += 3000)
        {
            var value = (byte)random.Next(5);
            bytes.AsSpan(at, Math.Min(2900, bytes.Length - at)).Fill(value);
        }

        random.NextBytes(bytes.AsSpan(6 << 20, 1 << 20));
        return bytes;
    }
}
