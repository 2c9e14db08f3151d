using System.Buffers.Binary;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Assembles tiny bare-metal programs, as ELF files that are entered at the given address.</summary>
internal sealed class TestProgram
{
    public const ulong Start = 0x4008_0000;

    private const uint Uart = 0x0900_0000;
    private readonly List<uint> _words = [];

    /// <summary>Index of the next instruction.</summary>
    public int Here => _words.Count;

    public TestProgram Add(params ReadOnlySpan<uint> words)
    {
        _words.AddRange(words);
        return this;
    }

    /// <summary>Lets the CBZ or CBNZ at <paramref name="branch"/> go to the next instruction.</summary>
    public TestProgram Land(int branch)
    {
        _words[branch] |= (uint)(Here - branch) << 5;
        return this;
    }

    /// <summary>MOVZ and MOVK.</summary>
    public TestProgram Set(int register, ulong value)
    {
        Add(0xD280_0000 | (uint)(value & 0xFFFF) << 5 | (uint)register);
        for (var part = 1; part < 4; part++)
        {
            var bits = (uint)(value >> (16 * part)) & 0xFFFF;
            if (bits != 0)
                Add(0xF280_0000 | (uint)part << 21 | bits << 5 | (uint)register);
        }

        return this;
    }

    /// <summary>STRB to the UART's data register; uses x16 and x17.</summary>
    public TestProgram Print(string text)
    {
        Set(17, Uart);
        foreach (var character in text)
            Set(16, character).Add(0x3900_0230);
        return this;
    }

    /// <summary>Sends what is typed back until it is <paramref name="end"/>; uses x15 to x17.</summary>
    public TestProgram EchoUntil(char end)
    {
        Set(17, Uart);
        var wait = Here;
        Add(0xB940_1A30); // ldr w16, [x17, #0x18]
        Add(0x3720_0000 | 16 | (uint)((wait - Here) & 0x3FFF) << 5); // tbnz w16, #4, wait
        Add(0x3940_0230, 0x3900_0230); // ldrb w16, [x17]; strb w16, [x17]
        Set(15, end).Add(0xEB0F_021F); // cmp x16, x15
        return Add(0x5400_0001 | (uint)((wait - Here) & 0x7_FFFF) << 5); // b.ne wait
    }

    /// <summary>A PSCI call without arguments.</summary>
    public TestProgram Psci(uint function) => Set(0, function).Add(0xD400_0002);

    public TestProgram PowerOff() => Psci(0x8400_0008);

    public TestProgram Reset() => Psci(0x8400_0009);

    /// <summary>b .</summary>
    public TestProgram Hang() => Add(0x1400_0000);

    /// <summary>SYS_EXIT_EXTENDED with a block behind the code; uses x0 to x3.</summary>
    public TestProgram SemihostingExit(ulong status)
    {
        const ulong Block = Start + 0x1000;
        return Set(2, Block).Set(3, 0x20026).Add(0xF900_0043).Set(3, status).Add(0xF900_0443) // str x3, [x2]; str x3, [x2, #8]
            .Set(0, 0x20).Set(1, Block).Add(0xD45E_0000);
    }

    public byte[] ToElf(ushort machine = 183)
    {
        const int HeaderSize = 64 + 56;
        var file = new byte[HeaderSize + _words.Count * 4];
        var header = file.AsSpan();
        "\u007FELF"u8.CopyTo(header);
        header[4] = 2;
        header[5] = 1;
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], machine);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], Start);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(header[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], 1);
        var segment = header[64..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 5);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[8..], HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], Start);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[24..], Start);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], (ulong)_words.Count * 4);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], 0x2000);
        for (var i = 0; i < _words.Count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(header[(HeaderSize + i * 4)..], _words[i]);
        return file;
    }
}
