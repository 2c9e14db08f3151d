using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>What a VMDK descriptor can name, and what its extents can have, beyond what QEMU's tool makes.</summary>
public sealed class ForeignImageExtentTests : IDisposable
{
    private const int GrainSize = 65536;

    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The first ends within a table that is not there, or within a grain that is not. The tables and grains are larger than what is converted at once.</summary>
    [Theory]
    [InlineData(65536 + 8192, 128)]
    [InlineData(65536 + 4, 128)]
    [InlineData(8192 + 8, 4096)]
    public void AnExtentBeginsWhereTheOneBeforeEndsWithinATableOrGrain(int sectors, int grainSectors)
    {
        var first = new byte[grainSectors * 512];
        var second = new byte[GrainSize];
        new Random(1).NextBytes(first);
        new Random(2).NextBytes(second);
        VmdkFile.WriteSparse(_folder["one"], sectors, grainSectors, 512, new Dictionary<int, byte[]> { [0] = first });
        VmdkFile.WriteSparse(_folder["two"], 16384, 128, 512, new Dictionary<int, byte[]> { [0] = second, [100] = second });
        Describe($"RW {sectors} SPARSE \"one\"\nRW 16384 SPARSE \"two\"", "twoGbMaxExtentSparse");
        var whole = new byte[(sectors + 16384) * 512];
        first.CopyTo(whole, 0);
        second.CopyTo(whole, sectors * 512);
        second.CopyTo(whole, (sectors * 512) + (100 * GrainSize));
        Assert.True(whole.AsSpan().SequenceEqual(Converted()));
    }

    [Theory]
    [InlineData("whole", null)]
    [InlineData("checksum", "the compressed grain")]
    [InlineData("data", "the compressed grain")]
    [InlineData("no checksum", "the compressed grain")]
    [InlineData("cut", "the compressed grain")]
    [InlineData("longer", "the compressed grain")]
    [InlineData("shorter", "the compressed grain")]
    [InlineData("behind", "the compressed grain")]
    [InlineData("dictionary", "the compressed grain")]
    public void ACompressedGrainHasItsChecksumAndItsLength(string damage, string? reason)
    {
        var data = new byte[GrainSize];
        new Random(1).NextBytes(data);
        byte[] stream = Pack(damage switch { "longer" => [.. data, 0], "shorter" => data[1..], _ => data });
        switch (damage)
        {
            case "checksum":
                stream[^1] ^= 1;
                break;
            case "data":
                // What is not compressed has no structure that damage could break.
                stream[stream.Length / 2] ^= 1;
                break;
            case "no checksum":
                stream = stream[..^4];
                break;
            case "cut":
                stream = stream[..^2];
                break;
            case "behind":
                stream = [.. stream, 0];
                break;
            case "dictionary":
                // RFC 1950, 2.2: FDICT; the first two bytes are a multiple of 31.
                stream = [0x78, 0xbb, 0, 0, 0, 0, .. stream[2..]];
                break;
        }

        VmdkFile.WriteSparse(_folder["disk.vmdk"], 256, 128, 512, new Dictionary<int, byte[]> { [1] = VmdkFile.Packed(128, stream) }, streamOptimized: true);
        if (reason is null)
            Assert.Equal([.. new byte[GrainSize], .. data], Converted());
        else
            Refused(reason);
    }

    [Theory]
    [InlineData("größe 日本.flat", false)]
    [InlineData("größe.flat", true)]
    public void AnExtentsNameIsUtf8OrLatin1(string name, bool isLatin1)
    {
        var data = Encoding.UTF8.GetBytes(new string('x', 1024));
        File.WriteAllBytes(_folder[name], data);
        var text = $"# Disk DescriptorFile\ncreateType=\"monolithicFlat\"\nRW 2 FLAT \"{name}\" 0\n";
        File.WriteAllBytes(_folder["disk.vmdk"], (isLatin1 ? Encoding.Latin1 : Encoding.UTF8).GetBytes(text));
        Assert.Equal(data, Converted());
    }

    [Theory]
    [InlineData("\u001b[31mred")]
    [InlineData("a\rb")]
    [InlineData("a\u009bb")]
    public void ControlCharactersOfAnExtentsNameReachNoMessage(string name)
    {
        Describe($"RW 2 FLAT \"{name}\" 0");
        Assert.DoesNotContain(Refused("control characters"), char.IsControl);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task APipeIsRefusedAndNotWaitedFor(bool isExtent)
    {
        using (var process = Process.Start("mkfifo", _folder[isExtent ? "pipe" : "disk.vmdk"]))
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (isExtent)
            Describe("RW 2 FLAT \"pipe\" 0");
        await Task.Run(() => Refused("neither a file nor a block device")).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<IOException>(() => Task.Run(() => ImageInfo.Read(_folder["disk.vmdk"])).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Contains("neither a file nor a block device", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALinkOutOfTheFolderIsRefused()
    {
        using var elsewhere = new ImageFolder();
        File.WriteAllBytes(elsewhere["secret"], new byte[1024]);
        File.CreateSymbolicLink(_folder["flat"], elsewhere["secret"]);
        Describe("RW 2 FLAT \"flat\" 0");
        Refused("a link out of the image's own folder");
        var error = Assert.ThrowsAny<IOException>(() => ImageInfo.Read(_folder["disk.vmdk"]));
        Assert.Contains("a link out of the image's own folder", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Also where the folder is reached through a link.</summary>
    [Fact]
    public void ALinkWithinTheFolderIsFollowed()
    {
        var data = Encoding.UTF8.GetBytes(new string('x', 1024));
        File.WriteAllBytes(_folder["data"], data);
        File.CreateSymbolicLink(_folder["flat"], "data");
        Describe("RW 2 FLAT \"flat\" 0");
        Assert.Equal(data, Converted());
        using var elsewhere = new ImageFolder();
        Directory.CreateSymbolicLink(elsewhere["link"], _folder["."]);
        using var source = ImageSource.Open(elsewhere["link/disk.vmdk"], null);
        Assert.Equal(1024ul, source.Disk.Size);
    }

    [Fact]
    public void WordsOfAnExtentAreSeparatedByAnyWhiteSpace()
    {
        File.WriteAllBytes(_folder["one"], [.. Enumerable.Repeat((byte)1, 512)]);
        File.WriteAllBytes(_folder["two"], [.. Enumerable.Repeat((byte)2, 512)]);
        Describe("RW 1 FLAT \"one\" 0\nRW\t1\tFLAT\t\"two\"\t0\r\n\trdonly \t 1\vZERO");
        Assert.Equal([.. Enumerable.Repeat((byte)1, 512), .. Enumerable.Repeat((byte)2, 512), .. new byte[512]], Converted());
    }

    /// <summary>docs/disks.md promises no more than 32 MiB.</summary>
    [Fact]
    public void ADescriptorOfShortLinesTakesLittleMemory()
    {
        foreach (var (lines, reason) in (ReadOnlySpan<(int, string)>)[(32_000, "no extents"), (40_000, "a descriptor of"), (500_000, "a descriptor of")])
        {
            Describe(string.Concat(Enumerable.Repeat("a\n", lines)));
            var before = GC.GetAllocatedBytesForCurrentThread();
            Refused(reason);
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < 32 << 20, $"{lines} lines: {taken} bytes");
        }
    }

    /// <summary>A stream of blocks that are not compressed (RFC 1951, 3.2.4). As many that for a grain the checksum begins 72 KiB from the start, in a piece of its own of those in which the runtime reads.</summary>
    private static byte[] Pack(byte[] data)
    {
        const int blocks = 1638;
        const int size = GrainSize / blocks;
        using var packed = new MemoryStream();
        packed.Write([0x78, 0x01]);
        for (var block = 0; block < blocks; block++)
        {
            var isLast = block == blocks - 1;
            var part = isLast ? data[(block * size)..] : data[(block * size)..((block + 1) * size)];
            packed.Write([(byte)(isLast ? 1 : 0), (byte)part.Length, 0, (byte)~part.Length, 0xff, .. part]);
        }

        // The checksum as the runtime computes it.
        using var other = new MemoryStream();
        using (var stream = new ZLibStream(other, CompressionLevel.Fastest))
            stream.Write(data);
        return [.. packed.ToArray(), .. other.ToArray()[^4..]];
    }

    private void Describe(string extents, string type = "monolithicFlat") => File.WriteAllText(_folder["disk.vmdk"], $"# Disk DescriptorFile\ncreateType=\"{type}\"\n{extents}\n");

    private byte[] Converted()
    {
        ImageConversion.Convert(_folder["disk.vmdk"], null, _folder["out.img"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false);
        return File.ReadAllBytes(_folder["out.img"]);
    }

    private string Refused(string reason)
    {
        var error = Assert.ThrowsAny<IOException>(() => ImageConversion.Convert(_folder["disk.vmdk"], null, _folder["target.img"], DiskFormat.Raw, new Qcow2Options(), compresses: false, replaces: false));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["target.img"]));
        return error.Message;
    }
}
