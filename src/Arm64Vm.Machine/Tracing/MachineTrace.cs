using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tracing;

/// <summary>How a trace is written.</summary>
internal enum TraceFormat
{
    /// <summary>A line of text for each event.</summary>
    Text,

    /// <summary>A JSON object on a line for each event.</summary>
    JsonLines,
}

/// <summary>Addresses, both ends included.</summary>
internal readonly record struct TraceRange(ulong Low, ulong High)
{
    public bool Contains(ulong address) => address >= Low && address <= High;
}

/// <summary>Writes what processors do to a stream, in the order in which it was told.</summary>
/// <remarks>
/// Events go into a bounded ring; a thread of its own makes text of them and writes it. Processors wait while the ring is full, so nothing
/// is lost; a stream that takes nothing for <see cref="Patience"/>, or fails, ends the trace (<see cref="Error"/>), and the machine runs on without.
/// </remarks>
internal sealed class MachineTrace : ITraceSink, IDisposable
{
    /// <summary>Events that wait at most.</summary>
    public const int Capacity = 1 << 14;

    private const int TextBlock = 64 * 1024;

    /// <summary>How long a processor waits for the stream at most.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TraceEvent[] _ring = new TraceEvent[Capacity];
    private readonly Stream _output;
    private readonly TraceFormat _format;
    private readonly TraceRange[] _ranges;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private readonly TimeSpan _patience;
    private long _written;
    private long _taken;
    private bool _isOver;
    private bool _isDone;

    /// <summary>Starts to take events.</summary>
    /// <param name="kinds">What is wanted.</param>
    /// <param name="output">Where to; stays the caller's. It may be opened later, before the machine runs.</param>
    /// <param name="format">How.</param>
    /// <param name="ranges">Only what touches one of these; none: everything.</param>
    /// <param name="patience">Null: <see cref="Patience"/>.</param>
    public MachineTrace(TraceKinds kinds, Stream output, TraceFormat format, IReadOnlyList<TraceRange> ranges, TimeSpan? patience = null)
    {
        (Kinds, _output, _format, _ranges, _patience) = (kinds, output, format, [.. ranges], patience ?? Patience);
        _thread = new Thread(Run) { IsBackground = true, Name = "arm64vm-trace" };
        _thread.Start();
    }

    public TraceKinds Kinds { get; }

    /// <summary>Names devices; null: without names.</summary>
    public PhysicalBus? Devices { get; set; }

    /// <summary>Why the trace is not complete; null: it is.</summary>
    public string? Error { get; private set; }

    public void Write(in TraceEvent happened)
    {
        if (_ranges.Length != 0 && !IsInRange(happened))
            return;
        lock (_gate)
        {
            while (_written - _taken == Capacity && !_isOver)
            {
                if (!Monitor.Wait(_gate, _patience) && _written - _taken == Capacity)
                    Fail($"nothing was taken for {_patience.TotalSeconds:0.#} s");
            }

            if (_isOver)
                return;
            _ring[_written & (Capacity - 1)] = happened;

            // The thread sleeps only when there is nothing.
            if (_written++ == _taken)
                Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until everything told so far is written, or the stream takes nothing any more. Afterwards events are dropped.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            while (!_isOver && !(_isDone && _taken == _written))
            {
                var before = _taken;
                if (!Monitor.Wait(_gate, _patience) && _taken == before && !(_isDone && _taken == _written))
                    Fail($"nothing was taken for {_patience.TotalSeconds:0.#} s");
            }

            _isOver = true;
            Monitor.PulseAll(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join(TimeSpan.FromSeconds(1));
    }

    /// <summary>Interrupts have no address, and are in every range.</summary>
    private bool IsInRange(in TraceEvent happened)
    {
        foreach (var range in _ranges)
        {
            if (happened.Kind switch
            {
                TraceEventKind.Enter => range.Contains(happened.Pc),
                TraceEventKind.Interrupt => true,
                TraceEventKind.Walk or TraceEventKind.Fault or TraceEventKind.Invalidate => range.Contains(happened.Address),
                TraceEventKind.Read or TraceEventKind.Write => range.Contains(happened.Address) || range.Contains(happened.Detail) || range.Contains(happened.Pc),
                _ => range.Contains(happened.Pc) || range.Contains(happened.Address),
            })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Under the lock.</summary>
    private void Fail(string reason)
    {
        Error ??= reason;
        _isOver = true;
        Monitor.PulseAll(_gate);
    }

    private void Run()
    {
        var events = new TraceEvent[1024];
        var text = new StringBuilder();
        while (Take(events) is > 0 and var count)
        {
            for (var i = 0; i < count; i++)
            {
                if (_format == TraceFormat.Text)
                    TraceText.Append(text, events[i], Devices);
                else
                    TraceJson.Append(text, events[i], Devices);
            }

            if (text.Length < TextBlock && HasMore())
                continue;
            try
            {
                _output.Write(Encoding.UTF8.GetBytes(text.ToString()));
                _output.Flush();
            }
            catch (Exception e)
            {
                // Whatever a stream throws: nobody else could catch it on this thread.
                lock (_gate)
                    Fail(e.Message.ReplaceLineEndings(" "));
                return;
            }

            text.Clear();
        }
    }

    private bool HasMore()
    {
        lock (_gate)
            return _written != _taken;
    }

    /// <summary>Waits for events; 0: there will be none. What was taken before has been written, or waits for more.</summary>
    private int Take(TraceEvent[] events)
    {
        lock (_gate)
        {
            _isDone = _written == _taken;
            if (_isDone)
                Monitor.PulseAll(_gate);
            while (_written == _taken && !_isOver)
                Monitor.Wait(_gate);
            if (_isOver)
                return 0;
            _isDone = false;
            var count = (int)Math.Min(events.Length, _written - _taken);
            for (var i = 0; i < count; i++)
                events[i] = _ring[(_taken + i) & (Capacity - 1)];
            _taken += count;
            Monitor.PulseAll(_gate);
            return count;
        }
    }
}
