using Arm64Vm.Devices.Gic;

namespace Arm64Vm.Devices.Tests.Gic;

public class GicV2mTests
{
    private const ulong Frame = 0x0802_0000;

    [Fact]
    public void MessagesAndWritesOfTheProcessorArePulses()
    {
        var lines = Enumerable.Range(0, 64).Select(_ => new TestLine()).ToArray();
        var frame = new GicV2m(Frame, 80, lines);
        Assert.Equal((80u << 16) | 64, frame.Read(0x008));
        Assert.True(frame.TrySend(Frame + 0x40, 80, 8));
        Assert.True(frame.TrySend(Frame + 0x40, 143, 8));
        Assert.True(frame.TryWrite(0x40, 4, 81));
        Assert.Equal((1, 1, 1), (lines[0].Edges, lines[63].Edges, lines[1].Edges));
        Assert.All(lines, line => Assert.False(line.Level));
    }

    [Fact]
    public void OtherAddressesAndNumbersAreNothing()
    {
        var lines = Enumerable.Range(0, 64).Select(_ => new TestLine()).ToArray();
        var frame = new GicV2m(Frame, 80, lines);
        Assert.False(frame.TrySend(Frame + 0x44, 80, 8));
        foreach (var data in (ReadOnlySpan<uint>)[0, 79, 144, 1023])
            Assert.True(frame.TrySend(Frame + 0x40, data, 8));
        Assert.All(lines, line => Assert.Equal(0, line.Edges));
    }
}
