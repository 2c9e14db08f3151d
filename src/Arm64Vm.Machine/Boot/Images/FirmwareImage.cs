using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Raw firmware for a flash bank; the processor starts at its first byte.</summary>
internal static class FirmwareImage
{
    /// <summary>Checks that a file fits into a flash bank.</summary>
    /// <exception cref="BootImageException">It does not, or it is not raw firmware.</exception>
    public static void Check(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
            throw new BootImageException("The firmware file is empty.");
        if ((ulong)file.Length > MemoryMap.Flash0.Size)
            throw new BootImageException(
                $"The firmware has {file.Length} bytes, but a flash bank holds {MemoryMap.Flash0.Size >> 20} MiB.");
        if (ElfFile.IsElf(file))
            throw new BootImageException("The firmware is an ELF file; give the raw image.");
        if (file.Length > 3 && file.StartsWith("QFI"u8) && file[3] == 0xFB)
            throw new BootImageException("The firmware is a qcow2 image; give the raw image.");
    }
}
