using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>iperf3 as a server on the host's loopback interface.</summary>
internal sealed class NetworkServer : IDisposable
{
    private readonly Process _process;

    private NetworkServer(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts it; null where it is not installed.</summary>
    public static NetworkServer? TryStart()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        try
        {
            var info = new ProcessStartInfo("iperf3", ["--server", "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            var process = Process.Start(info)!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return new NetworkServer(process, port);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
