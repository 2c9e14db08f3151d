using System.Buffers.Binary;
using System.IO.Compression;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;
using CsCheck;
using ZstdSharp;

namespace Arm64Vm.Machine.Tests.Boot.Images;

public class KernelLoaderTests
{
    private static readonly Region Ram = MemoryMap.Ram(256 << 20);

    [Theory]
    [InlineData(0ul, 0x10_0000ul, 0x4020_0000ul, 0x10_0000ul)]        // modern: offset 0 leaves room for the stub
    [InlineData(0x8_0000ul, 0x10_0000ul, 0x4008_0000ul, 0x10_0000ul)]
    [InlineData(0x20_0000ul, 0ul, 0x4008_0000ul, 0x2000ul)]           // no size: a kernel before 3.17
    public void LinuxImageGoesToItsOffset(ulong textOffset, ulong imageSize, ulong address, ulong memory)
    {
        var kernel = KernelLoader.Load(Image(textOffset, imageSize, 0x2000), Ram);
        Assert.Equal(KernelKind.Linux, kernel.Kind);
        Assert.Equal(address, kernel.EntryPoint);
        Assert.Equal(memory, Assert.Single(kernel.Segments).MemorySize);
    }

    [Fact]
    public void CodeWithoutHeaderGoesTo512KiB()
    {
        var kernel = KernelLoader.Load(new byte[100], Ram);
        Assert.Equal(0x4008_0000ul, kernel.EntryPoint);
        Assert.Equal(100ul, kernel.Segments[0].MemorySize);
    }

    [Fact]
    public void GzipAndZbootUnpack()
    {
        var image = Image(0, 0x10_0000, 0x2000);
        Assert.Equal(image, KernelLoader.Load(Pack(image), Ram).Segments[0].Data.ToArray());
        Assert.Equal(image, KernelLoader.Load(Zboot(Pack(image), "gzip"), Ram).Segments[0].Data.ToArray());
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("zstd22")]
    public void ZstandardUnpacks(string name)
    {
        var image = Image(0, 0x10_0000, 0x2000);
        Assert.Equal(image, KernelLoader.Load(PackZstandard(image), Ram).Segments[0].Data.ToArray());
        Assert.Equal(image, KernelLoader.Load(Zboot(PackZstandard(image), name), Ram).Segments[0].Data.ToArray());
    }

    [Fact]
    public void DamagedZstandardIsRefused()
    {
        var image = Image(0, 0x10_0000, 0x20000);
        new Random(1).NextBytes(image.AsSpan(64));
        var packed = PackZstandard(image);
        Refused("zstd data of the kernel are damaged", packed[..(packed.Length / 2)]);
        Refused("zstd data of the kernel are damaged", [0x28, 0xB5, 0x2F, 0xFD, 0, 0]);
        packed.AsSpan(5, 20).Fill(0xFF);
        Refused("zstd data of the kernel are damaged", packed);
    }

    [Fact]
    public void GzipWithTrailingPaddingUnpacks()
    {
        var image = Image(0, 0x10_0000, 0x2000);
        Assert.Equal(image, KernelLoader.Load((byte[])[.. Pack(image), .. new byte[512]], Ram).Segments[0].Data.ToArray());
    }

    [Fact]
    public void TruncatedGzipIsRefused()
    {
        var random = new Random(1);
        var image = Image(0, 0x10_0000, 0x20000);
        random.NextBytes(image.AsSpan(64));
        var packed = Pack(image);
        Refused("gzip", packed[..(packed.Length / 2)]);
    }

    [Theory]
    [InlineData("xzkern", "xzkern")]
    [InlineData("lzma", "lzma")]
    [InlineData("\u0001\u0002", "unknown method")]
    public void OtherZbootCompressionsAreNamed(string name, string message) => Refused(message, Zboot(new byte[100], name));

    [Fact]
    public void ZbootPayloadOutsideTheFileIsRefused()
    {
        var file = Zboot(Pack(Image(0, 0, 100)), "gzip");
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), uint.MaxValue);
        Refused("outside the file", file);
    }

    [Fact]
    public void WrongFilesAreNamed()
    {
        Refused("empty", []);
        Refused("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 1, 2]);
        Refused("bzip2", "BZh91AY"u8.ToArray());
        Refused("uImage", [0x27, 0x05, 0x19, 0x56, 0]);
        var x86 = new byte[1000];
        "HdrS"u8.CopyTo(x86.AsSpan(0x202));
        Refused("x86", x86);
        var bigEndian = Image(0, 0x1000, 100);
        bigEndian[24] = 1;
        Refused("big-endian", bigEndian);
    }

    [Theory]
    [InlineData(0ul, 255ul << 20)]
    [InlineData(0ul, ulong.MaxValue)]
    [InlineData(ulong.MaxValue, 0x1000ul)]
    [InlineData(ulong.MaxValue - 0xFFF, 0x1000ul)]
    [InlineData(300ul << 20, 0x1000ul)]
    public void KernelsThatDoNotFitAreRefused(ulong textOffset, ulong imageSize) =>
        Refused("RAM", Image(textOffset, imageSize, 100));

    [Fact]
    public void NoFileThrowsAnythingElse()
    {
        byte[][] seeds =
        [
            Image(0, 0x10_0000, 200), Pack(Image(0, 0x10_0000, 200)), Zboot(Pack(Image(0, 0, 200)), "gzip"),
            PackZstandard(Image(0, 0x10_0000, 200)), Zboot(PackZstandard(Image(0, 0, 200)), "zstd"),
            ElfImageTests.Elf(0x4000_0000, (0x4000_0000, 0x4000_0000, 100, 200), (0x4010_0000, 0x4010_0000, 50, 50)),
        ];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 400], Gen.Select(Gen.Int[0, 400], Gen.Byte).Array[0, 6]).Sample(
            (which, length, edits) =>
            {
                var file = seeds[which].AsSpan(0, Math.Min(length, seeds[which].Length)).ToArray();
                if (length > 300)
                    file = (byte[])seeds[which].Clone();
                foreach (var (at, value) in edits)
                {
                    if (at < file.Length)
                        file[at] = value;
                }

                try
                {
                    var kernel = KernelLoader.Load(file, Ram);
                    Assert.All(kernel.Segments, s => Assert.True(Ram.Contains(s.Address, s.MemorySize)));
                    Assert.All(kernel.Segments, s => Assert.True((ulong)s.Data.Length <= s.MemorySize));
                }
                catch (BootImageException)
                {
                }
            },
            iter: 5000);
    }

    internal static byte[] Image(ulong textOffset, ulong imageSize, int length)
    {
        var image = new byte[length];
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(8), textOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(16), imageSize);
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        return image;
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.Fastest))
            packer.Write(bytes);
        return packed.ToArray();
    }

    private static byte[] PackZstandard(byte[] bytes)
    {
        using var packer = new Compressor();
        return packer.Wrap(bytes).ToArray();
    }

    private static byte[] Zboot(byte[] payload, string compression)
    {
        var file = new byte[64 + payload.Length];
        "MZ"u8.CopyTo(file);
        "zimg"u8.CopyTo(file.AsSpan(4));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), 64);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), (uint)payload.Length);
        System.Text.Encoding.ASCII.GetBytes(compression, file.AsSpan(24));
        payload.CopyTo(file.AsSpan(64));
        return file;
    }

    private static void Refused(string message, byte[] file) =>
        Assert.Contains(message, Assert.Throws<BootImageException>(() => KernelLoader.Load(file, Ram)).Message);
}
