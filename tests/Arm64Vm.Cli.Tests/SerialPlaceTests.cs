using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Cli.Serial;
using Arm64Vm.Machine.Tests.Machines;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Cli.Tests;

/// <summary>Consoles on terminals and sockets: who comes gets what is printed and types, and can go.</summary>
public sealed partial class SerialPlaceTests : IDisposable
{
    private readonly TemporaryFile _echo = new(new TestProgram().Print("up").EchoUntil('.').PowerOff().ToElf());
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _echo.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AServerWaitsForItsFirstClientAndTakesOthersLater()
    {
        var cli = Boot("--serial", "tcp::0,server");
        var address = IPEndPoint.Parse(await cli.WordBehind("waits for a client at "));
        Assert.True(IPAddress.IsLoopback(address.Address));
        using (var first = await Connect(address))
        {
            Expect(first, "up");
            Type(first, "ab");
            Expect(first, "ab");
        }

        using var second = await Connect(address);
        Type(second, "c");
        Expect(second, "c");
        Type(second, ".");
        await cli.ExpectStatus(0);
    }

    [Fact]
    public async Task OneConsoleGoesToSeveralPlacesAndSeveralConsolesToTheirOwn()
    {
        var (socket, log) = (Path.Combine(_folder.Path, "s1"), Path.Combine(_folder.Path, "log"));
        var cli = Boot("--serial", $"unix:{socket},server", "--serial", $"file:{log}", "--serial2", "pty", "--virtio-console", "tcp:127.0.0.1:0,server,nowait");
        Assert.StartsWith("/dev/pts/", await cli.WordBehind("char device redirected to "), StringComparison.Ordinal);
        Assert.Contains("(label serial1)", cli.Messages, StringComparison.Ordinal);
        await cli.WordBehind("waits for a client at ");
        await cli.WordBehind("--virtio-console: clients may connect to ");
        using (var client = await Connect(new UnixDomainSocketEndPoint(socket)))
        {
            Expect(client, "up");
            Type(client, "xyz.");
            await cli.ExpectStatus(0);
            Expect(client, "xyz");
        }

        Assert.Equal("upxyz", (await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken))[..5]);
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public async Task ATerminalCanBeOpenedAgain()
    {
        var cli = Boot("--serial", "pty");
        var name = await cli.WordBehind("char device redirected to ");
        using (var terminal = OpenTerminal(name))
        {
            Type(terminal, "ab\n");

            // Whether the greeting is seen as well depends on who was first.
            ExpectAtLast(terminal, "ab\n");
        }

        using var again = OpenTerminal(name);
        Type(again, "c");
        Expect(again, "c");
        Type(again, ".");
        await cli.ExpectStatus(0);
    }

    [Fact]
    public async Task AClientConnectsAgainWhenItIsCutOff()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        var cli = Boot("--serial", $"tcp:{listener.LocalEndPoint}");
        using (var first = new NetworkStream(await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(LiveCli.Patience, TestContext.Current.CancellationToken), ownsSocket: true))
            Expect(first, "up");
        using var second = new NetworkStream(await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(LiveCli.Patience, TestContext.Current.CancellationToken), ownsSocket: true);
        Type(second, "d");
        Expect(second, "d");
        Type(second, ".");
        await cli.ExpectStatus(0);
    }

    /// <summary>Four times as much as waits for a client at most.</summary>
    [Fact]
    public async Task AClientThatDoesNotReadDoesNotHoldTheGuestUp()
    {
        const int Count = 4 * OutputQueue.Capacity;
        var program = new TestProgram().Print("up").Set(2, Count);
        program.Set(1, 0x0900_0000).Set(0, 'w');

        // STRB W0, [X1]; SUBS W2, W2, #1; B.NE .-8
        foreach (var instruction in (ReadOnlySpan<uint>)[0x3900_0020, 0x7100_0442, 0x54FF_FFC1])
            program.Add(instruction);
        using var chatter = new TemporaryFile(program.Print("end").PowerOff().ToElf());
        var socket = Path.Combine(_folder.Path, "s2");
        var cli = new LiveCli("boot", "--kernel", chatter.Path, "--memory", "64M", "--serial", $"unix:{socket},server", "--serial", $"file:{socket}.log");
        await cli.WordBehind("waits for a client at ");
        using var client = await Connect(new UnixDomainSocketEndPoint(socket));
        await cli.ExpectStatus(0);
        Assert.Equal(Count + 5, new FileInfo(socket + ".log").Length);
    }

    [Fact]
    public void WhatFindsNoRoomIsLostAndNothingElse()
    {
        using var stuck = new StuckStream();
        using var queue = new OutputQueue(stuck);
        var bytes = Enumerable.Range(0, 3 * OutputQueue.Capacity).Select(i => (byte)(i % 251)).ToArray();
        for (var at = 0; at < bytes.Length; at += 1000)
            queue.Offer(bytes.AsSpan(at, Math.Min(1000, bytes.Length - at)));
        stuck.Release();
        queue.Drain(LiveCli.Patience);
        var written = stuck.ToArray();
        Assert.InRange(written.Length, OutputQueue.Capacity, OutputQueue.Capacity + 4096);
        Assert.True(written.AsSpan().SequenceEqual(bytes.AsSpan(0, written.Length)));
        queue.Offer(bytes.AsSpan(0, 10));
        queue.Drain(LiveCli.Patience);
        Assert.Equal(written.Length + 10, stuck.ToArray().Length);
    }

    [Fact]
    public void ATimeLimitEndsTheWaitForAClient()
    {
        var run = CliRun.Of("boot", "--kernel", _echo.Path, "--memory", "64M", "--serial", "tcp::0,server", "--timeout", "0.3");
        Assert.Equal(ExitStatus.Timeout, run.Status);
    }

    [Fact]
    public void PlacesThatCannotBeHadAreStatus1()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        Refuse($"--serial: 127.0.0.1:{port} cannot be connected to: Connection refused", $"tcp:127.0.0.1:{port}");
        Refuse("--serial: unix:/nonexistent/socket cannot be connected to: there is no such socket", "unix:/nonexistent/socket");
        taken.Listen();
        Refuse($"--serial: 127.0.0.1:{port} cannot be listened on: Address already in use", $"tcp::{port},server");
        Refuse("nowhere.invalid", "tcp:nowhere.invalid:1");
        Refuse("nowhere.invalid", "tcp:nowhere.invalid:1,server");
        Refuse("/nonexistent/s", "unix:/nonexistent/s");
        Refuse("/nonexistent/s", "unix:/nonexistent/s,server");

        // What is no socket is not replaced by one, not even when it is empty.
        using var file = new TemporaryFile([]);
        Refuse("Address already in use", $"unix:{file.Path},server");
        Assert.True(File.Exists(file.Path));

        void Refuse(string message, string place) => CliRun.Of("boot", "--kernel", _echo.Path, "--memory", "64M", "--serial", place).ExpectFailure(1, message);
    }

    private LiveCli Boot(params string[] options) => new(["boot", "--kernel", _echo.Path, "--memory", "64M", .. options]);

    private static async Task<Stream> Connect(EndPoint address)
    {
        var socket = address is IPEndPoint ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static void Type(Stream place, string text) => place.Write(Encoding.ASCII.GetBytes(text));

    private static void Expect(Stream place, string text)
    {
        var bytes = new byte[text.Length];
        var reading = Task.Run(() => place.ReadExactly(bytes));
        Assert.True(reading.Wait(LiveCli.Patience), $"'{text}' does not come; there is '{Encoding.ASCII.GetString(bytes)}'");
        Assert.Equal(text, Encoding.ASCII.GetString(bytes));
    }

    /// <summary>Behind whatever else.</summary>
    private static void ExpectAtLast(Stream place, string text)
    {
        var seen = new StringBuilder();
        var reading = Task.Run(() =>
        {
            for (int next; !seen.ToString().EndsWith(text, StringComparison.Ordinal) && (next = place.ReadByte()) >= 0;)
                seen.Append((char)next);
        });
        Assert.True(reading.Wait(LiveCli.Patience), $"'{text}' does not come");
        Assert.EndsWith(text, seen.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Not as this process's terminal, whose end would be a signal.</summary>
    private static FileStream OpenTerminal(string name)
    {
        const int ReadWriteNoControl = 0x102;
        var handle = new SafeFileHandle(open(name, ReadWriteNoControl), ownsHandle: true);
        Assert.False(handle.IsInvalid);
        return new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
