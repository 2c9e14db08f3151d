using System.Net.Sockets;
using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Tests.Net;

public class NetworkTests
{
    private static readonly byte[] A = [0x52, 0, 0, 0, 0, 1];
    private static readonly byte[] B = [0x52, 0, 0, 0, 0, 2];
    private static readonly byte[] All = [255, 255, 255, 255, 255, 255];

    [Fact]
    public void SwitchLearnsWhoIsWhere()
    {
        var lan = new NetworkSwitch();
        var (a, b, c) = (lan.AddPort(), lan.AddPort(), lan.AddPort());
        Send(a, All, A);
        Assert.Equal((0, 1, 1), (Count(a), Count(b), Count(c)));
        Send(b, A, B);
        Assert.Equal((1, 0, 0), (Count(a), Count(b), Count(c)));
        Send(c, B, [0x52, 0, 0, 0, 0, 3]);
        Assert.Equal((0, 1, 0), (Count(a), Count(b), Count(c)));

        // A port that left takes its addresses with it.
        b.Close();
        Send(a, B, A);
        Assert.Equal(1, Count(c));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SwitchCutsSegmentsForThoseWhoTakeNone(bool takesSegments)
    {
        var lan = new NetworkSwitch();
        var (a, b) = (lan.AddPort(), lan.AddPort());
        b.Accept(checksums: takesSegments, segments4: takesSegments, segments6: false);
        var (header, bytes) = TcpFrames.Make(10_000, 1448, isIp6: false);
        bytes.CopyTo(a.Begin(bytes.Length));
        a.End(header);
        var frames = 0;
        while (b.TryPeek(out var received, out var frame))
        {
            if (takesSegments)
                Assert.Equal((header, bytes.Length), (received, frame.Length));
            else
                TcpFrames.Check(frame.ToArray(), isIp6: false);
            b.Consume();
            frames++;
        }

        Assert.Equal(takesSegments ? 1 : 7, frames);
    }

    [Fact]
    public void SwitchKeepsNoMoreThanItsBound()
    {
        var lan = new NetworkSwitch();
        var (a, b) = (lan.AddPort(), lan.AddPort());
        for (var i = 0; i < 5000; i++)
            Send(a, All, A, 1500);
        Assert.Equal(SwitchPort.MaximumWaiting / 1500, Count(b));
        Send(a, All, A);
        Assert.Equal(1, Count(b));
    }

    [Fact]
    public void StreamCarriesFramesBothWaysUntilOneEndIsGone()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listening = SocketNetworks.Listen(path);
        using var connected = SocketNetworks.Connect(path);
        Send(connected, All, A, 60_000);
        Send(connected, All, B, 14);
        connected.Flush();
        var lengths = new List<int>();
        while (lengths.Count < 2)
        {
            Assert.True(listening.WaitForMore());
            for (; listening.TryPeek(out _, out var frame); listening.Consume())
                lengths.Add(frame.Length);
        }

        Assert.Equal([60_000, 14], lengths);
        Send(listening, A, B, 100);
        listening.Flush();
        Assert.True(connected.WaitForMore());
        Assert.Equal(1, Count(connected));
        connected.Close();
        Assert.False(listening.WaitForMore());
        Assert.False(listening.IsUp);
        Assert.Throws<NetworkException>(() => SocketNetworks.Connect(path + "x"));
    }

    [Fact]
    public void StreamThatMakesNoSenseIsClosed()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listening = SocketNetworks.Listen(path);
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Connect(new UnixDomainSocketEndPoint(path));
        other.Send("GET / HTTP/1.0\r\n\r\n"u8);
        Assert.False(listening.WaitForMore());
        Assert.False(listening.TryPeek(out _, out _));
    }

    private static void Send(INetwork network, byte[] to, byte[] from, int length = 60)
    {
        var frame = network.Begin(length);
        frame.Clear();
        to.CopyTo(frame);
        from.CopyTo(frame[6..]);
        network.End(default);
    }

    private static int Count(INetwork network)
    {
        var count = 0;
        for (; network.TryPeek(out _, out _); count++)
            network.Consume();
        return count;
    }
}
