using System.Buffers.Binary;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Cli.Commands;

/// <summary>The code in a file: an ELF file's executable segments at their virtual addresses, or everything.</summary>
internal static class CodeSegments
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const ushort MachineAArch64 = 183;
    private const uint Loadable = 1;
    private const uint Executable = 1;

    /// <exception cref="BootImageException">It is damaged, or for another processor.</exception>
    public static IEnumerable<ImageSegment> Find(ReadOnlyMemory<byte> file, ulong address)
    {
        if (file.IsEmpty)
            throw new BootImageException("The file is empty.");
        file = KernelLoader.Unpack(file);
        return IsElf(file.Span) ? OfElf(file) : [new ImageSegment("file", address, file)];
    }

    private static bool IsElf(ReadOnlySpan<byte> file) => file.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(file) == 0x7F45_4C46;

    private static List<ImageSegment> OfElf(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        const byte Class64 = 2;
        const byte LittleEndian = 1;
        if (bytes.Length < HeaderSize || bytes[4] != Class64 || bytes[5] != LittleEndian || BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]) != MachineAArch64)
            throw new BootImageException("The ELF file is not for AArch64.");
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(bytes[54..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[56..]);
        if (count > 0 && (size != ProgramHeaderSize || offset > (ulong)bytes.Length || (ulong)(count * size) > (ulong)bytes.Length - offset))
            throw new BootImageException("The program headers of the ELF file lie outside the file.");
        var segments = new List<ImageSegment>();
        for (var i = 0; i < count; i++)
        {
            var header = bytes.Slice((int)offset + i * size, size);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Loadable || (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) & Executable) == 0)
                continue;
            var at = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            var length = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            if (at > (ulong)bytes.Length || length > (ulong)bytes.Length - at)
                throw new BootImageException("The ELF file is truncated: a segment lies outside it.");
            segments.Add(new ImageSegment("segment", BinaryPrimitives.ReadUInt64LittleEndian(header[16..]), file.Slice((int)at, (int)length)));
        }

        return segments;
    }
}
