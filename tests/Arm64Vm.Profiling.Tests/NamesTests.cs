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
}
