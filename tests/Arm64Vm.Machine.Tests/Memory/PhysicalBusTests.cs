using Arm64Vm.Cpu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Memory;

public class PhysicalBusTests
{
    [Fact]
    public void FindsTheDeviceOfEveryAddressAndNoOther()
    {
        var bus = new PhysicalBus();
        var devices = Enumerable.Range(0, 20).Select(i => new Recorder((ulong)i)).ToArray();
        foreach (var i in new[] { 7, 3, 19, 0, 12, 1, 18, 5, 2, 4, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17 })
            bus.Map(new Region(0x1000 + (ulong)i * 0x200, 0x100), $"device {i}", devices[i], isThreadSafe: i % 2 == 0);
        for (ulong i = 0; i < 20; i++)
        {
            var at = 0x1000 + i * 0x200;
            Assert.True(bus.TryRead(at + 0xFC, 4, out var value));
            Assert.Equal(i << 32 | 0xFC, value);
            Assert.True(bus.TryWrite(at + 8, 8, 77));
            Assert.Equal((8ul, 8, 77ul), devices[i].LastWrite);
            Assert.False(bus.TryRead(at + 0xFD, 4, out _));
            Assert.False(bus.TryRead(at + 0x100, 1, out value));
            Assert.Equal(0ul, value);
            Assert.False(bus.TryWrite(at - 1, 1, 0));
        }

        Assert.False(bus.TryRead(0, 4, out _));
        Assert.False(bus.TryRead(ulong.MaxValue, 8, out _));
        Assert.False(bus.TryRead(0x1000, 3, out _));
    }

    [Fact]
    public void RefusesOverlapAndWrap()
    {
        var bus = new PhysicalBus();
        bus.Map(new Region(0x1000, 0x1000), "first", new Recorder(1));
        Assert.Throws<ArgumentException>(() => bus.Map(new Region(0x1FFF, 1), "inside", new Recorder(2)));
        Assert.Throws<ArgumentException>(() => bus.Map(new Region(0x0, 0x10000), "around", new Recorder(2)));
        Assert.Throws<ArgumentException>(() => bus.Map(new Region(0x5000, 0), "empty", new Recorder(2)));
        Assert.Throws<ArgumentException>(() => bus.Map(new Region(ulong.MaxValue - 10, 100), "wrapping", new Recorder(2)));
        bus.Map(new Region(0x2000, 0x1000), "adjacent", new Recorder(2));
    }

    [Fact]
    public void LogsWhatNobodyAnswers()
    {
        var log = new Log();
        var bus = new PhysicalBus(log);
        bus.Map(new Region(0x1000, 0x1000), "picky", new Refuser());
        bus.TryRead(0x9000, 4, out _);
        bus.TryWrite(0x1010, 2, 5);
        Assert.Equal(["read of 4 bytes at 0x9000: nothing is there", "write of 2 bytes at 0x1010: refused by picky"], log.Lines);
    }

    [Fact]
    public void LookupsAllocateNothing()
    {
        var bus = new PhysicalBus();
        for (ulong i = 0; i < 40; i++)
            bus.Map(new Region(i * 0x1000, 0x1000), "device", new Recorder(i), isThreadSafe: i % 2 == 0);
        bus.TryRead(0x5000, 4, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong i = 0; i < 40; i++)
        {
            bus.TryRead(i * 0x1000, 4, out _);
            bus.TryWrite(i * 0x1000, 4, i);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private sealed class Recorder(ulong id) : IMmioDevice
    {
        public (ulong Offset, int Size, ulong Value) LastWrite { get; private set; }

        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = id << 32 | offset;
            return true;
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            LastWrite = (offset, size, value);
            return true;
        }
    }

    private sealed class Refuser : IMmioDevice
    {
        public bool TryRead(ulong offset, int size, out ulong value)
        {
            value = 1;
            return false;
        }

        public bool TryWrite(ulong offset, int size, ulong value) => false;
    }

    private sealed class Log : ILogSink
    {
        public List<string> Lines { get; } = [];

        public bool IsEnabled(LogCategories category) => category == LogCategories.Mmio;

        public void Write(LogCategories category, string line) => Lines.Add(line);
    }
}
