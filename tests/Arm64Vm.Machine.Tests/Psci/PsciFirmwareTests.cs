using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Machine.Psci;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Tests.Psci;

public sealed class PsciFirmwareTests : IDisposable
{
    private const ulong NotSupported = ulong.MaxValue;
    private const ulong InvalidParameters = ulong.MaxValue - 1;
    private const ulong AlreadyOn = ulong.MaxValue - 3;
    private readonly PsciFirmware _firmware = new();
    private readonly Vcpu _cpu;

    public PsciFirmwareTests()
    {
        var memory = new PhysicalMemory(new NothingThere());
        _cpu = new Vcpu(new VcpuOptions(), memory, [], (services, code) => new InterpreterExecutor(code, services, new TranslatorOptions()));
        _firmware.Connect([_cpu]);
    }

    [Theory]
    [InlineData(0x8400_0000u, 0UL, 0x1_0001UL)]
    [InlineData(0x8400_0003u, 0UL, AlreadyOn)]
    [InlineData(0xC400_0003u, 1UL, InvalidParameters)]
    [InlineData(0xC400_0004u, 0UL, 0UL)]
    [InlineData(0xC400_0004u, 1UL, InvalidParameters)]
    [InlineData(0x8400_0006u, 0UL, 2UL)]
    [InlineData(0x8400_000Au, 0x8400_0008UL, 0UL)]
    [InlineData(0x8400_000Au, 0xC400_0003UL, 0UL)]
    [InlineData(0x8400_000Au, 0xC400_0008UL, NotSupported)]
    [InlineData(0x8400_000Au, 0x8400_0012UL, NotSupported)]
    [InlineData(0x8000_0000u, 0UL, NotSupported)]
    [InlineData(0xC400_0012u, 0UL, NotSupported)]
    [InlineData(0xC400_0000u, 0UL, NotSupported)]
    public void AnswersAsTheBoardDoes(uint function, ulong argument, ulong expected)
    {
        _cpu.SetX(0, function);
        _cpu.SetX(1, argument);
        _cpu.SetX(2, 0);
        Assert.Equal(CallOutcome.Continue, _firmware.Call(_cpu, 0));
        Assert.Equal(expected, _cpu.GetX(0));
    }

    [Theory]
    [InlineData(0x8400_0008u, VcpuReturn.PowerOff)]
    [InlineData(0x8400_0009u, VcpuReturn.Reset)]
    public void SystemOffAndResetStopTheRunLoop(uint function, object expectedCase)
    {
        var expected = (VcpuReturn)expectedCase;
        _cpu.SetX(0, function);
        Assert.Equal(CallOutcome.Stop, _firmware.Call(_cpu, 0));
        Assert.Equal(expected, _cpu.Run().Reason);
    }

    [Fact]
    public void SuspendWaitsAndOffPowersDown()
    {
        _cpu.SetX(0, 0xC400_0001);
        Assert.Equal(CallOutcome.WaitForInterrupt, _firmware.Call(_cpu, 0));
        Assert.Equal(0UL, _cpu.GetX(0));
        _cpu.SetX(0, 0x8400_0002);
        Assert.Equal(CallOutcome.PowerDown, _firmware.Call(_cpu, 0));
    }

    public void Dispose() => _cpu.Dispose();

    private sealed class NothingThere : IPhysicalBus
    {
        public bool TryRead(ulong physicalAddress, int size, out ulong value)
        {
            value = 0;
            return false;
        }

        public bool TryWrite(ulong physicalAddress, int size, ulong value) => false;
    }
}
