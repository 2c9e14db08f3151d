using System.Net.Sockets;
using System.Threading.Channels;

namespace Arm64Vm.Devices.Tests;

/// <summary>Connections are taken until the end; a host that has nothing left for them is not asked without a pause.</summary>
public sealed class ConnectionAcceptorTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Socket _connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly PausedTime _time = new();
    private readonly List<string> _complaints = [];
    private readonly CancellationTokenSource _stop = new();
    private int _attempts;

    public void Dispose()
    {
        _connection.Dispose();
        _stop.Dispose();
    }

    [Theory]
    [InlineData(SocketError.TooManyOpenSockets)]
    [InlineData(SocketError.NoBufferSpaceAvailable)]
    [InlineData(SocketError.SocketError)] // errors of the host without a name, such as ENOMEM
    public async Task AHostWithNothingLeftIsAskedAgainAfterAPauseAndToldOfOnce(SocketError error)
    {
        var acceptor = Failing(error, error, error);
        var next = acceptor.NextAsync(_stop.Token);
        for (var pauses = 1; pauses <= 3; pauses++)
        {
            var end = await _time.NextAsync().WaitAsync(s_patience);
            Assert.Equal((pauses, false), (_attempts, next.IsCompleted));
            end();
        }

        Assert.Same(_connection, await next.WaitAsync(s_patience));
        Assert.Single(_complaints);
    }

    [Fact]
    public async Task ALaterFailureIsToldOfAgain()
    {
        var acceptor = Failing(SocketError.TooManyOpenSockets, SocketError.Success, SocketError.TooManyOpenSockets);
        for (var round = 1; round <= 2; round++)
        {
            var next = acceptor.NextAsync(_stop.Token);
            (await _time.NextAsync().WaitAsync(s_patience))();
            Assert.NotNull(await next.WaitAsync(s_patience));
            Assert.Equal(round, _complaints.Count);
        }
    }

    [Fact]
    public async Task TheEndDoesNotWaitForAPause()
    {
        var next = Failing(SocketError.TooManyOpenSockets).NextAsync(_stop.Token);
        await _time.NextAsync().WaitAsync(s_patience);
        await _stop.CancelAsync();
        Assert.Null(await next.WaitAsync(s_patience));
        Assert.Equal(1, _attempts);
    }

    [Fact]
    public async Task AClientThatHasGoneIsPassedOver()
    {
        Assert.Same(_connection, await Failing(SocketError.ConnectionAborted, SocketError.ConnectionReset).NextAsync(_stop.Token).WaitAsync(s_patience));
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task AListenerThatIsClosedHasNoMore()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        listener.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            listener.Listen(1);
            var acceptor = new ConnectionAcceptor(listener, _complaints.Add);
            using (var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                await client.ConnectAsync(new UnixDomainSocketEndPoint(path));
                using var taken = await acceptor.NextAsync().WaitAsync(s_patience);
                Assert.NotNull(taken);
            }

            var next = acceptor.NextAsync();
            listener.Dispose();
            Assert.Null(await next.WaitAsync(s_patience));
            Assert.Null(await acceptor.NextAsync().WaitAsync(s_patience));
            Assert.Empty(_complaints);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Attempts that fail one after the other (success: one that does not), and then succeed.</summary>
    private ConnectionAcceptor Failing(params SocketError[] errors) => new(
        _ => _attempts++ < errors.Length && errors[_attempts - 1] is not SocketError.Success and var error
            ? ValueTask.FromException<Socket>(new SocketException((int)error))
            : ValueTask.FromResult(_connection),
        _complaints.Add,
        _time);

    /// <summary>Pauses end when the test says so.</summary>
    private sealed class PausedTime : TimeProvider
    {
        private readonly Channel<Action> _pauses = Channel.CreateUnbounded<Action>();

        /// <summary>Waits for the next pause to begin; what ends it.</summary>
        public Task<Action> NextAsync() => _pauses.Reader.ReadAsync().AsTask();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(ConnectionAcceptor.Pause, dueTime);
            _pauses.Writer.TryWrite(() => callback(state));
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
