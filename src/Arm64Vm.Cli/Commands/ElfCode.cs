using Arm64Vm.Machine;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Cli.Commands;

/// <summary>An ELF file as a disassembler sees it: sections of code and symbols, or executable segments where sections are stripped.</summary>
internal static class ElfCode
{
    private const uint ProgramBits = 1;
    private const ulong ExecutableSection = 4;

    /// <exception cref="BootImageException">It is damaged.</exception>
    public static List<ImageSegment> Find(ElfFile elf)
    {
        var code = new List<ImageSegment>();
        foreach (var section in elf.Sections)
        {
            if (section.Type == ProgramBits && (section.Flags & ExecutableSection) != 0 && section.Size != 0)
                code.Add(new ImageSegment("section " + elf.Text(elf.SectionNames, section.Name), section.Address, elf.Slice(section.Offset, section.Size, "section")));
        }

        return code.Count > 0 ? code : FindSegments(elf);
    }

    /// <summary>Functions, labels, and the mapping symbols that tell code and data apart (ELF for the Arm 64-bit architecture, 5.7).</summary>
    public static CodeSymbols ReadSymbols(ElfFile elf)
    {
        var symbols = new CodeSymbols();
        foreach (var symbol in elf.ReadSymbols())
        {
            if (symbol.IsDefined && symbol.Type <= ElfSymbolType.Function)
                symbols.Add(symbol.Value, symbol.Name);
        }

        return symbols;
    }

    private static List<ImageSegment> FindSegments(ElfFile elf)
    {
        var all = elf.ReadSegments();
        var code = new List<ImageSegment>();
        foreach (var segment in all)
        {
            if (!segment.IsLoadable || !segment.IsExecutable)
                continue;
            var data = elf.Slice(segment.Offset, segment.FileSize, "segment");

            // Linkers let the first segment begin with the file's headers, which are no code.
            var behind = elf.ProgramHeaders <= ElfFile.HeaderSize ? ElfFile.HeaderSize + all.Count * ElfFile.ProgramHeaderSize : ElfFile.HeaderSize;
            var headers = segment.Offset == 0 ? Math.Min(data.Length, behind) : 0;
            code.Add(new ImageSegment("segment", segment.VirtualAddress + (ulong)headers, data[headers..]));
        }

        return code;
    }
}
