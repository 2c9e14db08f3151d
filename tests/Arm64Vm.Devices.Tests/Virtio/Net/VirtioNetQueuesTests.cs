using System.Buffers.Binary;
using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Tests.Net;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Net;

namespace Arm64Vm.Devices.Tests.Virtio.Net;

/// <summary>A network device with several pairs of queues: the control queue, and which frames go where.</summary>
public sealed class VirtioNetQueuesTests : IDisposable
{
    private const uint ControlFeature = 1 << 17;
    private const uint PairsFeature = 1 << 22;
    private const uint ControlQueue = 4;
    private static readonly PhysicalAddress s_address = new([0x52, 0x54, 0, 1, 2, 3]);

    private readonly List<TestNetwork> _networks = [];
    private readonly List<NetworkLink> _links = [];
    private VirtioNet? _device;
    private TestDriver? _driver;

    private TestDriver Driver => _driver!;

    public void Dispose()
    {
        _device?.Dispose();
        foreach (var link in _links)
            link.Dispose();
    }

    [Fact]
    public void ItSaysHowManyPairsItHas()
    {
        Start(1);
        Assert.Equal(5, _device!.QueueCount);
        Assert.Equal(ControlFeature | PairsFeature, _device.Features & (ControlFeature | PairsFeature));
        Assert.Equal(2u, Driver.Transport.Read(0x108, 2));
        using var one = new NetworkLink(new TestNetwork(), hasThreads: false);
        using var single = new VirtioNet(one, s_address);
        Assert.Equal((2, 0ul), (single.QueueCount, single.Features & (ControlFeature | PairsFeature)));
    }

    [Theory]
    [InlineData(new byte[] { 4, 0, 1, 0 }, 0)]
    [InlineData(new byte[] { 4, 0, 2, 0 }, 0)]
    [InlineData(new byte[] { 4, 0, 0, 0 }, 1)]
    [InlineData(new byte[] { 4, 0, 3, 0 }, 1)]
    [InlineData(new byte[] { 4, 1, 2, 0 }, 1)]
    [InlineData(new byte[] { 0, 0, 2, 0 }, 1)]
    [InlineData(new byte[] { 4, 0, 2 }, 1)]
    public void CommandsAreAnswered(byte[] command, byte answer)
    {
        Start(1);
        Assert.Equal(answer, Command(command));
        Assert.Equal(1u, Driver.LastLength(ControlQueue));
        Assert.True(Driver.Line.Level);
    }

    [Fact]
    public void TheSecondPairIsUsedOnceTheDriverSaysSo()
    {
        Start(1);
        Send(3, 1000, 2000);
        Assert.Empty(_networks[0].Sent);
        Assert.Equal(0, Command([4, 0, 2, 0]));
        Driver.Notify(3);
        Assert.Single(_networks[0].Sent);
        Driver.Transport.Write(0x70, 0);
        Assert.Equal(new VirtioNetState(1), _device!.Save());
    }

    /// <summary>Without the feature the control queue is the third (5.1.2), and knows no pairs.</summary>
    [Fact]
    public void ADriverOfOnePairFindsTheControlQueueBehindIt()
    {
        Start(1, ControlFeature);
        Assert.Equal(1, Command([4, 0, 2, 0], queue: 2));
        Send(1, 1000, 2000);
        Assert.Single(_networks[0].Sent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAnswerComesThroughThePairOfItsFlow(bool isIp6)
    {
        Start(1);
        Command([4, 0, 2, 0]);
        Driver.Submit(0, [], 500);
        Driver.Submit(2, [], 500);
        Send(1, 1000, 80, isIp6);
        Send(3, 1001, 80, isIp6);
        Receive(0, 80, 1001, isIp6);
        Assert.Equal((0, 1), (Driver.Used(0), Driver.Used(2)));
        Receive(0, 80, 1000, isIp6);
        Assert.Equal((1, 1), (Driver.Used(0), Driver.Used(2)));
    }

    [Fact]
    public void WhereTheDriverGoesBackToOnePairAllFramesComeThroughIt()
    {
        Start(1);
        Command([4, 0, 2, 0]);
        Send(3, 1001, 80);
        Command([4, 0, 1, 0]);
        Driver.Submit(0, [], 500);
        Receive(0, 80, 1001);
        Assert.Equal((1, 0), (Driver.Used(0), Driver.Used(2)));
    }

    /// <summary>As with a tap interface: the host spreads frames over those queues that are in use.</summary>
    [Fact]
    public void QueuesOfTheNetworkHaveAPairEach()
    {
        Start(2);
        Assert.Equal((true, false), (_networks[0].IsInUse, _networks[1].IsInUse));
        Command([4, 0, 2, 0]);
        Assert.True(_networks[1].IsInUse);
        Send(1, 1000, 80);
        Send(3, 1001, 80);
        Assert.Single(_networks[0].Sent);
        Assert.Single(_networks[1].Sent);
        Driver.Submit(0, [], 500);
        Driver.Submit(2, [], 500);
        Receive(1, 80, 1000);
        Assert.Equal((0, 1), (Driver.Used(0), Driver.Used(2)));

        // What the host put into a queue that is not used any more is lost.
        Command([4, 0, 1, 0]);
        Assert.False(_networks[1].IsInUse);
        Receive(1, 80, 1000);
        Assert.Empty(_networks[1].Waiting);
        Assert.Equal((0, 1), (Driver.Used(0), Driver.Used(2)));
        Command([4, 0, 2, 0]);
        Driver.Transport.Write(0x70, 0);
        Assert.Equal((true, false), (_networks[0].IsInUse, _networks[1].IsInUse));
    }

    [Fact]
    public void TheNumberOfPairsOutlivesASave()
    {
        Start(2);
        Command([4, 0, 2, 0]);
        Send(3, 1001, 80, notify: false);
        var (transport, device) = (Driver.Transport.Save(), _device!.Save());
        _device.Dispose();
        _device = new VirtioNet(_links, 2, s_address, 0);
        Driver.Transport = new VirtioMmioTransport(Driver.Line, Driver.Memory, _device);
        Driver.Transport.Restore(transport);
        _device.Restore(device);
        Driver.Submit(2, [], 500);
        Receive(1, 80, 1001);
        Assert.Equal(1, Driver.Used(2));
        Assert.Single(_networks[1].Sent);
    }

    private void Start(int networks, uint features = ControlFeature | PairsFeature)
    {
        for (var i = 0; i < networks; i++)
        {
            _networks.Add(new TestNetwork());
            _links.Add(new NetworkLink(_networks[i], hasThreads: false));
        }

        _device = new VirtioNet(_links, 2, s_address, 0);
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _device), features);
    }

    private byte Command(byte[] command, uint queue = ControlQueue)
    {
        var used = Driver.Used(queue);
        var answer = Driver.Submit(queue, [command], 1)[0];
        Driver.Notify(queue);
        Assert.Equal(used + 1, Driver.Used(queue));
        return Driver.Memory.At(answer, 1)[0];
    }

    private void Send(uint queue, ushort source, ushort destination, bool isIp6 = false, bool notify = true)
    {
        Driver.Submit(queue, [new byte[FrameHeader.Size], Frame(source, destination, isIp6)]);
        if (notify)
            Driver.Notify(queue);
    }

    private void Receive(int network, ushort source, ushort destination, bool isIp6 = false)
    {
        _networks[network].Waiting.Enqueue((default, Frame(source, destination, isIp6)));
        _links[network].Pump();
    }

    private static byte[] Frame(ushort source, ushort destination, bool isIp6)
    {
        var (_, bytes) = TcpFrames.Make(100, 0, isIp6);
        var ports = bytes.AsSpan(14 + (isIp6 ? 40 : 20));
        BinaryPrimitives.WriteUInt16BigEndian(ports, source);
        BinaryPrimitives.WriteUInt16BigEndian(ports[2..], destination);
        return bytes;
    }
}
