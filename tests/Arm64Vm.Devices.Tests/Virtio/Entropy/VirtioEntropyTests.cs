using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Entropy;

namespace Arm64Vm.Devices.Tests.Virtio.Entropy;

public class VirtioEntropyTests
{
    [Fact]
    public void FillsEveryBufferOfARequest()
    {
        byte next = 0;
        var driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, new VirtioEntropy(span =>
        {
            foreach (ref var value in span)
                value = next++;
        })));
        var buffers = driver.Submit(0, [], 10, 5000);
        driver.Notify(0);
        Assert.Equal(5010u, driver.LastLength(0));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], driver.Memory.At(buffers[0], 10).ToArray());
        Assert.Equal((byte)(5009 & 0xFF), driver.Memory.At(buffers[1] + 4999, 1)[0]);
        Assert.True(driver.Line.Level);
    }
}
