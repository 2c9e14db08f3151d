using System.Text;

namespace Arm64Vm.Cli.Tests;

/// <summary>An ELF file with sections, as a linker makes one.</summary>
internal static class SmallElf
{
    private const ulong Address = 0x1000;

    /// <param name="code">Words of .text, at 0x1000.</param>
    /// <param name="symbols">Names and offsets.</param>
    public static byte[] WithSections(uint[] code, (string Name, ulong Offset)[] symbols)
    {
        var file = new MemoryStream();
        var writer = new BinaryWriter(file);
        writer.Write((byte[])[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, .. new byte[9]]);
        writer.Write([2, 0, 183, 0, 1, 0, 0, 0]);
        writer.Write(Address);
        writer.Write(0UL);
        writer.Write(0UL);
        writer.Write(0U);
        foreach (var half in (ReadOnlySpan<ushort>)[64, 56, 0, 64, 5, 4])
            writer.Write(half);
        var text = file.Position;
        foreach (var word in code)
            writer.Write(word);
        var strings = "\0" + string.Concat(symbols.Select(symbol => symbol.Name + "\0"));
        var table = file.Position;
        writer.Write(new byte[24]);
        foreach (var (name, offset) in symbols)
        {
            writer.Write((uint)strings.IndexOf(name + "\0", StringComparison.Ordinal));
            writer.Write([0, 0, 1, 0]);
            writer.Write(Address + offset);
            writer.Write(0UL);
        }

        var stringsAt = file.Position;
        writer.Write(Encoding.ASCII.GetBytes(strings));
        const string SectionNames = "\0.text\0";
        var sectionNamesAt = file.Position;
        writer.Write(Encoding.ASCII.GetBytes(SectionNames));
        var headers = file.Position;
        writer.Write(new byte[64]);
        Header(1, 1, 6, Address, text, code.Length * 4, 0);
        Header(0, 2, 0, 0, table, stringsAt - table, 3);
        Header(0, 3, 0, 0, stringsAt, strings.Length, 0);
        Header(0, 3, 0, 0, sectionNamesAt, SectionNames.Length, 0);
        file.Position = 40;
        writer.Write(headers);
        return file.ToArray();

        void Header(uint name, uint type, ulong flags, ulong address, long offset, long size, uint link)
        {
            writer.Write(name);
            writer.Write(type);
            writer.Write(flags);
            writer.Write(address);
            writer.Write(offset);
            writer.Write(size);
            writer.Write(link);
            writer.Write(0U);
            writer.Write(0UL);
            writer.Write(0UL);
        }
    }
}
