using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>pvpanic, as a kernel's driver uses it: Debian's kernel has none.</summary>
public sealed class PanicDeviceTests
{
    private const uint StoreW2AtX1 = 0xB900_0022;
    private const uint StoreByteW2AtX1 = 0x3900_0022;

    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task AKernelThatSaysItPanickedEndsTheRun(ExecutionBackend backend)
    {
        var config = TestMachine.Config(new TestProgram(), backend) with { HasPanicDevice = true };

        // It is the first function behind the host bridge.
        var function = HighWindows.For(config.Memory).Ecam.Base + (1 << 15);
        var program = new TestProgram().Print("up")
            .Set(1, function + 0x10).Set(2, MemoryMap.PcieMmio32.Base).Add(StoreW2AtX1)
            .Set(1, function + 4).Set(2, 2).Add(StoreW2AtX1)
            .Set(1, MemoryMap.PcieMmio32.Base).Set(2, 2).Add(StoreByteW2AtX1) // a crash kernel takes over: not the end
            .Print("on").Set(1, MemoryMap.PcieMmio32.Base).Set(2, 1).Add(StoreByteW2AtX1).Hang();
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend) with { HasPanicDevice = true });
        var result = await machine.RunAsync(TestContext.Current.CancellationToken).WaitAsync(TestMachine.Patience);
        Assert.Equal((RunEnd.Panic, "upon"), (result.End, machine.Console.Text));
    }
}
