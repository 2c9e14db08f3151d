using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>An ELF64 file for AArch64 (System V ABI, chapters 4 and 5): its headers, and bytes that are inside the file.</summary>
/// <remarks>Nothing of the file is believed: what lies outside it is refused or absent.</remarks>
internal sealed class ElfFile
{
    public const int HeaderSize = 64;
    public const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const uint SymbolTable = 2;
    private const uint DynamicSymbols = 11;
    private const byte Class64 = 2;
    private const byte LittleEndian = 1;
    private const ushort TypeExecutable = 2;
    private const ushort TypeShared = 3;
    private const ushort MachineAArch64 = 183;

    private readonly ReadOnlyMemory<byte> _bytes;

    /// <exception cref="BootImageException">It is truncated, or for another processor.</exception>
    public ElfFile(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        var file = bytes.Span;
        if (file.Length < HeaderSize)
            throw new BootImageException("The ELF file is truncated.");
        if (file[4] != Class64)
            throw new BootImageException("The ELF file is 32-bit; this machine runs AArch64.");
        if (file[5] != LittleEndian)
            throw new BootImageException("The ELF file is big-endian; this machine is little-endian.");
        if (Word(18) != MachineAArch64)
            throw new BootImageException("The ELF file is for another processor; this machine runs AArch64.");
        Entry = Long(24);
        Sections = ReadSections();
        SectionNames = Word(62) is var index && index < Sections.Count ? Sections[index] : default;
    }

    /// <summary>A program or a library, which has segments, and not an object for a linker.</summary>
    public bool IsExecutable => Word(16) is TypeExecutable or TypeShared;

    /// <summary>Its addresses count from where it is loaded (ET_DYN).</summary>
    public bool IsRelocatable => Word(16) == TypeShared;

    public ulong Entry { get; }

    /// <summary>Where the program headers begin in the file.</summary>
    public ulong ProgramHeaders => Long(32);

    /// <summary>None where their table is damaged or stripped: nobody needs them to load a program.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>Names of sections are in it.</summary>
    public ElfSection SectionNames { get; }

    public static bool IsElf(ReadOnlySpan<byte> file) => file.StartsWith("\x7F"u8) && file[1..].StartsWith("ELF"u8);

    /// <summary>The program headers, of all types.</summary>
    /// <exception cref="BootImageException">They lie outside the file, or have an unknown size.</exception>
    public List<ElfSegment> ReadSegments()
    {
        int count = Word(56);
        var segments = new List<ElfSegment>(count);
        if (count == 0)
            return segments;
        if (Word(54) != ProgramHeaderSize)
            throw new BootImageException("The program headers of the ELF file have an unknown size.");
        if (!IsInside(ProgramHeaders, (ulong)(count * ProgramHeaderSize)))
            throw new BootImageException("The program headers of the ELF file lie outside the file.");
        for (var i = 0; i < count; i++)
        {
            var at = (int)ProgramHeaders + i * ProgramHeaderSize;
            segments.Add(new ElfSegment(Int(at), Int(at + 4), Long(at + 8), Long(at + 16), Long(at + 24), Long(at + 32), Long(at + 40)));
        }

        return segments;
    }

    /// <summary>All of these bytes are in the file.</summary>
    public bool IsInside(ulong offset, ulong size) => offset <= (ulong)_bytes.Length && size <= (ulong)_bytes.Length - offset;

    /// <exception cref="BootImageException">They are not all in the file.</exception>
    public ReadOnlyMemory<byte> Slice(ulong offset, ulong size, string what) =>
        IsInside(offset, size) ? _bytes.Slice((int)offset, (int)size) : throw new BootImageException($"The ELF file is truncated: a {what} lies outside it.");

    /// <summary>The bytes of a section; empty where they are not all in the file.</summary>
    public ReadOnlySpan<byte> BytesOf(in ElfSection section) => IsInside(section.Offset, section.Size) ? _bytes.Span.Slice((int)section.Offset, (int)section.Size) : default;

    /// <summary>A string of a table of strings; empty where it is not in it.</summary>
    public string Text(in ElfSection table, uint offset)
    {
        var text = BytesOf(table);
        if (offset >= text.Length)
            return "";
        text = text[(int)offset..];
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    /// <summary>The symbols of all its tables, in their order; a name outside its table is empty.</summary>
    public IEnumerable<ElfSymbol> ReadSymbols()
    {
        foreach (var table in Sections)
        {
            if (table.Type is not (SymbolTable or DynamicSymbols) || table.Link >= (uint)Sections.Count)
                continue;
            var names = Sections[(int)table.Link];
            var count = BytesOf(table).Length / SymbolSize;
            for (var i = 0; i < count; i++)
            {
                var symbol = BytesOf(table)[(i * SymbolSize)..];
                yield return new ElfSymbol(
                    Text(names, BinaryPrimitives.ReadUInt32LittleEndian(symbol)),
                    (ElfSymbolType)(symbol[4] & 0xF),
                    IsLocal: symbol[4] >> 4 == 0,
                    BinaryPrimitives.ReadUInt16LittleEndian(symbol[6..]),
                    BinaryPrimitives.ReadUInt64LittleEndian(symbol[8..]),
                    BinaryPrimitives.ReadUInt64LittleEndian(symbol[16..]),
                    IsFirst: i == 0);
            }
        }
    }

    private List<ElfSection> ReadSections()
    {
        var sections = new List<ElfSection>();
        var offset = Long(40);
        int count = Word(60);
        if (count == 0 || Word(58) != SectionHeaderSize || !IsInside(offset, (ulong)(count * SectionHeaderSize)))
            return sections;
        for (var i = 0; i < count; i++)
        {
            var at = (int)offset + i * SectionHeaderSize;
            sections.Add(new ElfSection(Int(at), Int(at + 4), Long(at + 8), Long(at + 16), Long(at + 24), Long(at + 32), Int(at + 40)));
        }

        return sections;
    }

    private ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.Span[at..]);

    private uint Int(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[at..]);

    private ulong Long(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Span[at..]);
}

/// <summary>A program header.</summary>
internal readonly record struct ElfSegment(uint Type, uint Flags, ulong Offset, ulong VirtualAddress, ulong PhysicalAddress, ulong FileSize, ulong MemorySize)
{
    private const uint Loadable = 1;
    private const uint Executable = 1;

    public bool IsLoadable => Type == Loadable;

    public bool IsExecutable => (Flags & Executable) != 0;
}

/// <summary>A section header.</summary>
internal readonly record struct ElfSection(uint Name, uint Type, ulong Flags, ulong Address, ulong Offset, ulong Size, uint Link);

/// <summary>A symbol.</summary>
/// <param name="Name">Empty where it has none.</param>
/// <param name="Type">What it names.</param>
/// <param name="IsLocal">Seen in its source file only, whose name a symbol before it says.</param>
/// <param name="Section">Index of the section that it is in; 0 where it is defined elsewhere, reserved from 0xFF00 on.</param>
/// <param name="Value">Its address, in a program or library.</param>
/// <param name="Size">Bytes; 0 where it has none.</param>
/// <param name="IsFirst">First of its table.</param>
internal readonly record struct ElfSymbol(string Name, ElfSymbolType Type, bool IsLocal, ushort Section, ulong Value, ulong Size, bool IsFirst)
{
    private const ushort FirstReserved = 0xFF00;

    /// <summary>It is defined in this file, perhaps as a number.</summary>
    public bool IsDefined => Section != 0;

    /// <summary>It is in a section of this file.</summary>
    public bool IsInSection => Section is not 0 and < FirstReserved;
}

/// <summary>Types of symbols (STT).</summary>
internal enum ElfSymbolType : byte
{
    None,
    Object,
    Function,
    Section,
    File,
}
