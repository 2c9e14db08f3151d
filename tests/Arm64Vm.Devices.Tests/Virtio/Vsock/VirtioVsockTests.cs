using System.Net.Sockets;
using System.Text;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Vsock;

namespace Arm64Vm.Devices.Tests.Virtio.Vsock;

/// <summary>Connections both ways, credit, and what is refused, packet by packet (virtio 1.2, 5.10.6).</summary>
public sealed class VirtioVsockTests : IDisposable
{
    private const uint GuestPort = 4000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");
    private readonly VsockHost _host;
    private readonly VirtioVsock _device;
    private readonly TestDriver _driver;
    private readonly Queue<ulong> _buffers = new();
    private int _seen;

    public VirtioVsockTests()
    {
        _host = new VsockHost(PathOf("vm"));
        _device = new VirtioVsock(7, _host);
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _device));
        OfferBuffers();
    }

    public void Dispose()
    {
        _driver.Transport.Dispose();
        _host.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void TheGuestReachesWhatListensAndSendsBothWays()
    {
        Assert.Equal(7u, _driver.Transport.Read(0x100));
        using var listener = Listen(1234);
        Send(VsockOperation.Request, 1234);
        var response = Receive(out _);
        Assert.Equal((VsockOperation.Response, 1234u, GuestPort, 2UL, 7UL), (response.Operation, response.SourcePort, response.TargetPort, response.SourceCid, response.TargetCid));
        Assert.Equal((uint)VsockConnection.Room, response.Room);
        using var program = listener.Accept();

        Send(VsockOperation.Data, 1234, "hello"u8.ToArray());
        Assert.Equal("hello", Read(program, 5));
        program.Send("answer"u8);
        var data = Receive(out var bytes);
        Assert.Equal((VsockOperation.Data, "answer"), (data.Operation, Encoding.ASCII.GetString(bytes)));

        // The program goes; then the guest.
        program.Shutdown(SocketShutdown.Send);
        Assert.Equal((VsockOperation.Shutdown, 2u), (Receive(out _) is var end ? end.Operation : 0, end.Flags));
        Send(VsockOperation.Shutdown, 1234, flags: 3);
        Assert.Equal(VsockOperation.Reset, Receive(out _).Operation);
        Assert.Equal("", Read(program, 1));
    }

    [Fact]
    public void TheHostReachesAPortOfTheGuest()
    {
        using var program = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        program.Connect(new UnixDomainSocketEndPoint(PathOf("vm")));
        program.Send("CONNECT 99\nfirst"u8);
        var request = Receive(out _);
        Assert.Equal((VsockOperation.Request, 99u), (request.Operation, request.TargetPort));
        Send(VsockOperation.Response, request.SourcePort, guestPort: 99);
        Assert.Equal($"OK {request.SourcePort}\n", Read(program, $"OK {request.SourcePort}\n".Length));
        Assert.Equal(VsockOperation.Data, Receive(out var bytes).Operation);
        Assert.Equal("first", Encoding.ASCII.GetString(bytes));
        Send(VsockOperation.Reset, request.SourcePort, guestPort: 99);
        Assert.Equal("", Read(program, 1));
    }

    [Theory]
    [InlineData("CONNECT x\n")]
    [InlineData("HELLO 5\n")]
    [InlineData("CONNECT 12345678901234567890123456789012345\n")]
    public void WhatAsksForNoPortIsClosed(string line)
    {
        using var program = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        program.Connect(new UnixDomainSocketEndPoint(PathOf("vm")));
        program.Send(Encoding.ASCII.GetBytes(line));
        program.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
        try
        {
            Assert.Equal(0, program.Receive(new byte[1]));
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode); // closed with bytes unread
        }
    }

    [Fact]
    public void WhereNothingListensAndWhatIsNotThereIsReset()
    {
        Send(VsockOperation.Request, 5);
        Assert.Equal((VsockOperation.Reset, 5u), (Receive(out _) is var one ? one.Operation : 0, one.SourcePort));
        Send(VsockOperation.Data, 6, [1]);
        Assert.Equal(VsockOperation.Reset, Receive(out _).Operation);

        // Only streams; nobody but this guest, and only to the host; a reset is never answered.
        using var listener = Listen(5);
        Send(VsockOperation.Request, 5, type: 2);
        Assert.Equal(VsockOperation.Reset, Receive(out _).Operation);
        Send(VsockOperation.Request, 5, source: 8);
        Send(VsockOperation.Request, 5, target: 9);
        Send(VsockOperation.Reset, 5);
        Send(VsockOperation.Request, 5);
        Assert.Equal(VsockOperation.Response, Receive(out _).Operation);

        // A second request on the same ports ends what was there.
        Send(VsockOperation.Request, 5);
        Assert.Equal(VsockOperation.Reset, Receive(out _).Operation);
    }

    [Fact]
    public void DataGoesAsFarAsTheGuestHasRoom()
    {
        using var listener = Listen(1);
        Send(VsockOperation.Request, 1, room: 4);
        Assert.Equal(VsockOperation.Response, Receive(out _).Operation);
        using var program = listener.Accept();
        program.Send("0123456789"u8);
        Receive(out var first);
        Assert.Equal("0123", Encoding.ASCII.GetString(first));
        Thread.Sleep(100);
        Assert.Equal(_seen, _driver.Used(0));
        Send(VsockOperation.CreditUpdate, 1, room: 4, forwarded: 3);
        Receive(out var second);
        Assert.Equal("456", Encoding.ASCII.GetString(second));
        Send(VsockOperation.CreditRequest, 1, room: 64, forwarded: 7);
        var (answer, rest) = (Receive(out var a), Receive(out var b));
        Assert.Equal([VsockOperation.CreditUpdate, VsockOperation.Data], new[] { answer.Operation, rest.Operation }.Order().Reverse());
        Assert.Equal("789", Encoding.ASCII.GetString(a.Length > 0 ? a : b));
    }

    /// <summary>Credit comes back as the program reads, and the guest that sends beyond it loses the connection.</summary>
    [Fact]
    public void TheGuestIsHeldToItsCredit()
    {
        using var listener = Listen(1);
        Send(VsockOperation.Request, 1);
        Receive(out _);
        using var program = listener.Accept();
        var piece = new byte[16 * 1024];
        VsockPacket last = default;
        var total = 0;
        for (var i = 0; i < 200 && last.Operation != VsockOperation.Reset; i++)
        {
            Send(VsockOperation.Data, 1, piece);
            total += piece.Length;
            if (_driver.Used(0) != _seen)
                last = Receive(out _);
        }

        // The socket's own buffer holds some hundred KiB more.
        Assert.Equal(VsockOperation.Reset, last.Operation);
        Assert.InRange(total, VsockConnection.Room, VsockConnection.Room + (1 << 20));
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private Socket Listen(uint port)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(PathOf($"vm_{port}")));
        listener.Listen(4);
        return listener;
    }

    private void OfferBuffers()
    {
        for (var i = 0; i < 4; i++)
            _buffers.Enqueue(_driver.Submit(0, [], 1024)[0]);
        _driver.Notify(0);
    }

    private void Send(
        VsockOperation operation, uint hostPort, byte[]? data = null, uint guestPort = GuestPort, uint flags = 0, uint room = 1 << 20, uint forwarded = 0, ushort type = 1, ulong source = 7, ulong target = 2)
    {
        var packet = new byte[VsockPacket.Size + (data?.Length ?? 0)];
        new VsockPacket(source, target, guestPort, hostPort, (uint)(data?.Length ?? 0), type, operation, flags, room, forwarded).Write(packet);
        data?.CopyTo(packet, VsockPacket.Size);

        // One buffer for all of them.
        var buffer = TestMemory.Base + 0x8_0000;
        packet.CopyTo(_driver.Memory.At(buffer, packet.Length));
        var used = _driver.Used(1);
        var ring = TestDriver.Rings(1);
        _driver.Memory.Write64(ring, buffer);
        _driver.Memory.Write32(ring + 8, (uint)packet.Length);
        _driver.Memory.Write16(ring + 12, 0);
        var index = _driver.Memory.Read16(ring + 0x402);
        _driver.Memory.Write16(ring + 0x404 + 2ul * (uint)(index % TestDriver.Size), 0);
        _driver.Memory.Write16(ring + 0x402, (ushort)(index + 1));
        _driver.Notify(1);
        Assert.Equal((ushort)(used + 1), _driver.Used(1));
    }

    private VsockPacket Receive(out byte[] data)
    {
        Assert.True(SpinWait.SpinUntil(() => _driver.Used(0) != _seen, s_patience));
        _seen++;
        var buffer = _buffers.Dequeue();
        var packet = VsockPacket.Read(_driver.Memory.At(buffer, VsockPacket.Size));
        data = _driver.Memory.At(buffer + VsockPacket.Size, (int)packet.Length).ToArray();
        if (_buffers.Count == 0)
            OfferBuffers();
        return packet;
    }

    private static string Read(Socket socket, int length)
    {
        socket.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
        var bytes = new byte[length];
        var count = 0;
        while (count < length && socket.Receive(bytes, count, length - count, SocketFlags.None) is var more and > 0)
            count += more;
        return Encoding.ASCII.GetString(bytes, 0, count);
    }
}
