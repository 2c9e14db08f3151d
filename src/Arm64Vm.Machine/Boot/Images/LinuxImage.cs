using System.Buffers.Binary;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>The arm64 Linux Image (Documentation/arch/arm64/booting.rst), or raw code without its header.</summary>
internal static class LinuxImage
{
    private const string Name = "kernel";
    private const int TextOffset = 8;
    private const int ImageSize = 16;
    private const int Flags = 24;
    private const int MagicOffset = 56;

    /// <summary>Bytes of the header: enough for <see cref="HasHeader"/> and for an image that stays in its file.</summary>
    public const int HeaderSize = 64;
    private const ulong BigEndianFlag = 1;

    /// <summary>Where code without a header, or of a kernel before 3.17 without a size, goes.</summary>
    private const ulong LegacyTextOffset = 0x8_0000;

    /// <summary>An offset below a page would land on the boot stub; the protocol allows any 2 MiB-aligned base.</summary>
    private const ulong StubSpace = 4096;
    private const ulong BaseAlignment = 2 << 20;

    /// <summary>Places an image in RAM.</summary>
    /// <exception cref="BootImageException">It does not fit, or is for another machine.</exception>
    public static KernelImage Load(ReadOnlyMemory<byte> bytes, Region ram) =>
        Load(bytes.Span, (ulong)bytes.Length, ram, (address, size) => new ImageSegment(Name, address, bytes, size));

    /// <summary>Places an image in RAM that is not in memory.</summary>
    /// <param name="header">Its first bytes, with a header.</param>
    /// <param name="file">All of it.</param>
    /// <param name="ram">RAM.</param>
    /// <exception cref="BootImageException">It does not fit, or is for another machine.</exception>
    public static KernelImage Load(ReadOnlyMemory<byte> header, FileBytes file, Region ram) =>
        Load(header.Span, file.Length, ram, (address, size) => new ImageSegment(Name, address, default, size) { File = file });

    /// <summary>True: the file is an Image, not something that a loader would have to unpack.</summary>
    public static bool HasHeader(ReadOnlySpan<byte> file) => file.Length >= HeaderSize && file.Slice(MagicOffset, 4).SequenceEqual("ARM\x64"u8);

    private static KernelImage Load(ReadOnlySpan<byte> header, ulong length, Region ram, Func<ulong, ulong, ImageSegment> place)
    {
        var offset = LegacyTextOffset;
        var size = length;
        if (HasHeader(header))
        {
            if ((BinaryPrimitives.ReadUInt64LittleEndian(header[Flags..]) & BigEndianFlag) != 0)
                throw new BootImageException("The kernel is big-endian; this machine is little-endian.");
            var imageSize = BinaryPrimitives.ReadUInt64LittleEndian(header[ImageSize..]);
            if (imageSize != 0)
            {
                offset = BinaryPrimitives.ReadUInt64LittleEndian(header[TextOffset..]);
                size = Math.Max(size, imageSize);
                if (offset < StubSpace)
                    offset += BaseAlignment;
            }
        }

        if (offset > ram.Size || size > ram.Size - offset)
            throw new BootImageException(
                $"The kernel needs {ToMiB(size)} MiB at 0x{offset:x} from the start of RAM, which has {ram.Size >> 20} MiB.");
        var address = ram.Base + offset;
        return new KernelImage(KernelKind.Linux, address, [place(address, size)]);
    }

    private static ulong ToMiB(ulong bytes) => (bytes >> 20) + ((bytes & 0xF_FFFF) == 0 ? 0ul : 1ul);
}
