using Arm64Vm.Machine.Acpi;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

public sealed class SecondSerialTests
{
    [Fact]
    public async Task TheSecondPortIsAnotherConsole()
    {
        var program = new TestProgram().Print("one").Set(17, MemoryMap.Uart1.Base);
        foreach (var character in "two")
            program.Set(16, character).Add(0x3900_0230); // strb w16, [x17]
        await using var machine = VirtualMachine.Create(TestMachine.Config(program.PowerOff()) with { HasSecondSerial = true });
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(machine)).End);
        Assert.Equal(("one", "two"), (machine.Console.Text, machine.SecondConsole!.Text));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GuestsFindItInTheDeviceTreeOnlyWhereItIs(bool has)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()) with { HasSecondSerial = has });
        Assert.Equal(has, machine.DeviceTree.Span.IndexOf("pl011@9040000"u8) >= 0);
        Assert.Equal(has, machine.DeviceTree.Span.IndexOf("serial1"u8) >= 0);
        Assert.Equal(has, machine.Board.Bus.TryRead(MemoryMap.Uart1.Base + 0x18, 4, out _));
    }

    [Fact]
    public void GuestsWithAcpiFindItThere()
    {
        var board = new VirtBoard { RamSize = 1 << 30 };
        Assert.Equal(-1, Dsdt.Make(board).AsSpan().IndexOf("COM1"u8));
        Assert.NotEqual(-1, Dsdt.Make(board with { HasUart1 = true }).AsSpan().IndexOf("COM1"u8));
    }
}
