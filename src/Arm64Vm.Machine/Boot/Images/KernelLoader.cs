using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Finds out what a kernel file is, unpacks it and places it in RAM.</summary>
internal static class KernelLoader
{
    /// <summary>Loads an ELF file, a Linux Image, either of them packed with gzip or zstd, an EFI zboot image, or a raw image without header.</summary>
    /// <exception cref="BootImageException">It cannot be loaded.</exception>
    public static KernelImage Load(ReadOnlyMemory<byte> file, Region ram)
    {
        if (file.IsEmpty)
            throw new BootImageException("The kernel file is empty.");
        file = Unpack(file);
        if (ElfFile.IsElf(file.Span))
            return ElfImage.Load(file, ram);
        RejectForeign(file.Span);
        return LinuxImage.Load(file, ram);
    }

    /// <summary>Removes the wrappings that firmware would remove as well: gzip, zstd and EFI zboot.</summary>
    /// <exception cref="BootImageException">The wrapping is damaged, or its compression is not supported.</exception>
    public static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> file)
    {
        file = Decompress(file);
        return ZbootImage.IsZboot(file.Span) ? ZbootImage.Unpack(file) : file;
    }

    /// <summary>Removes a compression around the whole file, so that what remains may be an EFI application.</summary>
    /// <exception cref="BootImageException">It is damaged.</exception>
    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> file)
    {
        const string What = "kernel";
        return Gzip.IsGzip(file.Span) ? Gzip.Decompress(file, What) : Zstandard.IsZstandard(file.Span) ? Zstandard.Decompress(file, What) : file;
    }

    /// <summary>Names files that would otherwise run as a headerless image and hang.</summary>
    private static void RejectForeign(ReadOnlySpan<byte> file)
    {
        if (StartsWith(file, 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00))
            throw new BootImageException("The kernel is compressed with xz; unpack it first.");
        if (StartsWith(file, 0x02, 0x21, 0x4C, 0x18) || StartsWith(file, 0x04, 0x22, 0x4D, 0x18))
            throw new BootImageException("The kernel is compressed with lz4; unpack it first.");
        if (file.StartsWith("BZh"u8))
            throw new BootImageException("The kernel is compressed with bzip2; unpack it first.");
        if (file.Length >= 0x206 && file.Slice(0x202, 4).SequenceEqual("HdrS"u8))
            throw new BootImageException("The kernel is for x86; this machine runs AArch64.");
        if (file.Length >= 0x28 && StartsWith(file[0x24..], 0x18, 0x28, 0x6F, 0x01))
            throw new BootImageException("The kernel is for 32-bit Arm; this machine runs AArch64.");
        if (file.Length >= 0x34 && file.Slice(0x30, 4).SequenceEqual("RISC"u8))
            throw new BootImageException("The kernel is for RISC-V; this machine runs AArch64.");
        if (StartsWith(file, 0x27, 0x05, 0x19, 0x56))
            throw new BootImageException("The kernel is a U-Boot uImage; give the Image inside it.");
        if (StartsWith(file, 0xD0, 0x0D, 0xFE, 0xED))
            throw new BootImageException("The kernel file is a device tree or FIT image; give the Image itself.");
    }

    private static bool StartsWith(ReadOnlySpan<byte> file, params ReadOnlySpan<byte> magic) => file.StartsWith(magic);
}
