using Arm64Vm.Cpu.Memory;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Memory;

public class FlashBankTests
{
    [Fact]
    public void BankIsMemoryInReadArrayModeAndADeviceOtherwise()
    {
        var bus = new PhysicalBus();
        var memory = new PhysicalMemory(bus);
        using var storage = new FlashStorage(MemoryMap.Flash1);
        storage.Load([1, 2, 3, 4]);
        _ = new FlashBank(storage, memory, bus);
        var seen = new byte[4];
        Assert.True(memory.TryRead(MemoryMap.Flash1.Base, seen));
        Assert.Equal([1, 2, 3, 4], seen);
        Assert.False(memory.TryWrite(MemoryMap.Flash1.Base, seen));

        Assert.True(bus.TryWrite(MemoryMap.Flash1.Base, 4, 0x0040_0040));
        Assert.False(memory.TryRead(MemoryMap.Flash1.Base, seen));
        Assert.True(bus.TryWrite(MemoryMap.Flash1.Base, 4, 0x0000_0003));
        Assert.True(bus.TryRead(MemoryMap.Flash1.Base, 4, out var status));
        Assert.Equal(0x0080_0080ul, status);
        Assert.True(bus.TryWrite(MemoryMap.Flash1.Base, 4, 0x00FF_00FF));
        Assert.True(memory.TryRead(MemoryMap.Flash1.Base, seen));
        Assert.Equal([1, 0, 0, 0], seen);
    }
}
