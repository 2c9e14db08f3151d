using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>An ELF file with nothing but symbols, made from what a Linux kernel knows of itself.</summary>
internal sealed class SymbolFile
{
    private const int SymbolSize = 24;
    private readonly List<(ulong Address, char Type, string Name)> _symbols = [];

    /// <param name="symbols">A kernel's.</param>
    public SymbolFile(IEnumerable<Kallsyms.Symbol> symbols) => _symbols.AddRange(symbols.Where(symbol => symbol.Address != 0).Select(symbol => (symbol.Address, symbol.Type, symbol.Name)));

    public int Count => _symbols.Count;

    public ulong this[string name] => _symbols.First(symbol => symbol.Name == name).Address;

    /// <summary>Three sections and the null one: .text without bytes over all the addresses, .symtab, .strtab with the sections' names too.</summary>
    public void Write(string path)
    {
        var names = new MemoryStream();
        names.WriteByte(0);
        var table = new MemoryStream();
        table.Write(new byte[SymbolSize]);
        Span<byte> entry = stackalloc byte[SymbolSize];
        foreach (var (address, type, name) in _symbols)
        {
            entry.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)names.Length);
            entry[4] = (byte)(0x10 | (type is 't' or 'T' or 'w' or 'W' ? 2 : 1)); // STB_GLOBAL; STT_FUNC or STT_OBJECT
            BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], 1);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], address);
            table.Write(entry);
            names.Write(Encoding.ASCII.GetBytes(name));
            names.WriteByte(0);
        }

        var sectionNames = ((string[])[".text", ".symtab", ".strtab"]).Select(name =>
        {
            var place = (uint)names.Length;
            names.Write(Encoding.ASCII.GetBytes(name));
            names.WriteByte(0);
            return place;
        }).ToArray();
        var first = _symbols.Min(symbol => symbol.Address);
        var last = _symbols.Max(symbol => symbol.Address);
        using var file = File.Create(path);
        Span<byte> header = stackalloc byte[64];
        header.Clear();
        "\u007FELF\u0002\u0001\u0001"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], 183);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(header[58..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(header[60..], 4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[62..], 3);
        file.Write(header);
        const ulong Data = 64 * 5;
        file.Write(new byte[64]);
        WriteSection(file, sectionNames[0], type: 8, flags: 6, first, offset: Data, last - first + 0x1000, link: 0, info: 0, entry: 0);
        WriteSection(file, sectionNames[1], type: 2, flags: 0, 0, offset: Data, (ulong)table.Length, link: 3, info: 1, entry: SymbolSize);
        WriteSection(file, sectionNames[2], type: 3, flags: 0, 0, offset: Data + (ulong)table.Length, (ulong)names.Length, link: 0, info: 0, entry: 0);
        table.WriteTo(file);
        names.WriteTo(file);
    }

    private static void WriteSection(Stream file, uint name, uint type, ulong flags, ulong address, ulong offset, ulong size, uint link, uint info, ulong entry)
    {
        Span<byte> header = stackalloc byte[64];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, name);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], size);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], link);
        BinaryPrimitives.WriteUInt32LittleEndian(header[44..], info);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], 4);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], entry);
        file.Write(header);
    }
}
