using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Profiling;

namespace Arm64Vm.Machine.Tests.Profiling;

/// <summary>Functions of ELF files, damaged ones among them.</summary>
public class ElfSymbolsTests
{
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
