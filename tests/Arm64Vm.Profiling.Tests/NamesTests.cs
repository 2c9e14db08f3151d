using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Profiling.Tests;

/// <summary>Names from files and from a kernel's memory.</summary>
public class NamesTests
{
    /// <summary>A kernel image with tables as scripts/kallsyms.c writes them.</summary>
    internal static byte[] KernelImage(IReadOnlyList<(ulong Address, string Name)> symbols, ulong start, bool addressesLast, bool hasOrder = false)
    {
        // Every byte stands for itself but two, which no name has.
        var tokens = Enumerable.Range(0, 256).Select(code => code is > 0x20 and < 0x7F ? ((char)code).ToString() : code == 1 ? "sys_" : "?").ToArray();
        using var image = new MemoryStream();
        image.Write(new byte[4096 + 5]);
        Align();
        var offsets = new MemoryStream();
        foreach (var (address, _) in symbols)
            Write32(offsets, (uint)(address - start));
        if (!addressesLast)
            WriteAddresses();
        Write32(image, (uint)symbols.Count);
        Align();
        var names = image.Position;
        List<uint> markers = [];
        for (var i = 0; i < symbols.Count; i++)
        {
            if (i % 256 == 0)
                markers.Add((uint)(image.Position - names));
            var text = Encoding.ASCII.GetBytes(symbols[i].Name.Replace("sys_", "\u0001", StringComparison.Ordinal));
            if (text.Length > 0x7F)
            {
                image.WriteByte((byte)(text.Length | 0x80));
                image.WriteByte((byte)(text.Length >> 7));
            }
            else
            {
                image.WriteByte((byte)text.Length);
            }

            image.Write(text);
        }

        Align();
        foreach (var marker in markers)
            Write32(image, marker);
        Align();
        if (hasOrder)
            image.Write(Enumerable.Range(0, symbols.Count * 3).Select(i => (byte)(i * 7)).ToArray());
        Align();
        List<int> starts = [];
        var table = image.Position;
        foreach (var token in tokens)
        {
            starts.Add((int)(image.Position - table));
            image.Write(Encoding.ASCII.GetBytes(token + "\0"));
        }

        Align();
        foreach (var token in starts)
            image.Write(BitConverter.GetBytes((ushort)token));
        Align();
        if (addressesLast)
            WriteAddresses();
        image.Write(new byte[100]);
        return image.ToArray();

        void WriteAddresses()
        {
            image.Write(offsets.ToArray());
            Align();
            image.Write(BitConverter.GetBytes(start));
        }

        void Align()
        {
            while (image.Position % 8 != 0)
                image.WriteByte(0);
        }

        static void Write32(Stream stream, uint value) => stream.Write(BitConverter.GetBytes(value));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void AKernelsOwnSymbolsAreFoundInItsMemory(bool addressesLast, bool hasOrder)
    {
        const ulong Start = 0xFFFF_8000_0800_0000;
        var symbols = Enumerable.Range(0, 1000).Select(i => (Start + ((ulong)i * 64), $"tsys_function_{i}{new string('x', i == 500 ? 200 : 0)}")).ToList();
        var image = KernelImage(symbols, Start, addressesLast, hasOrder);
        var found = Kallsyms.Find(image);
        Assert.NotNull(found);
        Assert.Equal(symbols.Select(symbol => (symbol.Item1, symbol.Item2)), found.Select(symbol => (symbol.Address, symbol.Type + symbol.Name)));

        // Damaged anywhere, they are found or not, and nothing else happens.
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            var damaged = (byte[])image.Clone();
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Kallsyms.Find(damaged);
            Kallsyms.Find(damaged.AsSpan(0, random.Next(damaged.Length)));
        }
    }

    [Fact]
    public void SystemMapHasFunctionsOnly()
    {
        const string Text = "ffff800008010000 T _text\nffff800008010000 t .head\nffff800008010040 t helper\nffff800008020000 D data\nffff800008010030 T early [module]\n";
        Assert.Equal(["_text", "early", "helper"], SystemMap.Read(new StringReader(Text)).Select(symbol => symbol.Name));
        Assert.Empty(SystemMap.Read(new StringReader("this is\nno map\n")));
    }

    [Fact]
    public void OtherFilesAreNoElfFiles()
    {
        Assert.Null(ElfSymbols.Read(new byte[200]));
    }

    [Fact]
    public void DamagedElfFilesAreReadAsFarAsTheyGo()
    {
        var file = Elf();
        Assert.Equal([("f", 0x1000UL, 8UL)], ElfSymbols.Read(file)!.Symbols.Select(symbol => (symbol.Name, symbol.Address, symbol.Size)));
        var random = new Random(2);
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = (byte[])file.Clone();
            for (var i = 0; i < 3; i++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            ElfSymbols.Read(damaged);
        }
    }

    /// <summary>One segment with one function.</summary>
    internal static byte[] Elf(string name = "f")
    {
        var file = new byte[0x400];
        "\x7F"u8.CopyTo(file);
        "ELF"u8.CopyTo(file.AsSpan(1));
        file[4] = 2;
        file[5] = 1;
        Word(16, 2);
        Word(18, 183);
        Long(32, 64);
        Word(54, 56);
        Word(56, 1);
        Int(64, 1);
        Int(68, 5);
        Long(72, 0x200);
        Long(80, 0x1000);
        Long(96, 0x20);
        Long(104, 0x20);
        Long(40, 0x280);
        Word(58, 64);
        Word(60, 3);
        Int(0x2C0 + 4, 2);
        Long(0x2C0 + 24, 0x380);
        Long(0x2C0 + 32, 48);
        Int(0x2C0 + 40, 2);
        Int(0x300 + 4, 3);
        Long(0x300 + 24, 0x3C0);
        Long(0x300 + 32, 16);
        Int(0x380 + 24, 1);
        file[0x380 + 28] = 0x12;
        Word(0x380 + 30, 1);
        Long(0x380 + 32, 0x1000);
        Long(0x380 + 40, 8);
        Encoding.ASCII.GetBytes(name).CopyTo(file.AsSpan(0x3C1));
        return file;

        void Word(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Int(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void Long(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }
}
