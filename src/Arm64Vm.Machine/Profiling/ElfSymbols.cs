using System.Buffers.Binary;
using Arm64Vm.Machine.Boot.Images;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Functions of an ELF file (System V ABI, chapter 4), and the segments that they are in. Damaged parts are left out.</summary>
internal sealed class ElfSymbols
{
    private const int SymbolSize = 24;
    private const uint SymbolTable = 2;
    private const uint DynamicSymbols = 11;
    private const int NoType = 0;
    private const int Function = 2;
    private const int FileName = 4;
    private const ushort Undefined = 0;
    private const ushort FirstReserved = 0xFF00;

    private ElfSymbols(ElfFile file)
    {
        IsRelocatable = file.IsRelocatable;
        ReadSegments(file);
        Dictionary<ulong, Symbol> found = [];
        foreach (var table in file.Sections)
        {
            if (table.Type is SymbolTable or DynamicSymbols && table.Link < (uint)file.Sections.Count)
                ReadTable(file, table, file.Sections[(int)table.Link], found);
        }

        Symbols = [.. found.Values.OrderBy(symbol => symbol.Address)];
    }

    /// <summary>A function; <see cref="File"/> is its source file's name where the table says it, which it does for local ones.</summary>
    public readonly record struct Symbol(string Name, ulong Address, ulong Size, string? File);

    /// <summary>Executable bytes at the address that the file gives them.</summary>
    public readonly record struct Segment(ulong Address, ReadOnlyMemory<byte> Bytes);

    /// <summary>Its addresses count from where it is loaded (ET_DYN).</summary>
    public bool IsRelocatable { get; }

    /// <summary>Ascending by address, one an address.</summary>
    public List<Symbol> Symbols { get; }

    public List<Segment> Segments { get; } = [];

    /// <summary>Reads a file; null where it is no ELF file for AArch64.</summary>
    public static ElfSymbols? Read(ReadOnlyMemory<byte> file)
    {
        if (!ElfFile.IsElf(file.Span))
            return null;
        try
        {
            return new ElfSymbols(new ElfFile(file));
        }
        catch (BootImageException)
        {
            return null;
        }
    }

    private void ReadSegments(ElfFile file)
    {
        foreach (var segment in file.ReadSegments())
        {
            if (segment.IsLoadable && segment.IsExecutable && file.IsInside(segment.Offset, segment.FileSize))
                Segments.Add(new Segment(segment.VirtualAddress, file.Slice(segment.Offset, segment.FileSize, "segment")));
        }
    }

    private void ReadTable(ElfFile file, in ElfSection table, in ElfSection names, Dictionary<ulong, Symbol> found)
    {
        string? source = null;
        for (var rest = file.BytesOf(table); rest.Length >= SymbolSize; rest = rest[SymbolSize..])
        {
            var (type, isLocal) = (rest[4] & 0xF, rest[4] >> 4 == 0);
            var name = file.Text(names, BinaryPrimitives.ReadUInt32LittleEndian(rest));
            if (type == FileName)
            {
                source = name;
                continue;
            }

            var section = BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]);
            if (type is not (NoType or Function) || section is Undefined or >= FirstReserved || name.Length == 0 || name[0] == '$')
                continue;
            var symbol = new Symbol(name, BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]), BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]), isLocal ? source : null);

            // Functions before labels, long ones before short ones.
            if (IsCode(symbol.Address) && (!found.TryGetValue(symbol.Address, out var other) || other.Size < symbol.Size))
                found[symbol.Address] = symbol;
        }
    }

    private bool IsCode(ulong address) => Segments.Exists(segment => address - segment.Address < (ulong)segment.Bytes.Length);
}
