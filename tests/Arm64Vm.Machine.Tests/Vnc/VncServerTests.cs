using Arm64Vm.Devices.Virtio.Input;
using Arm64Vm.Machine.Tests.Machines;
using Arm64Vm.Machine.Vnc;

namespace Arm64Vm.Machine.Tests.Vnc;

public sealed class VncServerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    private string Path => System.IO.Path.Combine(_folder.FullName, "vnc");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(VncClient.Raw)]
    [InlineData(VncClient.Zrle)]
    public async Task AClientSeesWhatTheGuestShows(int encoding)
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        using var client = await VncClient.ConnectAsync(Path, true, encoding, VncClient.DesktopSize);
        Assert.Equal((640, 480), (client.Columns, client.Rows));
        await client.AskAsync(incremental: false);
        await client.UpdateAsync();
        Assert.All(client.Encodings, one => Assert.Equal(encoding, one));
        Assert.Equal(new byte[640 * 480 * 3], client.Picture);

        // It waits until there is something new: a picture of another size, whose contents it then asks for.
        await client.AskAsync(incremental: true);
        await TestMachine.RunAsync(machine);
        await client.UpdateAsync();
        Assert.Equal((2, 1), (client.Columns, client.Rows));
        await client.AskAsync(incremental: true);
        await client.UpdateAsync();
        Assert.Equal([0x40, 0x80, 0xFF, 0, 0, 0], client.Picture);
    }

    [Fact]
    public async Task AClientThatCannotResizeSeesThePictureInACorner()
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        using var client = await VncClient.ConnectAsync(Path, true, VncClient.Zrle);
        await client.AskAsync(incremental: false);
        await client.UpdateAsync();
        await client.AskAsync(incremental: true);
        await TestMachine.RunAsync(machine);
        await client.UpdateAsync();
        Assert.Single(client.Encodings);
        Assert.Equal([0x40, 0x80, 0xFF, 0, 0, 0], client.Picture[..6]);
    }

    [Theory]
    [InlineData("RFB 003.003\n", 4)]
    [InlineData("RFB 003.007\n", 1)]
    public async Task OlderProtocolsAreToldSo(string version, int verdict)
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        Assert.Contains("3.8", await VncClient.RefusedAsync(Path, version, verdict), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneClientTooManyIsToldSo()
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        var clients = new List<VncClient>();
        for (var i = 0; i < VncServer.MostClients; i++)
            clients.Add(await VncClient.ConnectAsync(Path, true, VncClient.Raw));
        Assert.Contains("clients already", await VncClient.RefusedAsync(Path, "RFB 003.008\n", 1), StringComparison.Ordinal);
        foreach (var client in clients)
            client.Dispose();
    }

    [Fact]
    public async Task AClientThatWantsTheDisplayForItselfHasIt()
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        using var first = await VncClient.ConnectAsync(Path, true, VncClient.Raw);
        using var second = await VncClient.ConnectAsync(Path, false, VncClient.Raw);
        Assert.True(await first.IsClosedAsync());
        await second.AskAsync(incremental: false);
        await second.UpdateAsync();
    }

    [Theory]
    [InlineData(new byte[] { 99 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 8, 8, 0, 0, 0, 7, 0, 7, 0, 3, 0, 3, 6, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 32, 24, 0, 1, 0, 254, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 60, 8, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 0xFF, 0xFF })]
    [InlineData(new byte[] { 6, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF })]
    public async Task NonsenseEndsTheConnection(byte[] message)
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        using var client = await VncClient.ConnectAsync(Path, true, VncClient.Raw);
        await client.SendAsync(message);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task WhatIsTypedAndPointedAtReachesTheGuestsDevices()
    {
        await using var machine = Make();
        await using var server = VncServer.Start(machine, "unix:" + Path);
        using var arrived = new SemaphoreSlim(0);
        machine.Keyboard.SetHandler(() => arrived.Release());
        machine.Pointer.SetHandler(() => arrived.Release());
        var client = await VncClient.ConnectAsync(Path, true, VncClient.Raw);
        await client.KeyAsync('A', pressed: true);
        await client.KeyAsync(0x1234_5678, pressed: true);
        Assert.True(await arrived.WaitAsync(TestMachine.Patience));
        Assert.Equal([InputEvent.Key(30, isPressed: true), default], Drain(machine.Keyboard));
        await client.PointAsync(1, 639, 0);
        Assert.True(await arrived.WaitAsync(TestMachine.Patience));
        Assert.Equal([new(3, 0, 0x7FFF), new(3, 1, 0), InputEvent.Key(0x110, isPressed: true), default], Drain(machine.Pointer));

        // Nothing stays pressed when a client goes.
        client.Dispose();
        Assert.True(await arrived.WaitAsync(TestMachine.Patience));
        Assert.True(await arrived.WaitAsync(TestMachine.Patience));
        Assert.Equal([InputEvent.Key(30, isPressed: false), default], Drain(machine.Keyboard));
        Assert.Equal([InputEvent.Key(0x110, isPressed: false), default], Drain(machine.Pointer));
    }

    [Theory]
    [InlineData(":1", "127.0.0.1:5901")]
    [InlineData("localhost:0", "127.0.0.1:5900")]
    [InlineData("[::1]:2", "[::1]:5902")]
    [InlineData("unix:/tmp/v", "unix:/tmp/v")]
    public void AddressesOfDisplaysArePorts(string address, string expected) => Assert.Equal(expected, VncServer.Parse(address).ToString());

    [Theory]
    [InlineData("1")]
    [InlineData(":-1")]
    [InlineData(":60000")]
    [InlineData("0.0.0.0:1")]
    [InlineData("example.org:1")]
    public void WhatOthersCouldReachIsRefused(string address) => Assert.Throws<FormatException>(() => VncServer.Parse(address));

    [Theory]
    [InlineData('a', 30)]
    [InlineData('?', 53)]
    [InlineData('~', 41)]
    [InlineData(' ', 57)]
    [InlineData(0xFF0D, 28)]
    [InlineData(0xFFBE, 59)]
    [InlineData(0xFFC9, 88)]
    [InlineData(0xFFE1, 42)]
    public void KeysAreThoseOfAPc(int symbol, int code) => Assert.Equal((ushort)code, KeySymbols.Find((uint)symbol));

    private static VirtualMachine Make() =>
        VirtualMachine.Create(TestMachine.Config(new TestProgram().Show().PowerOff()) with { HasDisplay = true, HasInput = true });

    private static List<InputEvent> Drain(InputQueue queue)
    {
        var events = new List<InputEvent>();
        while (queue.TryTake(out var next))
            events.Add(next);
        return events;
    }
}
