using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>An ELF executable as a kernel: its loadable segments at their physical addresses.</summary>
internal static class ElfImage
{
    public static KernelImage Load(ReadOnlyMemory<byte> file, Region ram)
    {
        var elf = new ElfFile(file);
        if (!elf.IsExecutable)
            throw new BootImageException("The ELF file is not an executable.");
        var segments = new List<ImageSegment>();
        ulong? entryPoint = null;
        foreach (var segment in elf.ReadSegments())
        {
            if (!segment.IsLoadable)
                continue;
            if (segment.FileSize > segment.MemorySize)
                throw new BootImageException("An ELF segment has more bytes in the file than in memory.");
            var data = elf.Slice(segment.Offset, segment.FileSize, "segment");
            if (segment.MemorySize == 0)
                continue;
            if (!ram.Contains(segment.PhysicalAddress, segment.MemorySize))
                throw new BootImageException(
                    $"The ELF segment of 0x{segment.MemorySize:x} bytes at 0x{segment.PhysicalAddress:x} lies outside RAM ({ram}).");
            segments.Add(new ImageSegment("ELF segment", segment.PhysicalAddress, data, segment.MemorySize));

            // The entry is a virtual address; a kernel may be linked elsewhere than it is loaded.
            if (elf.Entry >= segment.VirtualAddress && elf.Entry - segment.VirtualAddress < segment.MemorySize)
                entryPoint ??= segment.PhysicalAddress + (elf.Entry - segment.VirtualAddress);
        }

        if (segments.Count == 0)
            throw new BootImageException("The ELF file has nothing to load.");
        segments.Sort((a, b) => a.Address.CompareTo(b.Address));
        for (var i = 1; i < segments.Count; i++)
        {
            if (segments[i - 1].Region.Overlaps(segments[i].Region))
                throw new BootImageException($"The ELF segments at 0x{segments[i - 1].Address:x} and 0x{segments[i].Address:x} overlap.");
        }

        return entryPoint is { } address
            ? new KernelImage(KernelKind.Elf, address, segments)
            : throw new BootImageException($"The ELF entry point 0x{elf.Entry:x} lies outside the loaded segments.");
    }
}
