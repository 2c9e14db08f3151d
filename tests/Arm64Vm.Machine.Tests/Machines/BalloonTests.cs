using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

public sealed class BalloonTests
{
    private static readonly ulong s_transport = MemoryMap.VirtioMmio(MemoryMap.VirtioMmioCount - 1).Base;

    [Fact]
    public async Task TheHostAsksAndTheGuestSaysWhatItGave()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()) with { HasBalloon = true });
        Assert.Equal((5ul, 0ul), (Read(machine, 8), Read(machine, 0x100)));
        Assert.Equal(64ul << 20, machine.GuestMemory);
        machine.SetGuestMemory(48 << 20);
        Assert.Equal(4096ul, Read(machine, 0x100));
        Assert.Equal(64ul << 20, machine.GuestMemory);
        Assert.True(machine.Board.Bus.TryWrite(s_transport + 0x104, 4, 1024));
        Assert.Equal(60ul << 20, machine.GuestMemory);

        // More than the machine has, in pages that wrap: it is the guest's word only.
        Assert.True(machine.Board.Bus.TryWrite(s_transport + 0x104, 4, uint.MaxValue));
        Assert.Equal(0ul, machine.GuestMemory);
        Assert.Throws<ArgumentOutOfRangeException>(() => machine.SetGuestMemory((64 << 20) + 1));
    }

    [Fact]
    public async Task WithoutABalloonThereIsNothingToAsk()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()));
        Assert.Throws<InvalidOperationException>(() => machine.SetGuestMemory(1 << 20));
        Assert.Equal(64ul << 20, machine.GuestMemory);
    }

    private static ulong Read(VirtualMachine machine, ulong register)
    {
        Assert.True(machine.Board.Bus.TryRead(s_transport + register, 4, out var value));
        return value;
    }
}
