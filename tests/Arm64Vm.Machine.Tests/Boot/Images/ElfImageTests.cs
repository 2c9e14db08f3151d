using System.Buffers.Binary;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Boot.Images;

public class ElfImageTests
{
    private static readonly Region Ram = MemoryMap.Ram(256 << 20);

    [Fact]
    public void SegmentsGoToPhysicalAddressesInOrder()
    {
        var file = Elf(
            0xFFFF_0000_0000_0010,
            (0xFFFF_0000_0010_0000, 0x4010_0000, 50, 80),
            (0xFFFF_0000_0000_0000, 0x4000_0000, 100, 100));
        var kernel = KernelLoader.Load(file, Ram);
        Assert.Equal(KernelKind.Elf, kernel.Kind);
        Assert.Equal(0x4000_0010ul, kernel.EntryPoint);
        Assert.Equal([0x4000_0000ul, 0x4010_0000], kernel.Segments.Select(s => s.Address));
        Assert.Equal(80ul, kernel.Segments[1].MemorySize);
        Assert.Equal(50, kernel.Segments[1].Data.Length);
        Assert.Equal(0x4010_0050ul, kernel.End);
    }

    [Theory]
    [InlineData(4, 1, "32-bit")]
    [InlineData(5, 2, "big-endian")]
    [InlineData(18, 62, "another processor")]
    [InlineData(16, 1, "not an executable")]
    [InlineData(54, 32, "unknown size")]
    [InlineData(56, 0, "nothing to load")]
    [InlineData(57, 0xFF, "outside the file")]
    [InlineData(64, 2, "nothing to load")]
    [InlineData(39, 0xFF, "outside the file")]
    [InlineData(31, 0xFF, "entry point")]
    [InlineData(64 + 15, 0xFF, "truncated")]
    [InlineData(64 + 31, 0xFF, "outside RAM")]
    [InlineData(64 + 39, 0xFF, "more bytes in the file")]
    [InlineData(64 + 47, 0xFF, "outside RAM")]
    public void BadFieldsAreNamed(int offset, byte value, string message)
    {
        var file = Elf(0x4000_0000, (0x4000_0000, 0x4000_0000, 100, 200));
        file[offset] = value;
        Refused(message, file);
    }

    [Fact]
    public void OverlapIsRefused() => Refused(
        "overlap", Elf(0x4000_0000, (0x4000_0000, 0x4000_0000, 100, 0x1000), (0x4000_0FFF, 0x4000_0FFF, 10, 10)));

    [Fact]
    public void TruncatedFilesAreRefused()
    {
        var file = Elf(0x4000_0000, (0x4000_0000, 0x4000_0000, 100, 200));
        for (var length = 4; length < file.Length; length++)
            Assert.Throws<BootImageException>(() => KernelLoader.Load(file.AsMemory(0, length), Ram));
    }

    internal static byte[] Elf(ulong entry, params (ulong Virtual, ulong Physical, int FileSize, ulong MemorySize)[] segments)
    {
        var file = new byte[64 + 56 * segments.Length + segments.Sum(s => s.FileSize)];
        byte[] identification = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identification.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 183);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), entry);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), (ushort)segments.Length);
        var data = 64 + 56 * segments.Length;
        for (var i = 0; i < segments.Length; i++)
        {
            var header = file.AsSpan(64 + 56 * i);
            BinaryPrimitives.WriteUInt32LittleEndian(header, 1);
            BinaryPrimitives.WriteUInt64LittleEndian(header[8..], (ulong)data);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], segments[i].Virtual);
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], segments[i].Physical);
            BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)segments[i].FileSize);
            BinaryPrimitives.WriteUInt64LittleEndian(header[40..], segments[i].MemorySize);
            file.AsSpan(data, segments[i].FileSize).Fill((byte)(i + 1));
            data += segments[i].FileSize;
        }

        return file;
    }

    private static void Refused(string message, byte[] file) =>
        Assert.Contains(message, Assert.Throws<BootImageException>(() => KernelLoader.Load(file, Ram)).Message);
}
