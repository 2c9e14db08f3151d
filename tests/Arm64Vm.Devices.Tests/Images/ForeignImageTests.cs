using Arm64Vm.Devices.Images;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Images of other formats, as QEMU's tool makes them, have the same bytes when they are converted.</summary>
public sealed class ForeignImageTests : IDisposable
{
    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("vmdk", "monolithicSparse", 65536)]
    [InlineData("vmdk", "streamOptimized", 65536)]
    [InlineData("vmdk", "twoGbMaxExtentSparse", 65536)]
    [InlineData("vmdk", "twoGbMaxExtentFlat", 0)]
    [InlineData("vmdk", "monolithicFlat", 0)]
    [InlineData("vhdx", "dynamic", 8 << 20)]
    [InlineData("vhdx", "fixed", 8 << 20)]
    public void WhatQemuMakesIsConverted(string format, string subformat, int blockSize)
    {
        QemuImg.Require();

        // Not a multiple of a grain or a block, with holes in between, data at both ends, and a grain that does not shrink.
        var content = new byte[(37 << 20) + 4096 + 512];
        var random = new Random(1);
        random.NextBytes(content.AsSpan(0, 200_000));
        content.AsSpan(3 << 20, 300_000).Fill(7);
        random.NextBytes(content.AsSpan(content.Length - 512));
        File.WriteAllBytes(_folder["raw.img"], content);
        var image = _folder[$"disk.{format}"];
        QemuImg.Image("convert", "-f", "raw", "-O", format, "-o", $"subformat={subformat}", _folder["raw.img"], image);

        var info = ImageInfo.Read(image);
        Assert.Equal((format, subformat, (ulong)blockSize, (ulong)content.Length), (info.Foreign?.Format, info.Foreign?.Layout, info.Foreign?.BlockSize, info.Size));
        foreach (var target in (ReadOnlySpan<string>)["out.img", "out.qcow2"])
        {
            var kind = target.EndsWith("img", StringComparison.Ordinal) ? DiskFormat.Raw : DiskFormat.Qcow2;
            ImageConversion.Convert(image, null, _folder[target], kind, new Qcow2Options(), compresses: false, replaces: false);
        }

        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(_folder["out.img"])));
        using var copy = DiskImage.Open(_folder["out.qcow2"], readOnly: true);
        var read = new byte[content.Length];
        Assert.True(copy.Disk.TryRead(0, read));
        Assert.True(content.AsSpan().SequenceEqual(read));

        // The files of the source cannot be the target.
        foreach (var part in info.Foreign!.Files)
            Assert.Throws<ArgumentException>(() => ImageConversion.Convert(image, null, part, DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: true));
    }

    /// <summary>More than one extent file, and one whole of zeros.</summary>
    [Theory]
    [InlineData("twoGbMaxExtentSparse")]
    [InlineData("twoGbMaxExtentFlat")]
    public void ADiskLiesInSeveralFiles(string subformat)
    {
        QemuImg.Require();
        var image = _folder["disk.vmdk"];
        QemuImg.Image("create", "-f", "vmdk", "-o", $"subformat={subformat}", image, "4097M");

        // Across the boundary of the first two: QEMU's are of 2 GiB.
        var (status, output) = QemuImg.Run("qemu-io", "-f", "vmdk", "-c", "write -P 5 2146959360 1048576", image);
        Assert.True(status == 0, output);
        Assert.Equal(4, ImageInfo.Read(image).Foreign!.Files.Count);
        var read = new byte[(1 << 20) + 1024];
        using (var source = ImageSource.Open(image, null))
        {
            Assert.Equal(4097ul << 20, source.Disk.Size);
            Assert.True(source.Disk.TryRead(2146959360 - 512, read));
            Check();
        }

        read.AsSpan().Clear();
        ImageConversion.Convert(image, null, _folder["out.img"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false);
        using var copy = ImageFolder.OpenFile(_folder["out.img"], readOnly: true);
        Assert.Equal(4097L << 20, copy.Length);
        copy.Read(2146959360 - 512, read);
        Check();

        void Check()
        {
            Assert.Equal(512, read.AsSpan().IndexOf((byte)5));
            Assert.Equal(1 << 20, read.AsSpan().Count((byte)5));
        }
    }

    [Theory]
    [InlineData("vmdk")]
    [InlineData("vhdx")]
    public void AnImageOfDifferencesIsRefused(string format)
    {
        QemuImg.Require();
        if (format == "vhdx")
        {
            var image = MakeVhdx();
            VhdxFile.ChangeMetadata(image, new Guid("CAA16737-FA36-4D43-B3B6-33F0AA44E76B"), at: 4, "02000000");
            Refused(image, "only the differences to another image");
            return;
        }

        QemuImg.Image("create", "-f", "vmdk", _folder["below.vmdk"], "1M");
        QemuImg.Image("create", "-f", "vmdk", "-b", "below.vmdk", "-F", "vmdk", _folder["disk.vmdk"]);
        Refused(_folder["disk.vmdk"], "only the differences to another image");
    }

    /// <summary>A sparse file whose extents are named by no descriptor is a part only.</summary>
    [Fact]
    public void AnExtentIsNoImage()
    {
        QemuImg.Require();
        QemuImg.Image("create", "-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", _folder["disk.vmdk"], "1M");
        Refused(_folder["disk-s001.vmdk"], "name the image's descriptor");
    }

    [Theory]
    [InlineData(4, "04000000", "version 4")]
    [InlineData(8, "03000100", "compressed grains without markers")]
    [InlineData(8, "03000300" + "0008000000000000", "compressed in a way (method 0)")]
    [InlineData(12, "0000000000000000", "a disk of 0 sectors")]
    [InlineData(12, "ffffffffffffffff", "a disk of 18446744073709551615 sectors")]
    [InlineData(12, "0000000000100000", "more than a grain directory can have")]
    [InlineData(12, "0000000004000000", "the grain directory at sector")]
    [InlineData(20, "0000000000000000", "grains of 0 sectors")]
    [InlineData(20, "8100000000000000", "grains of 129 sectors")]
    [InlineData(20, "0000000100000000", "grains of 16777216 sectors")]
    [InlineData(28, "ffffffffffffffff", "the descriptor at sector 18446744073709551615")]
    [InlineData(28, "0000000100000000", "the descriptor at sector 16777216 is not within the file")]
    [InlineData(28, "0000000000000000", "name the image's descriptor")]
    [InlineData(28, "0000000000000000" + "ffffffffffffffff", "name the image's descriptor")]
    [InlineData(28, "1500000000000000" + "0100000000000000", "overlap")]
    [InlineData(36, "0000000000000000", "a descriptor of 0 sectors")]
    [InlineData(36, "0000000100000000", "a descriptor of 16777216 sectors")]
    [InlineData(44, "00000000", "grain tables of 0 entries")]
    [InlineData(44, "ffffffff", "grain tables of 4294967295 entries")]
    [InlineData(56, "0000000000000000", "the grain directory at sector 0")]
    [InlineData(56, "feffffffffffffff", "the grain directory at sector 18446744073709551614")]
    [InlineData(56, "ffffffffffffffff", "no footer")]
    [InlineData(73, "0d", "its line ends were changed")]
    [InlineData(512, "00", "name the image's descriptor")]
    [InlineData(512, "2300", "no createType")]
    [InlineData(512 * 0x1a, "ffffffff", "the grain table at sector 4294967295 is beyond the end of the file")]
    [InlineData(512 * 0x1a, "01000000", "the grain table at sector 1 overlaps something else")]
    [InlineData(512 * 0x1a, "1a000000", "the grain table at sector 26 overlaps something else")]
    [InlineData(512 * 0x1b, "ffffffff", "the grain at sector 4294967295 is beyond the end of the file")]
    [InlineData(512 * 0x1b, "01000000", "the grain at sector 1 overlaps something else")]
    [InlineData(512 * 0x1b, "8000000080000000", "the grain at sector 128 overlaps something else")]
    public void AMalformedVmdkIsRefusedWithItsReason(int offset, string patch, string reason)
    {
        QemuImg.Require();
        var image = _folder["disk.vmdk"];
        File.WriteAllBytes(_folder["raw.img"], [.. Enumerable.Repeat((byte)1, 200_000), .. new byte[(1 << 20) - 200_000]]);
        QemuImg.Image("convert", "-f", "raw", "-O", "vmdk", _folder["raw.img"], image);
        using (var file = ImageFolder.OpenFile(image, readOnly: false))
            file.Write(offset == 512 * 0x1a ? DirectoryOf(image) : offset == 512 * 0x1b ? TableOf(image) : offset, Convert.FromHexString(Placed(patch, image)));
        Refused(image, reason);

        // The grain directory's own place is another in each version of the tool.
        string Placed(string text, string path) => text switch
        {
            "1a000000" => Convert.ToHexString(BitConverter.GetBytes((uint)(DirectoryOf(path) / 512))),
            "1500000000000000" + "0100000000000000" => Convert.ToHexString(BitConverter.GetBytes((ulong)(DirectoryOf(path) / 512))) + "0100000000000000",
            _ => text,
        };
    }

    [Theory]
    [InlineData("createType=\"monolithicFlat\"\nRW 2048 FLAT \"../secret\" 0", "only files in the image's own folder")]
    [InlineData("createType=\"monolithicFlat\"\nRW 2048 FLAT \"/etc/passwd\" 0", "only files in the image's own folder")]
    [InlineData("createType=\"monolithicFlat\"\nRW 2048 FLAT \"..\" 0", "only files in the image's own folder")]
    [InlineData("createType=\"monolithicFlat\"\nRW 2048 FLAT \"flat\" 1", "2048 sectors from sector 1 are needed")]
    [InlineData("createType=\"monolithicFlat\"\nRW 2049 FLAT \"flat\" 0", "2049 sectors from sector 0 are needed")]
    [InlineData("createType=\"monolithicFlat\"\nRW 18446744073709551615 FLAT \"flat\" 0", "the extent 'RW")]
    [InlineData("createType=\"monolithicFlat\"\nRW 18014398509481984 FLAT \"flat\" 18014398509481984", "18014398509481984 are needed")]
    [InlineData("createType=\"monolithicFlat\"\nRW -1 FLAT \"flat\" 0", "the extent 'RW")]
    [InlineData("createType=\"monolithicFlat\"\nRW 0 FLAT \"flat\" 0", "the extent 'RW")]
    [InlineData("createType=\"monolithicFlat\"\nRW 8 FLAT \"flat", "the extent 'RW")]
    [InlineData("createType=\"monolithicFlat\"\nRW 8 FLAT", "the extent 'RW")]
    [InlineData("createType=\"monolithicFlat\"\nRW 8 SPARSE \"flat\"", "is no sparse extent")]
    [InlineData("createType=\"monolithicFlat\"\nRW 8 SPARSE \"disk.vmdk\"", "is there twice")]
    [InlineData("createType=\"monolithicFlat\"\nRW 8 SESPARSE \"flat\"", "of the type 'SESPARSE'")]
    [InlineData("createType=\"monolithicFlat\"\nNOACCESS 8 FLAT \"flat\" 0", "must not be read")]
    [InlineData("createType=\"monolithicFlat\"\nRW 8 FLAT \"nothing\" 0", "nothing")]
    [InlineData("createType=\"monolithicFlat\"\n", "no extents")]
    [InlineData("createType=\"vmfsSparse\"\nRW 8 FLAT \"flat\" 0", "of the type 'vmfsSparse'")]
    [InlineData("createType=\"monolithicFlat\"\nparentCID=12345678\nRW 8 FLAT \"flat\" 0", "only the differences")]
    [InlineData("RW 8 FLAT \"flat\" 0", "no createType")]
    public void AMalformedDescriptorIsRefusedWithItsReason(string text, string reason)
    {
        File.WriteAllBytes(_folder["flat"], new byte[1 << 20]);
        File.WriteAllText(_folder["disk.vmdk"], "# Disk DescriptorFile\n" + text);
        Refused(_folder["disk.vmdk"], reason);
    }

    [Theory]
    [InlineData("head", 48, "01", "log has to be replayed")]
    [InlineData("head", 66, "0200", "version 2")]
    [InlineData("head", 68, "0000100000001000ffffffff", "is beyond the end of the file")]
    [InlineData("head", 68, "0100100000001000", "no whole megabytes")]
    [InlineData("head", 68, "00001000" + "0000200000000000", "overlaps something else")]
    [InlineData("regi", 8, "00080000", "a region table of 2048 entries")]
    [InlineData("regi", 8, "01000000", "it has no metadata")]
    [InlineData("regi", 16, "ff", "it has no block allocation table")]
    [InlineData("regi", 16, "ffffffffffffffffffffffffffffffff" + "0000300000000000" + "00001000" + "01000000", "needs what is not supported: region ffffffff")]
    [InlineData("regi", 32, "0000000000000000", "overlaps something else")]
    [InlineData("regi", 32, "0100300000000000", "no whole megabytes")]
    [InlineData("regi", 32, "000030000000ffff", "is beyond the end of the file")]
    [InlineData("regi", 40, "00000000", "no whole megabytes")]
    [InlineData("regi", 40, "0000f0ff", "beyond the end of the file")]
    [InlineData("CAA16737-FA36-4D43-B3B6-33F0AA44E76B", 0, "00000000", "blocks of 0 bytes")]
    [InlineData("CAA16737-FA36-4D43-B3B6-33F0AA44E76B", 0, "01001000", "blocks of 1048577 bytes")]
    [InlineData("CAA16737-FA36-4D43-B3B6-33F0AA44E76B", 0, "00000020", "blocks of 536870912 bytes")]
    [InlineData("2FA54224-CD1B-4876-B211-5DBED83BF4B8", 0, "0000000000000000", "a disk of 0 bytes")]
    [InlineData("2FA54224-CD1B-4876-B211-5DBED83BF4B8", 0, "ffffffffffffffff", "a disk of 18446744073709551615 bytes")]
    [InlineData("2FA54224-CD1B-4876-B211-5DBED83BF4B8", 0, "0100100000000000", "a disk of 1048577 bytes")]
    [InlineData("2FA54224-CD1B-4876-B211-5DBED83BF4B8", 0, "0000000000100000", "a block allocation table of 1048576 bytes")]
    [InlineData("8141BF1D-A96F-4709-BA47-F233A8FAAB5F", 0, "00020100", "sectors of 66048 bytes")]
    [InlineData("entry", 16, "ffffffff", "the metadata")]
    [InlineData("entry", 20, "ffffffff", "the metadata")]
    [InlineData("bat", 0, "0600000000000000", "overlaps something else")]
    [InlineData("bat", 0, "060000000000ffff", "beyond the end of the file")]
    [InlineData("bat", 0, "0700000000000000", "block 0 is in state 7")]
    [InlineData("bat", 0, "0400000000000000", "block 0 is in state 4")]
    public void AMalformedVhdxIsRefusedWithItsReason(string where, int at, string patch, string reason)
    {
        QemuImg.Require();
        var image = MakeVhdx();
        switch (where)
        {
            case "head":
                VhdxFile.Change(image, [1 << 16, 2 << 16], 4096, at, patch);
                break;
            case "regi":
                VhdxFile.Change(image, [3 << 16, 4 << 16], 65536, at, patch);
                break;
            case "bat":
                VhdxFile.Write(image, VhdxFile.BatOf(image) + at, patch);
                break;
            case "entry":
                VhdxFile.Write(image, VhdxFile.MetadataOf(image) + 32 + at, patch);
                break;
            default:
                VhdxFile.ChangeMetadata(image, new Guid(where), at, patch);
                break;
        }

        Refused(image, reason);
    }

    [Fact]
    public void AVhdxWithoutValidHeadersOrTablesIsRefused()
    {
        QemuImg.Require();
        var image = MakeVhdx();
        VhdxFile.Write(image, 3 << 16, "00");
        Assert.Equal("vhdx", ImageInfo.Read(image).Foreign?.Format);
        VhdxFile.Write(image, 4 << 16, "00");
        Refused(image, "neither of its region tables is valid");
        VhdxFile.Write(image, (1 << 16) + 5, "00");
        VhdxFile.Write(image, (2 << 16) + 100, "ff");
        Refused(image, "neither of its headers is valid");
    }

    private static long DirectoryOf(string image) => BitConverter.ToInt64(File.ReadAllBytes(image), 56) * 512;

    private static long TableOf(string image) => BitConverter.ToUInt32(File.ReadAllBytes(image), (int)DirectoryOf(image)) * 512L;

    private string MakeVhdx()
    {
        File.WriteAllBytes(_folder["raw.img"], [1, .. new byte[(1 << 20) - 1]]);
        QemuImg.Image("convert", "-f", "raw", "-O", "vhdx", "-o", "block_size=1048576", _folder["raw.img"], _folder["disk.vhdx"]);
        return _folder["disk.vhdx"];
    }

    /// <summary>What is damaged in a table of grains is found when it is read; no target is left.</summary>
    private void Refused(string image, string reason)
    {
        var error = Assert.ThrowsAny<IOException>(() => ImageConversion.Convert(image, null, _folder["target.img"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["target.img"]));
    }
}
