using System.Runtime.InteropServices;

namespace Arm64Vm.Cpu.Tests;

/// <summary>RAM that goes back to the host.</summary>
public sealed unsafe partial class DiscardTests
{
    private const ulong Page = 4096;

    [Fact]
    public void WholePagesAreFreedAndReadAsZeros()
    {
        using var machine = new TestMachine();
        for (ulong offset = 0; offset < 4 * Page; offset += 8)
            machine.Write64(TestMachine.Data + offset, 0x1234);
        byte* host = machine.Memory.Resolve(TestMachine.Data, out _, out _);
        Assert.Equal([1, 1, 1, 1], Resident(host, 4));

        // From the middle of one page to the middle of another: what is whole goes.
        machine.Memory.Discard(TestMachine.Data + 8, (3 * Page) - 16);
        Assert.Equal([1, 0, 1, 1], Resident(host, 4));
        Assert.Equal(0x1234UL, machine.Read64(TestMachine.Data + Page - 8));
        Assert.Equal(0UL, machine.Read64(TestMachine.Data + Page));
        Assert.Equal(0x1234UL, machine.Read64(TestMachine.Data + (2 * Page)));

        // Ranges that are not RAM, or reach out of it, do no harm.
        machine.Memory.Discard(0, ulong.MaxValue);
        machine.Memory.Discard(ulong.MaxValue - 5000, 5000);
        machine.Memory.Discard(TestBus.Base, Page);
        Assert.Equal([0, 0, 0, 0], Resident(host, 4));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CodeInThemIsForgotten(bool emitted)
    {
        using var machine = MachineWithCode(emitted);
        machine.Memory.Discard(TestMachine.Data, Page);

        // Zeros are undefined.
        machine.Run(Asm.Br(5));
        Assert.Equal(0x200, machine.Vector);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnImageThatIsWrittenOverCodeRuns(bool emitted)
    {
        using var machine = MachineWithCode(emitted);

        // So long that it goes through RAM's file.
        byte[] image = new byte[100 << 10];
        MemoryMarshal.Write(image, Asm.Movz(3, 8));
        MemoryMarshal.Write(image.AsSpan(4), Asm.Hlt(0xF000));
        Assert.True(machine.Memory.TryWrite(TestMachine.Data, image));
        machine.Run(Asm.Br(5));
        Assert.Equal((8UL, -1), (machine.Cpu.GetX(3), machine.Vector));
        Assert.False(machine.Memory.TryWrite(TestMachine.Ram + (16 << 20) - 4096, image));
    }

    /// <summary>A machine that has run code at <see cref="TestMachine.Data"/>, where x5 leads.</summary>
    private static TestMachine MachineWithCode(bool emitted)
    {
        var machine = new TestMachine(emitted: emitted);
        machine.Program(TestMachine.Data, Asm.Movz(3, 7), Asm.Hlt(0xF000));
        machine.Cpu.SetX(5, TestMachine.Data);
        machine.Run(Asm.Br(5));
        Assert.Equal((7UL, -1), (machine.Cpu.GetX(3), machine.Vector));
        return machine;
    }

    private static byte[] Resident(byte* host, int pages)
    {
        byte* map = stackalloc byte[pages];
        Assert.Equal(0, mincore((nint)host, (nuint)pages * (nuint)Page, map));
        return [.. new ReadOnlySpan<byte>(map, pages).ToArray().Select(one => (byte)(one & 1))];
    }

    [LibraryImport("libc")]
    private static partial int mincore(nint address, nuint length, byte* map);
}
