using System.Net;
using System.Net.Sockets;
using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>Lets GDB debug a machine: its processors as threads, at any level, from the first instruction on.</summary>
/// <remarks>
/// One debugger at a time; a second one is sent away. Connecting stops the machine, as with QEMU. A debugger that vanishes without saying so
/// has its breakpoints removed and leaves the machine running.
/// </remarks>
public sealed class GdbServer : IAsyncDisposable
{
    /// <summary>Milliseconds for them.</summary>
    private const int LastWords = 250;

    private readonly MachineTarget _target;
    private readonly ClientListener<Client> _clients;

    private GdbServer(MachineTarget target, ListenAddress address, ILogSink? log)
    {
        _target = target;
        _clients = new ClientListener<Client>(address, backlog: 2, Admit, DebugAsync, log);
        _clients.Start();
    }

    /// <summary>Where it listens: with port 0 asked for, the port that the host gave.</summary>
    public EndPoint LocalEndPoint => _clients.LocalEndPoint;

    /// <summary>Starts to listen.</summary>
    /// <param name="machine">What is debugged.</param>
    /// <param name="address"><c>:PORT</c> (loopback only), <c>HOST:PORT</c> or <c>unix:PATH</c>.</param>
    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="IOException">It cannot be listened on.</exception>
    public static GdbServer Start(VirtualMachine machine, string address)
    {
        ArgumentNullException.ThrowIfNull(machine);
        var where = ListenAddress.Parse(address);
        var target = new MachineTarget(machine);
        try
        {
            return new GdbServer(target, where, machine.Config.Log);
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    /// <summary>Sends the debugger away and listens no more; the machine goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        // The news of the machine's end is on its way.
        for (var waited = 0; _target.HasEnded && _clients.Count != 0 && waited < LastWords; waited++)
            await Task.Delay(1).ConfigureAwait(false);
        await _clients.DisposeAsync().ConfigureAwait(false);
        _target.Dispose();
    }

    private Client? Admit(NetworkStream stream, int others) => others == 0 ? new Client(new GdbSession(_target, stream), stream) : null;

    private async Task DebugAsync(Client client, CancellationToken stop)
    {
        try
        {
            await client.Session.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            await client.Stream.DisposeAsync().ConfigureAwait(false);
            await LeaveAsync(client.Session).ConfigureAwait(false);
        }
    }

    private async Task LeaveAsync(GdbSession session)
    {
        try
        {
            if (!session.IsFinished)
                await _target.DetachAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The machine is gone.
        }
    }

    private sealed record Client(GdbSession Session, NetworkStream Stream);
}
