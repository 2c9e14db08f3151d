using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Opening: formats, backing files, locks.</summary>
public sealed class DiskImageTests : IDisposable
{
    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void BackingFilesAreFoundFromTheImagesFolder()
    {
        Directory.CreateDirectory(_folder["below"]);
        File.WriteAllBytes(_folder["below/base.img"], [.. Enumerable.Repeat((byte)1, 1 << 20)]);
        _folder.MakeQcow2("below/middle.qcow2", 2 << 20, new Qcow2Options { BackingFile = "base.img", BackingFormat = DiskFormat.Raw });
        using (var middle = DiskImage.Open(_folder["below/middle.qcow2"], readOnly: false))
            Assert.True(middle.Disk.TryWrite(100_000, [2, 2]));
        _folder.MakeQcow2("top.qcow2", 3 << 20, new Qcow2Options { BackingFile = "below/middle.qcow2" });
        using var top = DiskImage.Open(_folder["top.qcow2"], readOnly: false);
        Assert.Equal(DiskFormat.Qcow2, top.Backing!.Format);
        Assert.Equal(DiskFormat.Raw, top.Backing.Backing!.Format);
        Assert.True(top.Disk.TryWrite(100_001, [3]));
        var bytes = new byte[3 << 20];
        Assert.True(top.Disk.TryRead(0, bytes));
        Assert.Equal([1, 2, 3, 1], bytes[99_999..100_003]);
        Assert.Equal(-1, bytes.AsSpan(1 << 20).IndexOfAnyExcept((byte)0));

        // The images below have readers, so no other machine may write them.
        Assert.Contains("in use by another machine", Assert.Throws<IOException>(() => DiskImage.Open(_folder["below/middle.qcow2"], readOnly: false)).Message, StringComparison.Ordinal);
        using var shared = DiskImage.Open(_folder["below/middle.qcow2"], readOnly: true);
    }

    [Fact]
    public void AnImageBelowItselfIsRefused()
    {
        _folder.MakeQcow2("self.qcow2", 1 << 20, new Qcow2Options { BackingFile = "./self.qcow2" });
        Assert.Contains("its own backing file", Assert.Throws<IOException>(() => DiskImage.Open(_folder["self.qcow2"], readOnly: false)).Message, StringComparison.Ordinal);
        _folder.MakeQcow2("one.qcow2", 1 << 20, new Qcow2Options { BackingFile = "two.qcow2", BackingFormat = DiskFormat.Qcow2 });
        _folder.MakeQcow2("two.qcow2", 1 << 20, new Qcow2Options { BackingFile = "link.qcow2", BackingFormat = DiskFormat.Qcow2 });
        File.CreateSymbolicLink(_folder["link.qcow2"], "one.qcow2");
        Assert.Contains("its own backing file", Assert.Throws<IOException>(() => DiskImage.Open(_folder["one.qcow2"], readOnly: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AChainWithoutEndIsRefused()
    {
        for (var i = 0; i < 70; i++)
            _folder.MakeQcow2($"{i}.qcow2", 1 << 20, new Qcow2Options { ClusterSize = 512, BackingFile = $"{i + 1}.qcow2" });
        Assert.Contains("More than 64 images", Assert.Throws<IOException>(() => DiskImage.Open(_folder["0.qcow2"], readOnly: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.img", "missing.img")]
    [InlineData("json:{\"driver\":\"nbd\"}", "is no file")]
    [InlineData("nbd://localhost/disk", "is no file")]
    [InlineData(".", "is a folder")]
    public void ABackingFileThatCannotBeUsedIsNamed(string name, string reason)
    {
        _folder.MakeQcow2("disk.qcow2", 1 << 20, new Qcow2Options { BackingFile = name });
        var message = Assert.ThrowsAny<IOException>(() => DiskImage.Open(_folder["disk.qcow2"], readOnly: true)).Message;
        Assert.Contains("The backing file of", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    /// <summary>A guest must not be able to turn its raw disk into an image that names files of the host.</summary>
    [Fact]
    public void AGuestCannotMakeItsRawDiskAnImage()
    {
        File.WriteAllBytes(_folder["raw.img"], new byte[1 << 20]);
        byte[] header = [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 3];
        using (var image = DiskImage.Open(_folder["raw.img"], readOnly: false))
        {
            Assert.False(image.Disk.TryWrite(0, header));
            Assert.True(image.Disk.TryWrite(0, header[..3]));
            Assert.False(image.Disk.TryWrite(3, header[3..]));
            Assert.True(image.Disk.TryWrite(512, header));
            Assert.True(image.Disk.TryWrite(0, new byte[4096]));
        }

        using (var image = DiskImage.Open(_folder["raw.img"], readOnly: false, DiskFormat.Raw))
            Assert.True(image.Disk.TryWrite(0, header));
        using (var image = DiskImage.Open(_folder["raw.img"], readOnly: true, DiskFormat.Raw))
            Assert.Equal(1ul << 20, image.Disk.Size);
        Assert.Throws<ImageFormatException>(() => DiskImage.Open(_folder["raw.img"], readOnly: true));
    }

    [Fact]
    public void AnImageHasOneWriter()
    {
        var path = _folder.MakeQcow2("disk.qcow2", 1 << 20);
        using (DiskImage.Open(path, readOnly: false))
            Assert.Throws<IOException>(() => DiskImage.Open(path, readOnly: true));
        using var first = DiskImage.Open(path, readOnly: true);
        using var second = DiskImage.Open(path, readOnly: true);
        Assert.False(first.Disk.TryWrite(0, new byte[512]));
        Assert.False(first.Disk.TryDiscard(0, 512));
        Assert.False(first.Disk.TryWriteZeroes(0, 512, mayUnmap: true));
        Assert.True(first.Disk.TryFlush());
    }

    [Fact]
    public void WritesOfASnapshotStayOutOfTheImage()
    {
        var path = _folder.MakeQcow2("disk.qcow2", 1 << 20);
        var before = File.ReadAllBytes(path);
        using (var image = DiskImage.Open(path, readOnly: true))
        using (var overlay = new OverlayBlockBackend(image.Disk, Path.GetTempPath()))
        {
            Assert.True(overlay.TryWrite(4096, [1, 2, 3]));
            var bytes = new byte[3];
            Assert.True(overlay.TryRead(4096, bytes));
            Assert.Equal([1, 2, 3], bytes);
        }

        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void ADiscardedDiskIsSmallAgain()
    {
        var path = _folder.MakeQcow2("disk.qcow2", 64 << 20);
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.True(image.Disk.TryWrite(0, [.. Enumerable.Repeat((byte)7, 16 << 20)]));
                Assert.True(image.Disk.TryDiscard(0, 16 << 20));
                Assert.True(image.Disk.TryFlush());
            }
        }

        // Room is used again, so the file did not grow beyond one round, and it is given back.
        Assert.InRange(new FileInfo(path).Length, 0, 17 << 20);
        Assert.InRange(HostRoom(path), 0, 2 << 20);
        ImageFolder.AssertClean(path);
    }

    private static long HostRoom(string path)
    {
        var (_, output) = QemuImg.Run("stat", "-c", "%b", path);
        return long.Parse(output) * 512;
    }
}
