using Arm64Vm.Machine;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Cli.Commands;

/// <summary>The code in a file: an ELF file's code with its symbols, or everything.</summary>
internal static class CodeSegments
{
    /// <exception cref="BootImageException">It is damaged, or for another processor.</exception>
    public static (IReadOnlyList<ImageSegment> Segments, CodeSymbols Symbols) Find(ReadOnlyMemory<byte> file, ulong address)
    {
        if (file.IsEmpty)
            throw new BootImageException("The file is empty.");
        file = KernelLoader.Unpack(file);
        if (!ElfFile.IsElf(file.Span))
            return ([new ImageSegment("file", address, file)], CodeSymbols.None);
        var elf = new ElfFile(file);
        return (ElfCode.Find(elf), ElfCode.ReadSymbols(elf));
    }
}
