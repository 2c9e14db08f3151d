using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>vsock as a Debian system uses it, with its own driver and socat.</summary>
public sealed class DebianVsockTests : IDisposable
{
    private const int DataSize = 4 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(VirtioBus.Mmio)]
    [InlineData(VirtioBus.Pci)]
    public async Task StreamsGoBothWays(VirtioBus bus)
    {
        var path = Path.Combine(_folder.FullName, "vm");
        var data = RandomNumberGenerator.GetBytes(DataSize);
        using var source = Listen(path + "_1234");
        using var sink = Listen(path + "_1235");
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("debian/Image"),
            Initrd = GuestFiles.Find("debian/initrd.img"),
            Append = "console=ttyAMA0 root=/dev/vda rw",
            Bus = bus,
            Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot)],
            Vsock = new VsockConfig(path, 42),
            NoReboot = true,
        });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("login: ", s_patience);
        await TypeAsync(machine, "root", "Password: ");
        await TypeAsync(machine, "root", "~# ");

        // The guest connects, gets data, and sends its sum.
        machine.Console.Type("socat -u VSOCK-CONNECT:2:1234 - | sha256sum | socat -u - VSOCK-CONNECT:2:1235; echo SENT''=$?\r");
        using (var first = await source.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience))
        {
            await using var stream = new NetworkStream(first);
            await stream.WriteAsync(data, TestContext.Current.CancellationToken);
        }

        using (var second = await sink.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience))
            Assert.StartsWith(Convert.ToHexStringLower(SHA256.HashData(data)), await ReadAllAsync(second), StringComparison.Ordinal);
        await machine.WaitForConsoleAsync("SENT=0", s_patience);

        // The host connects, sends data, and gets its sum.
        await TypeAsync(machine, "socat VSOCK-LISTEN:99,fork EXEC:sha256sum & sleep 1; echo LISTEN''ING", "LISTENING");
        using (var program = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await program.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
            program.Send("CONNECT 99\n"u8);
            await using var stream = new NetworkStream(program);
            await stream.WriteAsync(data, TestContext.Current.CancellationToken);
            program.Shutdown(SocketShutdown.Send);
            var answer = await ReadAllAsync(program);
            Assert.StartsWith("OK ", answer, StringComparison.Ordinal);
            Assert.Contains("\n" + Convert.ToHexStringLower(SHA256.HashData(data)), answer, StringComparison.Ordinal);
        }

        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
        await machine.DisposeAsync();
        Assert.False(File.Exists(path));
    }

    private static Socket Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(4);
        return listener;
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        var text = new MemoryStream();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience) is var count and > 0)
            text.Write(buffer, 0, count);
        return Encoding.ASCII.GetString(text.ToArray());
    }

    private static async Task TypeAsync(VirtualMachine machine, string line, string answer)
    {
        machine.Console.Type(line + "\r");
        await machine.WaitForConsoleAsync(answer, s_patience);
    }
}
