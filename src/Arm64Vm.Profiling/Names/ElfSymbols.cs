using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Profiling;

/// <summary>Functions of an ELF64 file for AArch64 (System V ABI, chapter 4), and the segments that they are in. Damaged parts are left out.</summary>
internal sealed class ElfSymbols
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const ushort MachineAArch64 = 183;
    private const ushort TypeShared = 3;
    private const uint Loadable = 1;
    private const uint Executable = 1;
    private const uint SymbolTable = 2;
    private const uint DynamicSymbols = 11;
    private const int NoType = 0;
    private const int Function = 2;
    private const int FileName = 4;
    private const ushort Undefined = 0;
    private const ushort FirstReserved = 0xFF00;

    private readonly ReadOnlyMemory<byte> _file;

    private ElfSymbols(ReadOnlyMemory<byte> file)
    {
        _file = file;
        IsRelocatable = Word(16) == TypeShared;
        ReadSegments();
        ReadSymbols();
    }

    /// <summary>A function; <see cref="File"/> is its source file's name where the table says it, which it does for local ones.</summary>
    public readonly record struct Symbol(string Name, ulong Address, ulong Size, string? File);

    /// <summary>Executable bytes at the address that the file gives them.</summary>
    public readonly record struct Segment(ulong Address, ReadOnlyMemory<byte> Bytes);

    /// <summary>Its addresses count from where it is loaded (ET_DYN).</summary>
    public bool IsRelocatable { get; }

    /// <summary>Ascending by address, one an address.</summary>
    public List<Symbol> Symbols { get; private set; } = [];

    public List<Segment> Segments { get; } = [];

    /// <summary>Reads a file; null where it is no ELF file for AArch64.</summary>
    public static ElfSymbols? Read(ReadOnlyMemory<byte> file)
    {
        const byte Class64 = 2;
        const byte LittleEndian = 1;
        var bytes = file.Span;
        if (bytes.Length < HeaderSize || !bytes.StartsWith("\x7F"u8) || !bytes[1..].StartsWith("ELF"u8) || bytes[4] != Class64 || bytes[5] != LittleEndian)
            return null;
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]) == MachineAArch64 ? new ElfSymbols(file) : null;
    }

    private void ReadSegments()
    {
        var (offset, count) = (Long(32), Word(56));
        for (var i = 0; i < count && Word(54) == ProgramHeaderSize; i++)
        {
            var place = offset + (ulong)(i * ProgramHeaderSize);
            if (!IsInside(place, ProgramHeaderSize))
                return;
            var at = (int)place;
            var (start, length) = (Long(at + 8), Long(at + 32));
            if (Int(at) == Loadable && (Int(at + 4) & Executable) != 0 && IsInside(start, length))
                Segments.Add(new Segment(Long(at + 16), _file.Slice((int)start, (int)length)));
        }
    }

    private void ReadSymbols()
    {
        var (offset, count) = (Long(40), Word(60));
        if (Word(58) != SectionHeaderSize || !IsInside(offset, (ulong)count * SectionHeaderSize))
            return;
        var found = new Dictionary<ulong, Symbol>();
        for (var i = 0; i < count; i++)
        {
            var at = (int)offset + (i * SectionHeaderSize);
            var link = Int(at + 40);
            if (Int(at + 4) is not (SymbolTable or DynamicSymbols) || link >= count)
                continue;
            var names = (int)offset + ((int)link * SectionHeaderSize);
            if (IsInside(Long(at + 24), Long(at + 32)) && IsInside(Long(names + 24), Long(names + 32)))
                ReadTable((int)Long(at + 24), (int)Long(at + 32), _file.Slice((int)Long(names + 24), (int)Long(names + 32)), found);
        }

        Symbols = [.. found.Values.OrderBy(symbol => symbol.Address)];
    }

    private void ReadTable(int start, int length, ReadOnlyMemory<byte> names, Dictionary<ulong, Symbol> found)
    {
        string? file = null;
        for (var at = start; at + SymbolSize <= start + length; at += SymbolSize)
        {
            var info = _file.Span[at + 4];
            var (type, isLocal) = (info & 0xF, info >> 4 == 0);
            var name = Text(names, Int(at));
            if (type == FileName)
            {
                file = name;
                continue;
            }

            var section = Word(at + 6);
            if (type is not (NoType or Function) || section is Undefined or >= FirstReserved || name.Length == 0 || name[0] == '$')
                continue;
            var symbol = new Symbol(name, Long(at + 8), Long(at + 16), isLocal ? file : null);

            // Functions before labels, long ones before short ones.
            if (IsCode(symbol.Address) && (!found.TryGetValue(symbol.Address, out var other) || other.Size < symbol.Size))
                found[symbol.Address] = symbol;
        }
    }

    private bool IsCode(ulong address)
    {
        foreach (var segment in Segments)
        {
            if (address - segment.Address < (ulong)segment.Bytes.Length)
                return true;
        }

        return false;
    }

    private static string Text(ReadOnlyMemory<byte> table, uint offset)
    {
        if (offset >= (uint)table.Length)
            return "";
        var text = table.Span[(int)offset..];
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    private bool IsInside(ulong offset, ulong size) => offset <= (ulong)_file.Length && size <= (ulong)_file.Length - offset;

    private ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_file.Span[at..]);

    private uint Int(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_file.Span[at..]);

    private ulong Long(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_file.Span[at..]);
}
