using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Net.User;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>
/// User networking as users of a Debian system have it: packages from an archive, files over HTTP both ways, SSH through a forwarded port,
/// UDP, IPv6. All servers are on the host's loopback interface; no other network is needed.
/// </summary>
public sealed class DebianNetworkTests : IDisposable
{
    private const int DataSize = 8 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(VirtioBus.Mmio, 1)]
    [InlineData(VirtioBus.Mmio, 4)]
    [InlineData(VirtioBus.Pci, 1)]
    [InlineData(VirtioBus.Pci, 4)]
    public async Task DebianUsesPackagesFilesSshUdpAndIPv6(VirtioBus bus, int cpus)
    {
        var data = RandomNumberGenerator.GetBytes(DataSize);
        using var server = new SmallHttpServer(IPAddress.Loopback);
        server.Files["/data"] = data;
        foreach (var (name, content) in DebianRepository.Make("arm64vm-hello", "#!/bin/sh\necho HELLO FROM A PACKAGE\n"))
            server.Files["/debian/" + name] = content;
        using var server6 = Socket.OSSupportsIPv6 ? new SmallHttpServer(IPAddress.IPv6Loopback) : null;
        if (server6 is not null)
            server6.Files["/data"] = data;
        var (ssh, udp) = (FreePort(SocketType.Stream), FreePort(SocketType.Dgram));
        var publicKey = MakeKey();

        await using var machine = Create(
            $"""
            export DEBIAN_FRONTEND=noninteractive
            printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' > /etc/systemd/network/e.network
            systemctl restart systemd-networkd
            /lib/systemd/systemd-networkd-wait-online --timeout=60 -i $(ls /sys/class/net | grep '^e') -o routable && echo ROUTABLE
            ip -br addr
            echo 'deb [trusted=yes] http://{UserNetwork.GatewayAddress}:{server.Port}/debian ./' > /etc/apt/sources.list
            apt-get update; echo UPDATE=$?
            apt-get install -y arm64vm-hello; echo INSTALL=$?
            arm64vm-hello
            /usr/lib/apt/apt-helper download-file http://{UserNetwork.GatewayAddress}:{server.Port}/data /tmp/data SHA256:{Sum(data)}; echo DOWNLOAD=$?
            head -c {DataSize} /dev/urandom > /tmp/up
            (printf 'PUT /up HTTP/1.1\r\nContent-Length: {DataSize}\r\n\r\n'; cat /tmp/up) | socat -t 60 - TCP:{UserNetwork.GatewayAddress}:{server.Port} | head -1 | tr -d '\r'
            sha256sum /tmp/up
            tries=0
            until ip -6 addr | grep -q {UserNetwork.GuestAddress6} || [ $tries -gt 20 ]; do sleep 0.5; tries=$((tries + 1)); done
            ip -6 addr | grep -c {UserNetwork.GuestAddress6} | sed 's/^/ADDRESS6=/'
            /usr/lib/apt/apt-helper download-file 'http://[{UserNetwork.GatewayAddress6}]:{server6?.Port}/data' /tmp/data6 SHA256:{Sum(data)}; echo DOWNLOAD6=$?
            mkdir -p /root/.ssh; echo '{publicKey}' > /root/.ssh/authorized_keys
            systemctl start ssh && echo SSH STARTED
            socat UDP4-RECVFROM:7,fork EXEC:'tr a-z A-Z' &
            sleep 1
            echo SERVING
            """,
            new UserNetworkConfig { Forwards = [new PortForward(false, IPAddress.Loopback, ssh, 22), new PortForward(true, IPAddress.Loopback, udp, 7)] },
            bus,
            cpus);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("login: ", s_patience);
        await TypeAsync(machine, "root", "Password: ");
        await TypeAsync(machine, "root", "~# ");
        await TypeAsync(machine, "tr -d '\\0' < /dev/vdb > /tmp/run.sh; bash /tmp/run.sh", "\nSERVING");

        var text = machine.Console.Text;
        foreach (var line in (ReadOnlySpan<string>)["ROUTABLE", "UPDATE=0", "INSTALL=0", "HELLO FROM A PACKAGE", "DOWNLOAD=0", "HTTP/1.1 200 OK", "SSH STARTED"])
            Assert.Contains($"\n{line}\r\n", text, StringComparison.Ordinal);
        Assert.Contains($"{UserNetwork.GuestAddress}/24", text, StringComparison.Ordinal);
        Assert.Contains(Sum(server.Files["/up"]) + "  /tmp/up", text, StringComparison.Ordinal);
        if (server6 is not null && text.Contains("ADDRESS6=1", StringComparison.Ordinal))
            Assert.Contains("\nDOWNLOAD6=0\r\n", text, StringComparison.Ordinal);

        Assert.Equal("HELLO OVER UDP", await AskOverUdpAsync(udp, "hello over udp"));

        // A login, with a file in each direction through it.
        var sent = data[..(4 << 20)];
        var (status, output) = await SshAsync(ssh, "nproc; sha256sum; head -c 1000000 /tmp/up", sent);
        Assert.Equal(0, status);
        var head = Encoding.ASCII.GetBytes($"{cpus}\n{Sum(sent)}  -\n");
        Assert.Equal(head, output[..head.Length]);
        Assert.Equal(server.Files["/up"][..1_000_000], output[head.Length..]);

        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
    }

    private static string Sum(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));

    private static int FreePort(SocketType type)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task TypeAsync(VirtualMachine machine, string line, string answer)
    {
        machine.Console.Type(line + "\r");
        await machine.WaitForConsoleAsync(answer, s_patience);
    }

    /// <summary>Datagrams may be lost: it asks again, up to a minute.</summary>
    private static async Task<string?> AskOverUdpAsync(int port, string question)
    {
        using var client = new UdpClient(0, AddressFamily.InterNetwork);
        client.Connect(IPAddress.Loopback, port);
        for (var i = 0; i < 60; i++)
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(question));
            var answer = client.ReceiveAsync();
            if (await Task.WhenAny(answer, Task.Delay(1000)) == answer)
                return Encoding.ASCII.GetString((await answer).Buffer);
        }

        return null;
    }

    private string MakeKey()
    {
        try
        {
            using var process = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", Key]);
            process.WaitForExit();
            return File.ReadAllText(Key + ".pub").Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("ARM64VM_CI") is { Length: > 0 }, "ssh is not installed");
            throw;
        }
    }

    private string Key => Path.Combine(_folder.FullName, "key");

    private async Task<(int Status, byte[] Output)> SshAsync(int port, string command, byte[] input)
    {
        var info = new ProcessStartInfo("ssh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-F", "/dev/null", "-q", "-i", Key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", $"{port}", "root@127.0.0.1", command])
            info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        await reading;
        return (process.ExitCode, output.ToArray());
    }

    private VirtualMachine Create(string script, NetworkConfig network, VirtioBus bus, int cpus)
    {
        var disk = Path.Combine(_folder.FullName, "script.img");
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n") + "\n", bytes);
        File.WriteAllBytes(disk, bytes);
        try
        {
            return VirtualMachine.Create(new MachineConfig
            {
                Kernel = GuestFiles.Find("debian/Image"),
                Initrd = GuestFiles.Find("debian/initrd.img"),
                Append = "console=ttyAMA0 root=/dev/vda rw",
                Bus = bus,
                Cpus = cpus,
                Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot), new DiskConfig(disk, DiskMode.ReadOnly)],
                Networks = [network],
                NoReboot = true,
            });
        }
        catch (NetworkException e) when (e.Message.Contains("apt install", StringComparison.Ordinal))
        {
            Assert.Skip(e.Message);
            throw;
        }
    }
}
