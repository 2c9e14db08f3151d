using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine;

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
        if (!ElfSections.IsElf(file.Span))
            return ([new ImageSegment("file", address, file)], CodeSymbols.None);
        var elf = new ElfSections(file);
        return (elf.FindCode(), elf.ReadSymbols());
    }
}
