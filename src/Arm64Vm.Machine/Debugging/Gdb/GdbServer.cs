using System.Net;
using System.Net.Sockets;

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
    private readonly Socket _listener;
    private readonly ListenAddress _address;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private int _sessions;

    private GdbServer(MachineTarget target, Socket listener, ListenAddress address)
    {
        _target = target;
        _listener = listener;
        _address = address;
        _serving = ServeAsync();
    }

    /// <summary>Where it listens: with port 0 asked for, the port that the host gave.</summary>
    public EndPoint LocalEndPoint => _listener.LocalEndPoint!;

    /// <summary>Starts to listen.</summary>
    /// <param name="machine">What is debugged.</param>
    /// <param name="address"><c>:PORT</c> (loopback only), <c>HOST:PORT</c> or <c>unix:PATH</c>.</param>
    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="IOException">It cannot be listened on.</exception>
    public static GdbServer Start(VirtualMachine machine, string address)
    {
        ArgumentNullException.ThrowIfNull(machine);
        var where = ListenAddress.Parse(address);
        var listener = where.Listen(backlog: 2);
        try
        {
            return new GdbServer(new MachineTarget(machine), listener, where);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Sends the debugger away and listens no more; the machine goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        // The news of the machine's end is on its way.
        for (var waited = 0; _target.HasEnded && Volatile.Read(ref _sessions) != 0 && waited < LastWords; waited++)
            await Task.Delay(1).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _serving.ConfigureAwait(false);
        if (_address.Path is { } path)
            File.Delete(path);
        _target.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var session = Task.CompletedTask;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var connection = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                if (Interlocked.CompareExchange(ref _sessions, 1, 0) != 0)
                    connection.Dispose();
                else
                    session = Task.Run(() => DebugAsync(connection));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // A connection that went before it was taken, or the end.
            }
        }

        await session.ConfigureAwait(false);
    }

    private async Task DebugAsync(Socket connection)
    {
        if (connection.AddressFamily != AddressFamily.Unix)
            connection.NoDelay = true;
        var stream = new NetworkStream(connection, ownsSocket: true);
        var session = new GdbSession(_target, stream);

        // Also ends what waits for a debugger that does not read.
        await using var registration = _stop.Token.Register(stream.Dispose).ConfigureAwait(false);
        try
        {
            await session.RunAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The debugger is gone, or the machine.
        }

        await stream.DisposeAsync().ConfigureAwait(false);
        try
        {
            if (!session.IsFinished)
                await _target.DetachAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The machine is gone.
        }

        Volatile.Write(ref _sessions, 0);
    }
}
