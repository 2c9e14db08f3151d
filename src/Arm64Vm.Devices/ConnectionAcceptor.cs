using System.Net.Sockets;

namespace Arm64Vm.Devices;

/// <summary>Takes the connections of a listening socket, one after the other.</summary>
/// <remarks>
/// A connection that has gone before it was taken is passed over. Where the host has nothing left for another one (descriptors, memory), the client goes on waiting,
/// and taking it would fail again at once: so the next attempt comes after a pause, and the first failure is told of, until a connection is taken again.
/// </remarks>
/// <param name="accept">Waits for a connection and takes it.</param>
/// <param name="complain">Gets what the host says when it fails; null: nobody is told.</param>
/// <param name="time">What pauses are measured with; null: the host's clock.</param>
internal sealed class ConnectionAcceptor(Func<CancellationToken, ValueTask<Socket>> accept, Action<string>? complain = null, TimeProvider? time = null)
{
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private bool _hasComplained;

    /// <param name="listener">Listens; disposed by who owns it.</param>
    /// <param name="complain">As above.</param>
    public ConnectionAcceptor(Socket listener, Action<string>? complain = null)
        : this(listener.AcceptAsync, complain)
    {
    }

    /// <summary>The next connection; null when the socket has been closed or it is to stop.</summary>
    public async Task<Socket?> NextAsync(CancellationToken stop = default)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var connection = await accept(stop).ConfigureAwait(false);
                _hasComplained = false;
                return connection;
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // The client has gone.
            }
            catch (SocketException e)
            {
                if (!_hasComplained)
                    complain?.Invoke(e.Message);
                _hasComplained = true;
                await Task.Delay(Pause, time ?? TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }
}
