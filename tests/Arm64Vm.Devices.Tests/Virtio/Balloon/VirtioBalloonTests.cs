using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Balloon;

namespace Arm64Vm.Devices.Tests.Virtio.Balloon;

public sealed class VirtioBalloonTests
{
    private const ulong Target = 0x100;
    private const ulong Actual = 0x104;
    private readonly TestDriver _driver;
    private VirtioBalloon _balloon = null!;

    public VirtioBalloonTests() =>
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _balloon = new VirtioBalloon(memory, target: 7)), 1 << 5);

    [Fact]
    public void PagesInTheBalloonGoBackToTheHostInRuns()
    {
        const uint First = (uint)(TestMemory.Base >> 12);
        uint[] pages = [First + 8, First + 9, First + 10, First + 40, First + 39, First + 100];
        _driver.Submit(0, [[.. pages.SelectMany(BitConverter.GetBytes)]]);
        _driver.Notify(0);
        Assert.Equal(1, _driver.Used(0));
        Assert.Equal(
            [(TestMemory.Base + 0x8000, 0x3000ul), (TestMemory.Base + 0x2_7000, 0x2000ul), (TestMemory.Base + 0x6_4000, 0x1000ul)],
            _driver.Memory.Discards);
    }

    [Fact]
    public void TakingPagesOutNeedsNothing()
    {
        _driver.Submit(1, [BitConverter.GetBytes((uint)(TestMemory.Base >> 12))]);
        _driver.Notify(1);
        Assert.Equal(1, _driver.Used(1));
        Assert.Empty(_driver.Memory.Discards);
    }

    [Fact]
    public void FreePagesThatAreReportedGoBackToTheHost()
    {
        var buffers = _driver.Submit(2, [], 8192, 4096);
        _driver.Notify(2);
        Assert.Equal(1, _driver.Used(2));
        Assert.Equal([(buffers[0], 8192ul), (buffers[1], 4096ul)], _driver.Memory.Discards);
    }

    [Fact]
    public void TheHostChangesItsWishAndTheDriverSaysWhatItGave()
    {
        Assert.Equal(7u, _driver.Transport.Read(Target));
        var generation = _driver.Transport.Read(0xFC);
        _balloon.Target = 1000;
        Assert.Equal(1000u, _driver.Transport.Read(Target));
        Assert.Equal(2u, _driver.Transport.Read(0x60) & 2);
        Assert.True(_driver.Line.Level);
        Assert.NotEqual(generation, _driver.Transport.Read(0xFC));
        _driver.Transport.Write(Actual, 999);
        Assert.Equal(999u, _balloon.Actual);

        // The wish is the host's, so a driver cannot change it, and a reset does not.
        _driver.Transport.Write(Target, 1);
        _driver.Transport.Write(0x70, 0);
        Assert.Equal((1000u, 0u), (_balloon.Target, _balloon.Actual));
        _balloon.Target = 2000;
        Assert.Equal(2000u, _driver.Transport.Read(Target));
    }

    [Fact]
    public void ARequestIsBounded()
    {
        // Far more pages than any driver gives at once, each apart from the others.
        const uint First = (uint)(TestMemory.Base >> 12);
        var pages = Enumerable.Range(0, 20_000).Select(i => First + (uint)(i * 7 % 250)).ToArray();
        _driver.Submit(0, [[.. pages.SelectMany(BitConverter.GetBytes)]]);
        _driver.Notify(0);
        Assert.Equal(1, _driver.Used(0));
        Assert.InRange(_driver.Memory.Discards.Count, 1, 4096);
    }

    [Fact]
    public void StateSurvivesSaveAndRestore()
    {
        _driver.Transport.Write(Actual, 5);
        var (transportState, state) = (_driver.Transport.Save(), _balloon.Save());
        var other = new VirtioBalloon(_driver.Memory);
        var transport = new VirtioMmioTransport(new TestLine(), _driver.Memory, other);
        transport.Restore(transportState);
        other.Restore(state);
        Assert.Equal((7u, 5u), (transport.Read(Target), transport.Read(Actual)));
        var buffers = _driver.Submit(2, [], 4096);
        transport.Write(0x50, 2);
        Assert.Equal([(buffers[0], 4096ul)], _driver.Memory.Discards);
    }
}
