namespace Arm64Vm.Cli.Serial;

/// <summary>What waits to be written to a stream that may be slow or stuck, up to a bound; a thread of its own writes it. Not the stream's owner.</summary>
internal sealed class OutputQueue : IDisposable
{
    /// <summary>Bytes that wait at most; what comes beyond is lost.</summary>
    public const int Capacity = 1 << 20;

    private const int FirstSize = 4096;
    private readonly Stream _stream;
    private readonly object _gate = new();

    /// <summary>A ring; its length is a power of two.</summary>
    private byte[] _ring = new byte[FirstSize];
    private int _first;
    private int _count;
    private bool _isWriting;
    private bool _isOver;

    public OutputQueue(Stream stream)
    {
        _stream = stream;
        new Thread(Run) { IsBackground = true, Name = "arm64vm-serial-out" }.Start();
    }

    /// <summary>Takes bytes; those that find no room are lost. Never waits.</summary>
    public void Offer(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            bytes = bytes[..Math.Min(bytes.Length, Capacity - _count)];
            if (_isOver || bytes.IsEmpty)
                return;
            if (_count + bytes.Length > _ring.Length)
                Grow(_count + bytes.Length);
            var last = (_first + _count) & (_ring.Length - 1);
            var run = Math.Min(bytes.Length, _ring.Length - last);
            bytes[..run].CopyTo(_ring.AsSpan(last));
            bytes[run..].CopyTo(_ring);
            _count += bytes.Length;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until nothing waits any more, or the time is over.</summary>
    public void Drain(TimeSpan timeout)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        lock (_gate)
        {
            while ((_count > 0 || _isWriting) && !_isOver && end - Environment.TickCount64 is > 0 and var left)
                Monitor.Wait(_gate, (int)left);
        }
    }

    /// <summary>Nothing more is written; a write that is stuck ends with its stream.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        var block = new byte[FirstSize];
        try
        {
            while (Take(block) is > 0 and var length)
                _stream.Write(block, 0, length);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The other side is gone; its reader notices that, too.
            Dispose();
        }
    }

    /// <summary>Waits for bytes; 0: it is over.</summary>
    private int Take(byte[] block)
    {
        lock (_gate)
        {
            _isWriting = false;
            Monitor.PulseAll(_gate);
            while (_count == 0 && !_isOver)
                Monitor.Wait(_gate);
            if (_isOver)
                return 0;
            var length = Math.Min(Math.Min(block.Length, _count), _ring.Length - _first);
            _ring.AsSpan(_first, length).CopyTo(block);
            _first = (_first + length) & (_ring.Length - 1);
            _count -= length;
            _isWriting = true;
            return length;
        }
    }

    private void Grow(int needed)
    {
        var larger = new byte[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed)];
        var run = Math.Min(_count, _ring.Length - _first);
        _ring.AsSpan(_first, run).CopyTo(larger);
        _ring.AsSpan(0, _count - run).CopyTo(larger.AsSpan(run));
        (_ring, _first) = (larger, 0);
    }
}
