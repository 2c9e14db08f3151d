using Arm64Vm.Machine.Acpi;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

public sealed class WatchdogTests
{
    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task AGuestThatHangsIsReset(ExecutionBackend backend)
    {
        // A millisecond or so, and then nothing any more.
        var program = new TestProgram().Print("up").Set(1, MemoryMap.WatchdogControl.Base).Set(2, 100_000)
            .Add(0xB900_0822).Set(2, 1).Add(0xB900_0022).Hang(); // str w2, [x1, #8]; str w2, [x1]
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend) with { HasWatchdog = true });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
            await machine.WaitForConsoleAsync("up", TestMachine.Patience);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    [Fact]
    public async Task GuestsFindItWhereItIs()
    {
        await using var without = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()));
        await using var with = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()) with { HasWatchdog = true });
        Assert.Equal(-1, without.DeviceTree.Span.IndexOf("arm,sbsa-gwdt"u8));
        Assert.NotEqual(-1, with.DeviceTree.Span.IndexOf("arm,sbsa-gwdt"u8));
        var table = Gtdt.Make(new VirtBoard { RamSize = 1 << 30, HasWatchdog = true });
        Assert.Equal((104 + 28, 1, 104), (table.Length, BitConverter.ToInt32(table, 88), BitConverter.ToInt32(table, 92)));
        Assert.Equal((1, 28, MemoryMap.WatchdogRefresh.Base), (table[104], BitConverter.ToUInt16(table, 105), BitConverter.ToUInt64(table, 108)));
        Assert.Equal((MemoryMap.WatchdogControl.Base, 42u), (BitConverter.ToUInt64(table, 116), BitConverter.ToUInt32(table, 124)));
    }
}
