using Arm64Vm.Devices.Images;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Creating, converting, resizing and repairing.</summary>
public sealed class ImageToolTests : IDisposable
{
    private const int Size = (9 << 20) + 512;

    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(64 << 10, 16, false)]
    [InlineData(64 << 10, 16, true)]
    [InlineData(512, 1, true)]
    [InlineData(4096, 2, true)]
    [InlineData(2 << 20, 64, true)]
    public void AConvertedDiskIsTheSame(int clusterSize, int refcountBits, bool compresses)
    {
        var bytes = Content();
        File.WriteAllBytes(_folder["raw.img"], bytes);
        var options = new Qcow2Options { ClusterSize = clusterSize, RefcountBits = refcountBits };
        List<double> progress = [];
        ImageConversion.Convert(_folder["raw.img"], null, _folder["packed.qcow2"], DiskFormat.Qcow2, options, compresses, replaces: false, progress.Add);
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(1, progress[^1]);
        ImageFolder.AssertClean(_folder["packed.qcow2"]);
        Assert.Equal(compresses, ImageFolder.Check(_folder["packed.qcow2"]).CompressedClusters > 0);
        ImageConversion.Convert(_folder["packed.qcow2"], null, _folder["again.img"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false);
        Assert.Equal(bytes, File.ReadAllBytes(_folder["again.img"]));
        if (QemuImg.IsInstalled)
        {
            QemuImg.Check(_folder["packed.qcow2"]);
            QemuImg.Image("compare", "-f", "raw", "-F", "qcow2", _folder["raw.img"], _folder["packed.qcow2"]);
        }

        // Compressed clusters are replaced, and free what they had.
        var model = new DiskModel(bytes);
        var random = new Random(1);
        using (var image = DiskImage.Open(_folder["packed.qcow2"], readOnly: false))
        {
            for (var i = 0; i < 300; i++)
                model.Step(random, image.Disk, largest: 100_000);
        }

        ImageFolder.AssertClean(_folder["packed.qcow2"]);
    }

    [Fact]
    public void ZerosAndHolesTakeNoRoom()
    {
        using (var file = File.Create(_folder["raw.img"]))
        {
            file.SetLength(1L << 40);
            file.Position = 700L << 30;
            file.Write(new byte[100_000]);
            file.WriteByte(1);
        }

        ImageConversion.Convert(_folder["raw.img"], null, _folder["disk.qcow2"], DiskFormat.Qcow2, new Qcow2Options(), compresses: false, replaces: false);
        Assert.Equal(1, ImageFolder.Check(_folder["disk.qcow2"]).AllocatedClusters);
        ImageConversion.Convert(_folder["disk.qcow2"], null, _folder["again.img"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false);
        var info = ImageInfo.Read(_folder["again.img"]);
        Assert.Equal(1ul << 40, info.Size);
        Assert.InRange(info.Room, 1ul, 1ul << 20);
    }

    [Fact]
    public void BackingFilesAreCopiedAlong()
    {
        var bytes = Content();
        File.WriteAllBytes(_folder["base.img"], bytes);
        ImageCreation.Create(_folder["top.qcow2"], DiskFormat.Qcow2, null, new Qcow2Options { BackingFile = "base.img" }, replaces: false);
        var model = new DiskModel(bytes);
        using (var image = DiskImage.Open(_folder["top.qcow2"], readOnly: false))
        {
            Assert.Equal((ulong)Size, image.Disk.Size);
            model.Write(image.Disk, 5 << 20, [1, 2, 3]);
            model.WriteZeroes(image.Disk, 100_000, 200_000, mayUnmap: true);
        }

        Assert.Equal("raw", ImageInfo.Read(_folder["top.qcow2"]).Qcow2!.BackingFormat);
        ImageConversion.Convert(_folder["top.qcow2"], null, _folder["whole.qcow2"], DiskFormat.Qcow2, new Qcow2Options(), compresses: false, replaces: false);
        Assert.Null(ImageInfo.Read(_folder["whole.qcow2"]).Qcow2!.BackingFile);
        using var whole = DiskImage.Open(_folder["whole.qcow2"], readOnly: true);
        model.AssertAll(whole.Disk);
    }

    [Fact]
    public void NothingThatIsThereIsLost()
    {
        File.WriteAllBytes(_folder["raw.img"], Content());
        File.WriteAllText(_folder["there"], "precious");
        Assert.Contains("exists already", Assert.Throws<IOException>(() => ImageCreation.Create(_folder["there"], DiskFormat.Raw, 512, new Qcow2Options(), replaces: false)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => ImageConversion.Convert(_folder["raw.img"], null, _folder["there"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false));
        Assert.Throws<ArgumentException>(() => ImageConversion.Convert(_folder["raw.img"], null, _folder["raw.img"], DiskFormat.Qcow2, new Qcow2Options(), compresses: false, replaces: true));
        File.CreateSymbolicLink(_folder["link"], "raw.img");
        Assert.Throws<ArgumentException>(() => ImageConversion.Convert(_folder["raw.img"], null, _folder["link"], DiskFormat.Qcow2, new Qcow2Options(), compresses: false, replaces: true));

        // Two images of which each would be below the other are both lost.
        Qcow2Options Above(string name) => new() { BackingFile = _folder[name] };
        ImageCreation.Create(_folder["one"], DiskFormat.Qcow2, null, Above("raw.img"), replaces: false);
        ImageCreation.Create(_folder["two"], DiskFormat.Qcow2, null, Above("one"), replaces: false);
        var one = File.ReadAllBytes(_folder["one"]);
        foreach (var below in (ReadOnlySpan<string>)["one", "two"])
            Assert.Throws<ArgumentException>(() => ImageCreation.Create(_folder["one"], DiskFormat.Qcow2, null, Above(below), replaces: true));
        Assert.Equal(one, File.ReadAllBytes(_folder["one"]));
        File.Delete(_folder["one"]);
        File.Delete(_folder["two"]);

        // Failing on the way: the old file stays, and no half one.
        Assert.ThrowsAny<Exception>(() => ImageConversion.Convert(_folder["raw.img"], null, _folder["there"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: true, _ => throw new IOException("host")));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => ImageConversion.Convert(_folder["raw.img"], null, _folder["there"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: true, null, cancelled.Token));
        Assert.Equal("precious", File.ReadAllText(_folder["there"]));
        Assert.Equal(Content(), File.ReadAllBytes(_folder["raw.img"]));
        Assert.Equal(["link", "raw.img", "there"], Directory.GetFiles(_folder["."]).Select(Path.GetFileName).Order());
        ImageCreation.Create(_folder["there"], DiskFormat.Raw, 1024, new Qcow2Options(), replaces: true);
        Assert.Equal(new byte[1024], File.ReadAllBytes(_folder["there"]));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(65536)]
    public void AResizedDiskKeepsWhatItHadAndShowsNothingOld(int clusterSize)
    {
        var content = Content();
        File.WriteAllBytes(_folder["base.img"], content);
        var path = _folder.MakeQcow2("disk.qcow2", 2 << 20, new Qcow2Options { ClusterSize = clusterSize, BackingFile = "base.img", BackingFormat = DiskFormat.Raw });
        ImageResizing.Resize(path, old => old + (4 << 20), mayShrink: false);
        ImageFolder.AssertClean(path);
        var model = new DiskModel([.. content.AsSpan(0, 2 << 20), .. new byte[4 << 20]]);
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            Assert.Equal(6ul << 20, image.Disk.Size);
            model.AssertAll(image.Disk);
            model.Write(image.Disk, (5 << 20) - 300, [.. Enumerable.Repeat((byte)1, 600)]);
        }

        Assert.Contains("--shrink", Assert.Throws<ArgumentException>(() => ImageResizing.Resize(path, _ => (5 << 20) + 512, mayShrink: false)).Message, StringComparison.Ordinal);
        ImageResizing.Resize(path, _ => (5 << 20) - 512, mayShrink: true);
        ImageFolder.AssertClean(path);
        ImageResizing.Resize(path, _ => 70 << 20, mayShrink: false);
        ImageFolder.AssertClean(path);
        using (var image = DiskImage.Open(path, readOnly: true))
        {
            var bytes = new byte[70 << 20];
            Assert.True(image.Disk.TryRead(0, bytes));
            Assert.Equal(content.AsSpan(0, 2 << 20), bytes.AsSpan(0, 2 << 20));
            Assert.Equal(-1, bytes.AsSpan(2 << 20).IndexOfAnyExcept((byte)0));
        }

        if (QemuImg.IsInstalled)
            QemuImg.Check(path);
    }

    [Fact]
    public void ARawDiskIsResized()
    {
        File.WriteAllBytes(_folder["raw.img"], Content());
        ImageResizing.Resize(_folder["raw.img"], old => old + 512, mayShrink: false);
        Assert.Equal(Size + 512, new FileInfo(_folder["raw.img"]).Length);
        Assert.Throws<ArgumentException>(() => ImageResizing.Resize(_folder["raw.img"], _ => 1000, mayShrink: true));
        Assert.Throws<ArgumentException>(() => ImageResizing.Resize(_folder["raw.img"], _ => ulong.MaxValue, mayShrink: true));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(65536)]
    public void LostRoomAndLowCountsAreRepaired(int clusterSize)
    {
        var path = _folder.MakeQcow2("disk.qcow2", Size, new Qcow2Options { ClusterSize = clusterSize });
        var model = new DiskModel(new byte[Size]);
        using (var image = DiskImage.Open(path, readOnly: false))
            model.Write(image.Disk, 10_000, Content()[..(2 << 20)]);
        using (var file = ImageFolder.OpenFile(path, readOnly: false))
        {
            // Behind header, table and first block: all counts of the first block wrong, one way or the other.
            var block = new byte[8];
            file.Read(clusterSize, block);
            var at = (long)System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(block);
            for (var i = 0; i < 128; i++)
                file.Write(at + (i * 2) + 1, [(byte)(i % 3)]);
        }

        var before = ImageChecking.Check(path);
        Assert.True(before is { Errors: > 0, Leaks: > 0, Fatal: 0 });
        Assert.False(ImageChecking.Repair(path).Before.IsClean);
        ImageFolder.AssertClean(path);
        using (var image = DiskImage.Open(path, readOnly: false))
            model.AssertAll(image.Disk);
    }

    private static byte[] Content()
    {
        var random = new Random(1);
        var bytes = new byte[Size];
        for (var at = 0; at < bytes.Length; at += 50_000)
        {
            var part = bytes.AsSpan(at, Math.Min(50_000, bytes.Length - at));
            if (random.Next(3) == 0)
                random.NextBytes(part);
            else if (random.Next(2) == 0)
                part.Fill((byte)at);
        }

        return bytes;
    }
}
