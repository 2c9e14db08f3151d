using Arm64Vm.Machine;
using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Cli.Commands;

/// <summary>An ELF64 file for AArch64 as a disassembler sees it (System V ABI, chapters 4 and 5): sections of code and symbols, or executable segments where sections are stripped.</summary>
internal sealed class ElfSections
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const ushort MachineAArch64 = 183;
    private const uint Loadable = 1;
    private const uint ExecutableSegment = 1;
    private const uint ProgramBits = 1;
    private const uint SymbolTable = 2;
    private const uint DynamicSymbols = 11;
    private const ulong ExecutableSection = 4;
    private const int FunctionSymbol = 2;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly List<Section> _sections = [];

    /// <exception cref="BootImageException">It is damaged, or for another processor.</exception>
    public ElfSections(ReadOnlyMemory<byte> file)
    {
        _file = file;
        var bytes = file.Span;
        const byte Class64 = 2;
        const byte LittleEndian = 1;
        if (bytes.Length < HeaderSize || bytes[4] != Class64 || bytes[5] != LittleEndian || Word(18) != MachineAArch64)
            throw new BootImageException("The ELF file is not for AArch64.");
        var offset = Long(40);
        var count = Word(60);
        if (count == 0 || Word(58) != SectionHeaderSize || !IsInside(offset, (ulong)count * SectionHeaderSize))
            return;
        for (var i = 0; i < count; i++)
        {
            var at = (int)offset + i * SectionHeaderSize;
            _sections.Add(new Section(Int(at), Int(at + 4), Long(at + 8), Long(at + 16), Long(at + 24), Long(at + 32), Int(at + 40)));
        }
    }

    public static bool IsElf(ReadOnlySpan<byte> file) => file.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(file) == 0x7F45_4C46;

    /// <exception cref="BootImageException">It is damaged.</exception>
    public List<ImageSegment> FindCode()
    {
        var code = new List<ImageSegment>();
        var names = Word(62) is var index && index < _sections.Count ? _sections[index] : default;
        foreach (var section in _sections)
        {
            if (section.Type != ProgramBits || (section.Flags & ExecutableSection) == 0 || section.Size == 0)
                continue;
            if (!IsInside(section.Offset, section.Size))
                throw new BootImageException("The ELF file is truncated: a section lies outside it.");
            code.Add(new ImageSegment("section " + Text(names, section.Name), section.Address, _file.Slice((int)section.Offset, (int)section.Size)));
        }

        return code.Count > 0 ? code : FindSegments();
    }

    /// <summary>Functions, labels, and the mapping symbols that tell code and data apart (ELF for the Arm 64-bit architecture, 5.7).</summary>
    public CodeSymbols ReadSymbols()
    {
        var symbols = new CodeSymbols();
        foreach (var table in _sections)
        {
            if (table.Type is not (SymbolTable or DynamicSymbols) || !IsInside(table.Offset, table.Size) || table.Link >= (uint)_sections.Count)
                continue;
            var names = _sections[(int)table.Link];
            for (ulong at = 0; at + SymbolSize <= table.Size; at += SymbolSize)
            {
                var entry = (int)(table.Offset + at);
                var isDefined = Word(entry + 6) != 0;
                if (isDefined && (_file.Span[entry + 4] & 0xF) <= FunctionSymbol)
                    symbols.Add(Long(entry + 8), Text(names, Int(entry)));
            }
        }

        return symbols;
    }

    private List<ImageSegment> FindSegments()
    {
        var offset = Long(32);
        int size = Word(54);
        int count = Word(56);
        if (count > 0 && (size != ProgramHeaderSize || !IsInside(offset, (ulong)(count * size))))
            throw new BootImageException("The program headers of the ELF file lie outside the file.");
        var segments = new List<ImageSegment>();
        for (var i = 0; i < count; i++)
        {
            var at = (int)offset + i * size;
            if (Int(at) != Loadable || (Int(at + 4) & ExecutableSegment) == 0)
                continue;
            var (start, length) = (Long(at + 8), Long(at + 32));
            if (!IsInside(start, length))
                throw new BootImageException("The ELF file is truncated: a segment lies outside it.");

            // Linkers let the first segment begin with the file's headers, which are no code.
            var address = Long(at + 16);
            var headers = start == 0 ? Math.Min(length, Math.Max(HeaderSize, offset <= HeaderSize ? (ulong)HeaderSize + (ulong)(count * size) : HeaderSize)) : 0;
            segments.Add(new ImageSegment("segment", address + headers, _file.Slice((int)(start + headers), (int)(length - headers))));
        }

        return segments;
    }

    private bool IsInside(ulong offset, ulong size) => offset <= (ulong)_file.Length && size <= (ulong)_file.Length - offset;

    private string Text(in Section table, uint offset)
    {
        if (!IsInside(table.Offset, table.Size) || offset >= table.Size)
            return "";
        var text = _file.Span.Slice((int)(table.Offset + offset), (int)(table.Size - offset));
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    private ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_file.Span[at..]);

    private uint Int(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_file.Span[at..]);

    private ulong Long(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_file.Span[at..]);

    private readonly record struct Section(uint Name, uint Type, ulong Flags, ulong Address, ulong Offset, ulong Size, uint Link);
}
