namespace Arm64Vm.Devices.Uart;

/// <summary>Sends guest output to a stream (terminal, file, socket) from a thread of its own.</summary>
/// <remarks>
/// The guest writes byte by byte, so a write only stores into a buffer; the thread takes what has gathered about once per
/// millisecond. A stream that does not drain stops the guest's writes once the buffer is full, and <see cref="Dispose"/> frees them.
/// </remarks>
public sealed class StreamCharacterBackend : ICharacterBackend, IDisposable
{
    private const int BufferSize = 64 * 1024;
    private const int GatherMilliseconds = 1;

    private readonly object _gate = new();
    private readonly Stream _output;
    private readonly Thread _thread;
    private byte[] _filling = new byte[BufferSize];
    private byte[] _draining = new byte[BufferSize];
    private int _filled;
    private bool _writing;
    private bool _closed;

    /// <param name="output">Written and flushed by the thread only; not disposed here. After an error it gets nothing more.</param>
    public StreamCharacterBackend(Stream output)
    {
        _output = output;
        _thread = new Thread(Drain) { IsBackground = true, Name = "arm64vm-console" };
        _thread.Start();
    }

    /// <summary>Where the host puts what was typed.</summary>
    public CharacterInputQueue Input { get; } = new();

    /// <inheritdoc/>
    public void Write(byte value)
    {
        lock (_gate)
        {
            while (_filled == BufferSize && !_closed)
                Monitor.Wait(_gate);
            if (_closed)
                return;
            _filling[_filled++] = value;
            if (_filled == 1)
                Monitor.PulseAll(_gate);
        }
    }

    /// <inheritdoc/>
    public bool TryRead(out byte value) => Input.TryRead(out value);

    /// <inheritdoc/>
    public void SetInputHandler(Action? inputAvailable) => Input.SetInputHandler(inputAvailable);

    /// <summary>Waits until everything written so far has reached the stream, or the time is over.</summary>
    /// <returns>False when the stream did not take it in time.</returns>
    public bool Flush(TimeSpan timeout)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (_gate)
        {
            while ((_filled > 0 || _writing) && !_closed)
            {
                var left = end - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_gate, (int)Math.Min(left, int.MaxValue)))
                    return _filled == 0 && !_writing;
            }

            return true;
        }
    }

    /// <summary>Sends what is buffered, waiting at most a second for the stream, and ends the thread.</summary>
    public void Dispose()
    {
        Flush(TimeSpan.FromSeconds(1));
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join(TimeSpan.FromSeconds(1));
    }

    private void Drain()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_filled == 0 && !_closed)
                    Monitor.Wait(_gate);
                if (_closed)
                    return;
                _writing = true;
            }

            Thread.Sleep(GatherMilliseconds);
            int length;
            lock (_gate)
            {
                (_filling, _draining) = (_draining, _filling);
                length = _filled;
                _filled = 0;
                Monitor.PulseAll(_gate);
            }

            var failed = false;
            try
            {
                _output.Write(_draining, 0, length);
                _output.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                failed = true;
            }

            lock (_gate)
            {
                _writing = false;
                _closed |= failed;
                Monitor.PulseAll(_gate);
            }
        }
    }
}
