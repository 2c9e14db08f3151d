using System.Buffers.Binary;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>An ELF64 executable for AArch64 (System V ABI, chapters 4 and 5): its PT_LOAD segments at their physical addresses.</summary>
internal static class ElfImage
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const byte Class64 = 2;
    private const byte LittleEndian = 1;
    private const ushort TypeExecutable = 2;
    private const ushort TypeShared = 3;
    private const ushort MachineAArch64 = 183;
    private const uint Loadable = 1;

    public static bool IsElf(ReadOnlySpan<byte> file) => file.StartsWith("\x7F"u8) && file[1..].StartsWith("ELF"u8);

    public static KernelImage Load(ReadOnlyMemory<byte> file, Region ram)
    {
        var headers = CheckHeader(file.Span);
        var entry = BinaryPrimitives.ReadUInt64LittleEndian(file.Span[24..]);
        var segments = new List<ImageSegment>();
        ulong? entryPoint = null;
        for (var at = 0; at < headers.Length; at += ProgramHeaderSize)
        {
            var header = headers.Slice(at, ProgramHeaderSize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Loadable)
                continue;
            var virtualAddress = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
            var physicalAddress = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
            var memorySize = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
            var data = SegmentData(file, header, memorySize);
            if (memorySize == 0)
                continue;
            if (!ram.Contains(physicalAddress, memorySize))
                throw new BootImageException(
                    $"The ELF segment of 0x{memorySize:x} bytes at 0x{physicalAddress:x} lies outside RAM ({ram}).");
            segments.Add(new ImageSegment("ELF segment", physicalAddress, data, memorySize));

            // The entry is a virtual address; a kernel may be linked elsewhere than it is loaded.
            if (entry >= virtualAddress && entry - virtualAddress < memorySize)
                entryPoint ??= physicalAddress + (entry - virtualAddress);
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
            : throw new BootImageException($"The ELF entry point 0x{entry:x} lies outside the loaded segments.");
    }

    /// <summary>Returns the program headers.</summary>
    private static ReadOnlySpan<byte> CheckHeader(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderSize)
            throw new BootImageException("The ELF file is truncated.");
        if (file[4] != Class64)
            throw new BootImageException("The ELF file is 32-bit; this machine runs AArch64.");
        if (file[5] != LittleEndian)
            throw new BootImageException("The ELF file is big-endian; this machine is little-endian.");
        if (BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) != MachineAArch64)
            throw new BootImageException("The ELF file is for another processor; this machine runs AArch64.");
        if (BinaryPrimitives.ReadUInt16LittleEndian(file[16..]) is not (TypeExecutable or TypeShared))
            throw new BootImageException("The ELF file is not an executable.");
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(file[32..]);
        var size = BinaryPrimitives.ReadUInt16LittleEndian(file[54..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        if (count == 0)
            throw new BootImageException("The ELF file has nothing to load.");
        if (size != ProgramHeaderSize)
            throw new BootImageException("The program headers of the ELF file have an unknown size.");
        if (offset > (ulong)file.Length || (ulong)(count * ProgramHeaderSize) > (ulong)file.Length - offset)
            throw new BootImageException("The program headers of the ELF file lie outside the file.");
        return file.Slice((int)offset, count * ProgramHeaderSize);
    }

    private static ReadOnlyMemory<byte> SegmentData(ReadOnlyMemory<byte> file, ReadOnlySpan<byte> header, ulong memorySize)
    {
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        var fileSize = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        if (fileSize > memorySize)
            throw new BootImageException("An ELF segment has more bytes in the file than in memory.");
        if (offset > (ulong)file.Length || fileSize > (ulong)file.Length - offset)
            throw new BootImageException("The ELF file is truncated: a segment lies outside it.");
        return file.Slice((int)offset, (int)fileSize);
    }
}
