using Arm64Vm.Machine.Debugging.Qmp;
using Arm64Vm.Machine.Tests.Guests;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>Disks and networks that come and go through the control socket, and the events of a machine's life.</summary>
public sealed class QmpDeviceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    private string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    [Fact]
    public async Task ADiskIsPluggedInAndAResetTakesItOut()
    {
        File.WriteAllBytes(Path("d.img"), new byte[1 << 20]);
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()) with { HotplugSlots = 1 });
        await using var server = QmpServer.Start(machine, "unix:" + Path("qmp"));
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = await QmpClient.ReadyAsync(Path("qmp"));
        Assert.Contains("'/nonexistent': No such file", await client.RefusalAsync("blockdev-add", """{"driver": "file", "node-name": "f", "filename": "/nonexistent"}"""), StringComparison.Ordinal);
        Assert.Contains("'vmdk'", await client.RefusalAsync("blockdev-add", """{"driver": "vmdk", "node-name": "f"}"""), StringComparison.Ordinal);
        Assert.Contains("'colour' is unexpected", await client.RefusalAsync("blockdev-add", $$"""{"driver": "file", "node-name": "f", "filename": "{{Path("d.img")}}", "colour": 1}"""), StringComparison.Ordinal);
        Assert.Contains("'file' is missing", await client.RefusalAsync("blockdev-add", """{"driver": "raw", "node-name": "f"}"""), StringComparison.Ordinal);
        Assert.Contains("node-name='other'", await client.RefusalAsync("blockdev-add", """{"driver": "raw", "node-name": "f", "file": "other"}"""), StringComparison.Ordinal);
        await client.AskAsync("blockdev-add", $$"""{"driver": "file", "node-name": "f", "filename": "{{Path("d.img")}}"}""");
        await client.AskAsync("blockdev-add", """{"driver": "raw", "node-name": "n", "file": "f", "read-only": true}""");
        Assert.Contains("Duplicate", await client.RefusalAsync("blockdev-add", """{"driver": "raw", "node-name": "n", "file": "f"}"""), StringComparison.Ordinal);

        Assert.Contains("'id' is missing", await client.RefusalAsync("device_add", """{"driver": "virtio-blk-pci", "drive": "n"}"""), StringComparison.Ordinal);
        Assert.Contains("'e1000' is not a valid device model", await client.RefusalAsync("device_add", """{"driver": "e1000", "id": "d"}"""), StringComparison.Ordinal);
        Assert.Contains("can't find value 'x'", await client.RefusalAsync("device_add", """{"driver": "virtio-blk-pci", "id": "d", "drive": "x"}"""), StringComparison.Ordinal);
        await client.AskAsync("device_add", """{"driver": "virtio-blk-pci", "id": "d", "drive": "n", "bus": "rp0"}""");
        Assert.Contains("already", await client.RefusalAsync("device_add", """{"driver": "virtio-blk-pci", "id": "d", "drive": "n"}"""), StringComparison.Ordinal);
        Assert.Contains("slots are taken", await client.RefusalAsync("device_add", """{"driver": "virtio-blk-pci", "id": "e", "drive": "f"}"""), StringComparison.Ordinal);
        var disk = Assert.Single((await client.AskAsync("query-block")).EnumerateArray().ToList());
        Assert.Equal("d", disk.GetProperty("qdev").GetString());
        Assert.True(disk.GetProperty("inserted").GetProperty("ro").GetBoolean());
        Assert.Contains("in use", await client.RefusalAsync("blockdev-del", """{"node-name": "n"}"""), StringComparison.Ordinal);

        Assert.Equal("DeviceNotFound: Device 'x' not found", await client.RefusalAsync("device_del", """{"id": "x"}"""));
        await client.AskAsync("device_del", """{"id": "d"}""");
        await client.SendAsync("""{"execute": "system_reset"}""");
        var deleted = await client.EventAsync("DEVICE_DELETED");
        Assert.Equal("d", deleted.GetProperty("device").GetString());
        Assert.Equal("/machine/peripheral/d", deleted.GetProperty("path").GetString());
        var reset = await client.EventAsync("RESET");
        Assert.False(reset.GetProperty("guest").GetBoolean());
        Assert.Equal("host-qmp-system-reset", reset.GetProperty("reason").GetString());
        await client.AskAsync("blockdev-del", """{"node-name": "n"}""");
        Assert.Contains("node-name='n'", await client.RefusalAsync("blockdev-del", """{"node-name": "n"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANetworkIsPluggedIn()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()) with { HotplugSlots = 1 });
        await using var server = QmpServer.Start(machine, "unix:" + Path("qmp"));
        using var client = await QmpClient.ReadyAsync(Path("qmp"));
        await client.AskAsync("netdev_add", $$"""{"type": "stream", "id": "n", "server": true, "addr": {"type": "unix", "path": "{{Path("cable")}}"} }""");
        await client.AskAsync("netdev_add", """{"type": "user", "id": "u", "hostfwd": [{"str": "tcp:127.0.0.1:2222-:22"}, {"str": "udp::53-10.0.2.15:53"}]}""");
        Assert.Contains("Invalid host forwarding rule 'tcp::2222'", await client.RefusalAsync("netdev_add", """{"type": "user", "id": "v", "hostfwd": [{"str": "tcp::2222"}]}"""), StringComparison.Ordinal);
        Assert.Contains("does not accept value 'vde'", await client.RefusalAsync("netdev_add", """{"type": "vde", "id": "v"}"""), StringComparison.Ordinal);
        Assert.Contains("Duplicate", await client.RefusalAsync("netdev_add", """{"type": "user", "id": "u"}"""), StringComparison.Ordinal);
        Assert.Contains("mac", await client.RefusalAsync("device_add", """{"driver": "virtio-net-pci", "id": "d", "netdev": "n", "mac": "01:00:00:00:00:00"}"""), StringComparison.Ordinal);
        await client.AskAsync("device_add", """{"driver": "virtio-net-pci", "id": "d", "netdev": "n", "mac": "52:54:00:00:00:07"}""");
        Assert.True(File.Exists(Path("cable")));
        Assert.Equal(["d"], machine.PluggedDevices);
        Assert.Contains("in use", await client.RefusalAsync("netdev_del", """{"id": "n"}"""), StringComparison.Ordinal);
        await client.AskAsync("netdev_del", """{"id": "u"}""");
        Assert.StartsWith("GenericError: Device 'u' not found", await client.RefusalAsync("netdev_del", """{"id": "u"}"""), StringComparison.Ordinal);
    }

    /// <summary>A stock kernel's pciehp driver finds the disk, and lets go of it when asked.</summary>
    [Fact]
    public async Task LinuxUsesAndLetsGoOfADisk()
    {
        // The guest stays until it is told to go: one that is switched off as soon as the name is gone may not have switched the slot off yet.
        var script = """
            echo READY
            until [ -b /dev/vdb ]; do sleep 0.1; done
            head -c 5 /dev/vdb; echo
            tries=0
            while [ -b /dev/vdb ]; do
              sleep 0.1
              tries=$((tries + 1))
              [ $tries = 200 ] && dmesg | tail -n 20 && grep -E 'virtio|pcie' /proc/interrupts
            done
            echo GONE
            read line < /dev/ttyAMA0

            """u8;
        var disk = new byte[64 << 10];
        script.CopyTo(disk);
        File.WriteAllBytes(Path("script.img"), disk);
        disk.AsSpan().Clear();
        "HELLO"u8.CopyTo(disk);
        File.WriteAllBytes(Path("data.img"), disk);
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1 script=initrd",
            HotplugSlots = 1,
            NoReboot = true,
            Disks = [new DiskConfig(Path("script.img"), DiskMode.ReadOnly)],
        });
        await using var server = QmpServer.Start(machine, "unix:" + Path("qmp"));
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = await QmpClient.ReadyAsync(Path("qmp"));
        await machine.WaitForConsoleAsync("READY", GuestFiles.Patience);
        await client.AskAsync("blockdev-add", $$"""{"driver": "raw", "node-name": "n", "read-only": true, "file": {"driver": "file", "filename": "{{Path("data.img")}}"} }""");
        await client.AskAsync("device_add", """{"driver": "virtio-blk-pci", "id": "d", "drive": "n"}""");
        await machine.WaitForConsoleAsync("HELLO", GuestFiles.Patience);
        await client.SendAsync("""{"execute": "device_del", "arguments": {"id": "d"}}""");
        Assert.Equal("d", (await client.EventAsync("DEVICE_DELETED", () => machine.Console.Text)).GetProperty("device").GetString());
        await machine.WaitForConsoleAsync("GONE", GuestFiles.Patience);
        machine.Console.Type("off\r");
        Assert.Equal("guest-shutdown", (await client.EventAsync("SHUTDOWN")).GetProperty("reason").GetString());
        await run.WaitAsync(GuestFiles.Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>A network of several queues has them in the guest as well, unless the device says otherwise.</summary>
    [Theory]
    [InlineData("", 2)]
    [InlineData(", \"mq\": true, \"vectors\": 6", 2)]
    [InlineData(", \"mq\": false", 1)]
    public async Task LinuxFindsTheQueuesOfANetwork(string options, int queues)
    {
        var script = """
            echo READY
            until [ -d /sys/class/net/eth0 ]; do sleep 0.1; done
            echo QUEUES $(ls -d /sys/class/net/eth0/queues/rx-* | wc -l) $(ls -d /sys/class/net/eth0/queues/tx-* | wc -l).

            """u8;
        var disk = new byte[64 << 10];
        script.CopyTo(disk);
        File.WriteAllBytes(Path("script.img"), disk);
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1 script=initrd",
            HotplugSlots = 1,
            Cpus = 2,
            NoReboot = true,
            Disks = [new DiskConfig(Path("script.img"), DiskMode.ReadOnly)],
        });
        await using var server = QmpServer.Start(machine, "unix:" + Path("qmp"));
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = await QmpClient.ReadyAsync(Path("qmp"));
        await machine.WaitForConsoleAsync("READY", GuestFiles.Patience);
        Assert.Contains("'queues' is from 1 to", await client.RefusalAsync("netdev_add", """{"type": "user", "id": "n", "queues": 0}"""), StringComparison.Ordinal);
        Assert.Contains("'queues', expected: integer", await client.RefusalAsync("netdev_add", """{"type": "user", "id": "n", "queues": "2"}"""), StringComparison.Ordinal);
        await client.AskAsync("netdev_add", $$"""{"type": "stream", "id": "n", "queues": 2, "server": true, "addr": {"type": "unix", "path": "{{Path("cable")}}"} }""");
        await client.AskAsync("device_add", $$"""{"driver": "virtio-net-pci", "id": "d", "netdev": "n"{{options}}}""");
        await machine.WaitForConsoleAsync($"QUEUES {queues} {queues}.", GuestFiles.Patience);
        await run.WaitAsync(GuestFiles.Patience, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("off", "guest-shutdown", true)]
    [InlineData("reset", "guest-reset", true)]
    [InlineData("quit", "host-qmp-quit", false)]
    [InlineData("stop", "host-signal", false)]
    public async Task AShutdownSaysItsReason(string how, string reason, bool byGuest)
    {
        var program = how switch { "off" => new TestProgram().PowerOff(), "reset" => new TestProgram().Reset(), _ => new TestProgram().Hang() };
        await using var machine = VirtualMachine.Create(TestMachine.Config(program) with { NoReboot = true });
        await using var server = QmpServer.Start(machine, "unix:" + Path("qmp"));
        using var client = await QmpClient.ReadyAsync(Path("qmp"));
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        if (how == "quit")
            await client.SendAsync("""{"execute": "quit"}""");
        if (how == "stop")
            await machine.StopAsync();
        var data = await client.EventAsync("SHUTDOWN");
        Assert.Equal(reason, data.GetProperty("reason").GetString());
        Assert.Equal(byGuest, data.GetProperty("guest").GetBoolean());
    }

    [Fact]
    public async Task AResetByTheGuestSaysSo()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Reset()));
        await using var server = QmpServer.Start(machine, "unix:" + Path("qmp"));
        using var client = await QmpClient.ReadyAsync(Path("qmp"));
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal("guest-reset", (await client.EventAsync("RESET")).GetProperty("reason").GetString());
    }
}
