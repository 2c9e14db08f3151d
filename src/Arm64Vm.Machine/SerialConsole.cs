using System.Buffers;
using System.Text;
using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Machine;

/// <summary>The host's end of the guest's serial console: keeps the last of what was printed, sends it to a stream, and feeds input.</summary>
/// <remarks>
/// The guest prints byte by byte, so a write only stores into a ring; what has gathered within about a millisecond goes to the stream from a
/// thread of the pool, which a console holds only while it has something to send. When the stream does not drain and the ring is nearly full, the machine's processors
/// stand (<see cref="StallChanged"/>) without holding a thread; a device that writes more before they notice waits. Closing frees both.
/// All members are safe from any thread.
/// </remarks>
public sealed class SerialConsole : ICharacterBackend, IDisposable
{
    /// <summary>How many of the last bytes are kept.</summary>
    public const int HistorySize = 1 << Log2HistorySize;

    private const int Log2HistorySize = 18;
    private const int GatherMilliseconds = 1;

    /// <summary>So much waits for the stream when the processors are to stand; the rest is room for what they print until they notice.</summary>
    private const int StallSize = HistorySize / 4 * 3;
    private const int BlockSize = 16 * 1024;
    private const int FirstSize = 2 * 1024;

    private readonly object _gate = new();

    /// <summary>Grows to <see cref="HistorySize"/> before it is used a second time, so that a quiet console is small; places are the same at every length.</summary>
    private byte[] _ring = new byte[FirstSize];
    private readonly Stream? _output;
    private readonly Timer? _gather;
    private readonly CharacterInputQueue _input = new();
    private readonly TaskCompletionSource _outputFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ConsoleWatch[] _watches = [];
    private long _written;
    private long _taken;
    private long _drained;
    private long _searched;
    private int _waitingCalls;
    private bool _draining;
    private bool _sending;
    private bool _stalled;
    private bool _closed;
    private bool _inputEnded;

    internal SerialConsole(Stream? output)
    {
        _output = output;
        _input.SetRoomHandler(RoomAvailable);
        if (output is null)
            return;
        _gather = new Timer(static console => ((SerialConsole)console!).Drain(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Called with true when more waits for the stream than is good, with false when it has gone. Under no lock of the console; any thread.</summary>
    internal Action<bool>? StallChanged { get; set; }

    /// <summary>Where it is to be found on the host, as QEMU names such places; null: the machine's owner has not said.</summary>
    internal string? Place { get; set; }

    /// <summary>Completes when the stream refuses what is printed, such as a pipe whose reader has gone. The guest runs on.</summary>
    public Task OutputFailed => _outputFailed.Task;

    /// <summary>Why the stream refused what was printed; null: it has not.</summary>
    public Exception? OutputError { get; private set; }

    /// <summary>Bytes printed since the machine was made.</summary>
    public long Length
    {
        get
        {
            lock (_gate)
                return _written;
        }
    }

    /// <summary>The last <see cref="HistorySize"/> bytes printed, as UTF-8.</summary>
    public string Text
    {
        get
        {
            lock (_gate)
                return Encoding.UTF8.GetString(Copy(Math.Max(0, _written - HistorySize), _written));
        }
    }

    /// <summary>The last line printed has not ended.</summary>
    internal bool IsInLine
    {
        get
        {
            lock (_gate)
                return _written > 0 && _ring[(_written - 1) & (HistorySize - 1)] != '\n';
        }
    }

    /// <summary>Copies the last <see cref="HistorySize"/> bytes printed.</summary>
    public byte[] CopyHistory()
    {
        lock (_gate)
            return Copy(Math.Max(0, _written - HistorySize), _written);
    }

    /// <summary>Types <paramref name="input"/>, waiting while the guest does not take it.</summary>
    /// <exception cref="ObjectDisposedException">The machine has ended or is gone, and nobody will take it.</exception>
    public void Type(ReadOnlySpan<byte> input)
    {
        while (true)
        {
            input = input[_input.Feed(input)..];
            if (input.IsEmpty)
                return;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_closed || _inputEnded, this);
                Monitor.Wait(_gate, 100);
            }
        }
    }

    /// <summary>As <see cref="Type(ReadOnlySpan{byte})"/>; false: the machine has ended or is gone.</summary>
    internal bool TryType(ReadOnlySpan<byte> input)
    {
        try
        {
            Type(input);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Types <paramref name="text"/> as UTF-8, without a line end of its own.</summary>
    /// <exception cref="ObjectDisposedException">The machine has ended or is gone, and nobody will take it.</exception>
    public void Type(string text) => Type(Encoding.UTF8.GetBytes(text));

    /// <summary>Completes when the guest has printed <paramref name="text"/>, looking from where the last such wait ended.</summary>
    /// <exception cref="TimeoutException">It was not printed in time; the message has the end of what was.</exception>
    /// <exception cref="ArgumentException">The text is empty or longer than the history.</exception>
    public async Task WaitForAsync(string text, TimeSpan timeout)
    {
        using var watch = Watch(text, fromSearchPosition: true);
        try
        {
            await watch.Seen.WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The console did not show \"{text}\" within {timeout.TotalSeconds:0.###} s. It ended with:\n{Tail(2000)}");
        }

        lock (_gate)
            _searched = Math.Max(_searched, watch.End);
    }

    /// <summary>Looks out for <paramref name="text"/> in what is printed from now on.</summary>
    /// <exception cref="ArgumentException">The text is empty or longer than the history.</exception>
    public ConsoleWatch Watch(string text) => Watch(text, fromSearchPosition: false);

    /// <summary>Waits until everything printed so far has reached the stream, or the time is over.</summary>
    /// <returns>False when the stream did not take it in time.</returns>
    public bool Flush(TimeSpan timeout)
    {
        if (_output is null)
            return true;
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (_gate)
        {
            var target = _written;
            if (_draining && _drained < target)
                _gather!.Change(0, Timeout.Infinite);
            while (_drained < target && !_closed)
            {
                var left = end - Environment.TickCount64;
                if (left <= 0)
                    break;
                Monitor.Wait(_gate, (int)Math.Min(left, int.MaxValue));
            }

            return _drained >= target;
        }
    }

    /// <summary>Sends what is left, waiting at most a second for the stream, and lets a guest that is stuck printing go on.</summary>
    public void Dispose()
    {
        Flush(TimeSpan.FromSeconds(1));
        Close();
        _gather?.Dispose();
    }

    void ICharacterBackend.Write(byte value)
    {
        var stalls = false;
        lock (_gate)
        {
            while (_output is not null && _written - _taken >= HistorySize && !_closed)
                Monitor.Wait(_gate);
            if (_written == _ring.Length && _written < HistorySize)
                Array.Resize(ref _ring, _ring.Length * 2);
            _ring[_written & (HistorySize - 1)] = value;
            _written++;
            foreach (var watch in _watches)
            {
                if (value == watch.LastByte && EndsWith(_written, watch.Text))
                    watch.SetSeen(_written);
            }

            if (_output is null || _closed)
                return;
            if (!_draining)
            {
                _draining = true;
                _gather!.Change(GatherMilliseconds, Timeout.Infinite);
            }

            if (!_stalled && _written - _taken >= StallSize)
                stalls = _stalled = true;
        }

        if (stalls)
            StallChanged?.Invoke(true);
    }

    bool ICharacterBackend.TryRead(out byte value)
    {
        value = 0;
        return Volatile.Read(ref _waitingCalls) == 0 && _input.TryRead(out value);
    }

    void ICharacterBackend.SetInputHandler(Action? inputAvailable) => _input.SetInputHandler(inputAvailable);

    /// <summary>Takes the next byte typed, waiting for one; −1 when the console is closed or <paramref name="isCancelled"/> says so.</summary>
    internal int WaitForInput(Func<bool> isCancelled)
    {
        // Meanwhile the serial device takes nothing: it would be there first.
        Interlocked.Increment(ref _waitingCalls);
        try
        {
            while (true)
            {
                if (_input.TryRead(out var value))
                    return value;
                lock (_gate)
                {
                    if (_closed || isCancelled())
                        return -1;
                    Monitor.Wait(_gate, 10);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waitingCalls);
            _input.NotifyPending();
        }
    }

    /// <summary>Writes several bytes, as semihosting does.</summary>
    internal void Print(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
            ((ICharacterBackend)this).Write(value);
    }

    /// <summary>Nothing goes to the stream any more, and nobody waits for it.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }

        EndStall();
    }

    /// <summary>The machine has ended: nobody waits for it to take input any more.</summary>
    internal void EndInput()
    {
        lock (_gate)
        {
            _inputEnded = true;
            Monitor.PulseAll(_gate);
        }
    }

    internal string DescribeMissing(string text) => $"The machine ended before its console showed \"{text}\". It ended with:\n{Tail(2000)}";

    internal void Remove(ConsoleWatch watch)
    {
        lock (_gate)
            _watches = Array.FindAll(_watches, other => other != watch);
    }

    private ConsoleWatch Watch(string text, bool fromSearchPosition)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length is 0 or > HistorySize)
            throw new ArgumentException("A text to wait for must not be empty, nor longer than what is kept.", nameof(text));
        var watch = new ConsoleWatch(this, bytes);
        lock (_gate)
        {
            if (fromSearchPosition)
            {
                var from = Math.Max(_searched, _written - HistorySize);
                var place = Copy(from, _written).AsSpan().IndexOf(bytes);
                if (place >= 0)
                {
                    watch.SetSeen(from + place + bytes.Length);
                    return watch;
                }

                watch.From = from;
            }
            else
            {
                watch.From = _written;
            }

            _watches = [.. _watches, watch];
        }

        return watch;
    }

    private bool EndsWith(long end, ReadOnlySpan<byte> text)
    {
        if (end < text.Length)
            return false;
        var at = end - text.Length;
        for (var i = 0; i < text.Length; i++)
        {
            if (_ring[(at + i) & (HistorySize - 1)] != text[i])
                return false;
        }

        return true;
    }

    private string Tail(int length)
    {
        lock (_gate)
            return Encoding.UTF8.GetString(Copy(Math.Max(0, _written - length), _written));
    }

    /// <summary>The bytes printed between two positions, of which all are still in the ring.</summary>
    private byte[] Copy(long from, long to)
    {
        var bytes = new byte[to - from];
        var first = (int)(from & (HistorySize - 1));
        var run = Math.Min(bytes.Length, HistorySize - first);
        _ring.AsSpan(first, run).CopyTo(bytes);
        _ring.AsSpan(0, bytes.Length - run).CopyTo(bytes.AsSpan(run));
        return bytes;
    }

    private void RoomAvailable()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private void EndStall()
    {
        lock (_gate)
        {
            if (!_stalled || (_written - _taken >= StallSize && !_closed))
                return;
            _stalled = false;
        }

        StallChanged?.Invoke(false);
    }

    /// <summary>Sends what has gathered. One thread at a time: a flush may have started the timer again meanwhile.</summary>
    private void Drain()
    {
        lock (_gate)
        {
            if (_sending)
                return;
            _sending = true;
        }

        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        while (Take(block) is > 0 and var length)
        {
            EndStall();
            var failed = false;
            try
            {
                _output!.Write(block, 0, length);
                _output.Flush();
            }
            catch (Exception e)
            {
                // Whatever the user's stream throws: nobody else could catch it on this thread.
                failed = true;
                OutputError = e;
                _outputFailed.TrySetResult();
            }

            lock (_gate)
            {
                _drained += length;
                _closed |= failed;
                Monitor.PulseAll(_gate);
            }
        }

        ArrayPool<byte>.Shared.Return(block);
        EndStall();
    }

    /// <summary>Takes a block out of the ring; 0: there is nothing, or nobody wants it, and the next byte starts the timer again.</summary>
    private int Take(byte[] block)
    {
        lock (_gate)
        {
            var length = _closed ? 0 : (int)Math.Min(BlockSize, _written - _taken);
            if (length == 0)
            {
                _draining = false;
                _sending = false;
                return 0;
            }

            for (var done = 0; done < length;)
            {
                var at = (int)((_taken + done) & (HistorySize - 1));
                var run = Math.Min(length - done, HistorySize - at);
                _ring.AsSpan(at, run).CopyTo(block.AsSpan(done));
                done += run;
            }

            _taken += length;
            Monitor.PulseAll(_gate);
            return length;
        }
    }
}
