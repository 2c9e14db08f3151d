using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Net.User;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>Networks as a stock Linux uses them. Nothing leaves the host: servers listen on its loopback interface.</summary>
public sealed class LinuxNetworkTests : IDisposable
{
    private const int DataSize = 16 << 20;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(VirtioBus.Mmio)]
    [InlineData(VirtioBus.Pci)]
    public async Task UserNetworkBringsAnAddressAndTransfersBothWays(VirtioBus bus)
    {
        var data = RandomNumberGenerator.GetBytes(DataSize);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var serving = ServeAsync(server, data);
        using var server6 = new TcpListener(IPAddress.IPv6Loopback, 0);
        server6.Start();
        _ = GreetAsync(server6);
        var forwarded = FreePort();
        await using var machine = CreateUser($"""
            udhcpc -i eth0 -n -q -f
            ip addr show eth0
            ping -c 1 -W 5 10.0.2.2 && echo PING-OK
            wget -q -O - http://10.0.2.2:{((IPEndPoint)server.LocalEndpoint).Port}/ | sha256sum
            tries=0
            until ip -6 addr show eth0 | grep -q 'fec0::.* global\|fec0::.* site' || [ $tries -gt 20 ]; do sleep 0.5; tries=$((tries + 1)); done
            ip -6 addr show eth0
            sleep 2 | nc {UserNetwork.GatewayAddress6} {((IPEndPoint)server6.LocalEndpoint).Port} | head -c 16
            mkdir -p /tmp/www
            dd if=/dev/urandom of=/tmp/www/up bs=1M count=16 2>/dev/null
            httpd -p 80 -h /tmp/www
            sha256sum /tmp/www/up
            grep virtio /proc/interrupts
            echo SERVING
            read line < /dev/ttyAMA0
            """, forwarded, bus);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("SERVING", GuestFiles.Patience);
        await serving;
        using var client = new HttpClient();
        var got = await client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{forwarded}/up"), TestContext.Current.CancellationToken);
        machine.Console.Type("\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        var text = machine.Console.Text;
        Assert.Contains($"inet {UserNetwork.GuestAddress}/24", text, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(data)), text, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(got)) + "  /tmp/www/up", text, StringComparison.Ordinal);

        // A host without IPv6 has none for its guests.
        if (text.Contains("inet6 fec0::", StringComparison.Ordinal))
            Assert.Contains("HELLO OVER IPV6", text, StringComparison.Ordinal);

        // On PCI each queue has a message of its own.
        Assert.Equal(bus == VirtioBus.Pci, text.Contains("MSI", StringComparison.Ordinal) && text.Contains("-output.0", StringComparison.Ordinal));

        // passt pings for the guest with a socket that hosts may forbid.
        if (MayPing())
            Assert.Contains("PING-OK", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MachinesOfOneProcessReachEachOtherThroughASwitch()
    {
        var lan = new NetworkSwitch();
        await using var one = Create("""
            ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up
            mkdir -p /tmp/www; dd if=/dev/urandom of=/tmp/www/f bs=1M count=8 2>/dev/null
            httpd -p 80 -h /tmp/www
            sha256sum /tmp/www/f; echo SERVING; read line < /dev/ttyAMA0
            """, new SwitchNetworkConfig(lan));
        var first = one.RunAsync(TestContext.Current.CancellationToken);
        await one.WaitForConsoleAsync("SERVING", GuestFiles.Patience);
        await using var other = Create("""
            ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up
            ping -c 2 10.9.0.1 && echo PING-OK
            wget -q -O - http://10.9.0.1/f | sha256sum
            """, new SwitchNetworkConfig(lan) { MacAddress = new([0x52, 0x54, 0, 0, 0, 2]) });
        Assert.Equal(RunEnd.PowerOff, (await other.RunAsync(TestContext.Current.CancellationToken).WaitAsync(GuestFiles.Patience)).End);
        one.Console.Type("\r");
        await first.WaitAsync(GuestFiles.Patience);
        Assert.Contains("PING-OK", other.Console.Text, StringComparison.Ordinal);
        var sum = one.Console.Text.Split('\n').First(line => line.Contains("/tmp/www/f", StringComparison.Ordinal))[..64];
        Assert.Contains(sum + "  -", other.Console.Text, StringComparison.Ordinal);
    }

    /// <summary>Needs what only root has, and skips itself elsewhere.</summary>
    [Fact]
    public async Task TapInterfaceReachesTheHost()
    {
        var name = "a64t" + Random.Shared.Next(100_000);
        var data = RandomNumberGenerator.GetBytes(DataSize);
        VirtualMachine machine;
        try
        {
            machine = Create(
                """
                ip addr add 10.213.7.2/24 dev eth0; ip link set eth0 up
                tries=0
                until ping -c 1 -W 1 10.213.7.1 >/dev/null || [ $tries -gt 60 ]; do tries=$((tries + 1)); done
                wget -q -O - http://10.213.7.1:8713/ | sha256sum
                """,
                new TapNetworkConfig(name));
        }
        catch (NetworkException e)
        {
            Assert.Skip(e.Message);
            throw;
        }

        await using (machine)
        {
            Assert.SkipUnless(Run("ip", "addr", "add", "10.213.7.1/24", "dev", name) && Run("ip", "link", "set", name, "up"), "interfaces cannot be configured");
            using var server = new TcpListener(IPAddress.Parse("10.213.7.1"), 8713);
            server.Start();
            var serving = ServeAsync(server, data);
            Assert.Equal(RunEnd.PowerOff, (await machine.RunAsync(TestContext.Current.CancellationToken).WaitAsync(GuestFiles.Patience)).End);
            await serving;
            Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(data)), machine.Console.Text, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Linux sends from a pair of queues for each processor and gets the answers through the same: with a tap interface because the host's
    /// kernel has queues of its own, with user networking because the device knows the flows. Tap needs what only root has.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EachProcessorHasAPairOfQueues(bool isTap)
    {
        const string Tap = "a64q0";
        var data = RandomNumberGenerator.GetBytes(DataSize);
        using var loopback = new TcpListener(IPAddress.Loopback, 0);
        loopback.Start();
        var (address, port) = isTap ? ("10.213.8.1", 8714) : (UserNetwork.GatewayAddress, ((IPEndPoint)loopback.LocalEndpoint).Port);
        var script = $$"""
            {{(isTap ? "ip addr add 10.213.8.2/24 dev eth0; ip link set eth0 up" : "udhcpc -i eth0 -n -q -f")}}
            tries=0
            until ip neigh | grep -q '{{address}}.*lladdr' || [ $tries -gt 60 ]; do ping -c 1 -W 1 {{address}} >/dev/null; tries=$((tries + 1)); done
            echo RX-QUEUES=$(ls -d /sys/class/net/eth0/queues/rx-* | wc -l)
            for c in 0 1; do taskset -c $c wget -q -O - http://{{address}}:{{port}}/ | sha256sum; done
            for q in input.0 input.1; do awk -v q=$q '$0 ~ "virtio.*-" q { sum += $2 + $3 } END { print q, (sum > 4), sum }' /proc/interrupts; done
            """;
        VirtualMachine machine;
        try
        {
            machine = Create(
                script,
                isTap ? new TapNetworkConfig(Tap) { Queues = 2 } : new UserNetworkConfig { Queues = 2 },
                VirtioBus.Pci,
                change: config => config with { Cpus = 2 });
        }
        catch (NetworkException e)
        {
            Assert.Skip(e.Message);
            throw;
        }

        await using (machine)
        {
            Assert.SkipUnless(!isTap || (Run("ip", "addr", "add", "10.213.8.1/24", "dev", Tap) && Run("ip", "link", "set", Tap, "up")), "interfaces cannot be configured");
            using var server = isTap ? new TcpListener(IPAddress.Parse(address), port) : loopback;
            server.Start();
            var serving = Task.Run(async () =>
            {
                await ServeAsync(server, data);
                await ServeAsync(server, data);
            });
            Assert.Equal(RunEnd.PowerOff, (await machine.RunAsync(TestContext.Current.CancellationToken).WaitAsync(GuestFiles.Patience)).End);
            await serving;
        }

        Assert.Contains("RX-QUEUES=2", machine.Console.Text, StringComparison.Ordinal);
        Assert.Equal(3, machine.Console.Text.Split(Convert.ToHexStringLower(SHA256.HashData(data))).Length);
        foreach (var queue in (ReadOnlySpan<string>)["input.0 1", "input.1 1"])
            Assert.Contains(queue, machine.Console.Text, StringComparison.Ordinal);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(program, arguments);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Each queue has a message, by whatever makes interrupts of them; a driver that may not use messages gets the wires of the pins.</summary>
    [Theory]
    [InlineData(GicVersion.V3, null, "", "ITS-MSI.*virtio", 6)]
    [InlineData(GicVersion.V3, MessageController.V2m, "", " MSI.*virtio", 6)]
    [InlineData(GicVersion.V2, null, "", " MSI.*virtio", 6)]
    [InlineData(GicVersion.V3, null, "pci=nomsi", "Level *virtio", 2)]
    public async Task InterruptsOfPciDevicesReachLinux(GicVersion gic, MessageController? messages, string append, string pattern, int count)
    {
        var lan = new NetworkSwitch();
        await using var machine = Create(
            $"""
            ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up
            ping -c 1 -W 1 10.9.0.2
            grep -c '{pattern}' /proc/interrupts | sed 's/^/INTERRUPTS=/'
            awk '/virtio/ {"{"} sum += $2 + $3 {"}"} END {"{"} print "COUNTED", (sum > 2) {"}"}' /proc/interrupts
            """,
            new SwitchNetworkConfig(lan),
            VirtioBus.Pci,
            append,
            config => config with { Gic = gic, Messages = messages, Cpus = 2 });
        Assert.Equal(RunEnd.PowerOff, (await machine.RunAsync(TestContext.Current.CancellationToken).WaitAsync(GuestFiles.Patience)).End);
        Assert.Contains($"INTERRUPTS={count}", machine.Console.Text, StringComparison.Ordinal);
        Assert.Contains("COUNTED 1", machine.Console.Text, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool MayPing() =>
        File.ReadAllText("/proc/sys/net/ipv4/ping_group_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var low, var high]
        && uint.Parse(low, System.Globalization.CultureInfo.InvariantCulture) <= 0 && uint.Parse(high, System.Globalization.CultureInfo.InvariantCulture) >= 65534;

    private static async Task ServeAsync(TcpListener server, byte[] data)
    {
        using var client = await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        var request = new byte[4096];
        _ = await stream.ReadAsync(request, TestContext.Current.CancellationToken);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 200 OK\r\nContent-Length: {data.Length}\r\n\r\n"), TestContext.Current.CancellationToken);
        await stream.WriteAsync(data, TestContext.Current.CancellationToken);
    }

    private static async Task GreetAsync(TcpListener server)
    {
        using var client = await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync("HELLO OVER IPV6\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    private VirtualMachine CreateUser(string script, int forwarded, VirtioBus bus)
    {
        try
        {
            return Create(script, new UserNetworkConfig { Forwards = [new PortForward(false, IPAddress.Loopback, forwarded, 80)] }, bus);
        }
        catch (NetworkException e) when (e.Message.Contains("apt install", StringComparison.Ordinal))
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    /// <summary>A machine that runs a script in the initial RAM disk.</summary>
    private VirtualMachine Create(string script, NetworkConfig network, VirtioBus bus = VirtioBus.Mmio, string append = "", Func<MachineConfig, MachineConfig>? change = null)
    {
        var disk = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n") + "\n", bytes);
        File.WriteAllBytes(disk, bytes);
        var config = new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1 script=initrd " + append,
            Bus = bus,
            NoReboot = true,
            Disks = [new DiskConfig(disk, DiskMode.ReadOnly)],
            Networks = [network],
        };
        return VirtualMachine.Create(change is null ? config : change(config));
    }
}
