using System.Net;
using System.Net.Sockets;
using Arm64Vm.Cpu;
using Arm64Vm.Devices;

namespace Arm64Vm.Machine.Debugging;

/// <summary>Listens at an address and serves each client on a task of its own; when it is disposed, all of them are sent away.</summary>
/// <typeparam name="TSession">What is known of a client.</typeparam>
internal sealed class ClientListener<TSession> : IAsyncDisposable
    where TSession : class
{
    private readonly ListenAddress _address;
    private readonly Func<NetworkStream, int, TSession?> _admit;
    private readonly Func<TSession, CancellationToken, Task> _serve;
    private readonly Socket _socket;
    private readonly ConnectionAcceptor _acceptor;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<TSession, Task> _sessions = [];
    private Task _accepting = Task.CompletedTask;

    /// <summary>Listens; clients wait until <see cref="Start"/>.</summary>
    /// <param name="address">Where.</param>
    /// <param name="backlog">Clients that may wait.</param>
    /// <param name="admit">Gets a client's stream and how many others there are, alone; null: it is sent away without a word. Does not wait.</param>
    /// <param name="serve">Talks to a client until it goes or all are sent away, with the stream closed or the token cancelled; the stream's exceptions may leave it.</param>
    /// <param name="log">Where failures of the host go.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public ClientListener(ListenAddress address, int backlog, Func<NetworkStream, int, TSession?> admit, Func<TSession, CancellationToken, Task> serve, ILogSink? log)
    {
        (_address, _admit, _serve) = (address, admit, serve);
        _socket = address.Listen(backlog);
        _acceptor = new ConnectionAcceptor(_socket, what =>
        {
            if (log is not null && log.IsEnabled(LogCategories.Host))
                log.Write(LogCategories.Host, $"{address}: no client can be taken: {what}");
        });
    }

    /// <summary>Where it listens: with port 0 asked for, the port that the host gave.</summary>
    public EndPoint LocalEndPoint => _socket.LocalEndPoint!;

    /// <summary>Clients there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _sessions.Count;
        }
    }

    /// <summary>Begins to take clients.</summary>
    public void Start() => _accepting = AcceptAsync();

    /// <summary>Does something to each client, alone. It must not wait.</summary>
    public void ForEach(Action<TSession> act)
    {
        lock (_gate)
        {
            foreach (var session in _sessions.Keys)
                act(session);
        }
    }

    /// <summary>Sends the clients away and listens no more. Once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        Task[] sessions;
        lock (_gate)
            sessions = [.. _sessions.Values];
        await Task.WhenAll(sessions).ConfigureAwait(false);
        if (_address.Path is { } path)
            File.Delete(path);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (await _acceptor.NextAsync(_stop.Token).ConfigureAwait(false) is { } connection)
        {
            try
            {
                if (connection.AddressFamily != AddressFamily.Unix)
                    connection.NoDelay = true;
                Take(new NetworkStream(connection, ownsSocket: true));
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // The client has gone already.
                connection.Dispose();
            }
        }
    }

    private void Take(NetworkStream stream)
    {
        lock (_gate)
        {
            if (_admit(stream, _sessions.Count) is { } session)
            {
                _sessions.Add(session, Task.Run(() => ServeAsync(session, stream)));
                return;
            }
        }

        stream.Dispose();
    }

    private async Task ServeAsync(TSession session, NetworkStream stream)
    {
        try
        {
            // Also ends what waits for a client that does not read.
            await using var registration = _stop.Token.Register(stream.Dispose).ConfigureAwait(false);
            await _serve(session, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client is gone, or has been sent away.
        }

        await stream.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
            _sessions.Remove(session);
    }
}
