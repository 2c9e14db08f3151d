using System.Text;
using System.Threading.Channels;

namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>One connection of a debugger: the remote serial protocol, all-stop (GDB manual, "Remote Protocol").</summary>
/// <remarks>
/// One task does everything: it takes, in turn, what came from the debugger and what happened to the target. Of the debugger's bytes one block
/// at most waits. Answers are sent before the next packet is looked at, so a debugger that does not read holds up itself alone.
/// </remarks>
internal sealed partial class GdbSession
{
    private const int BlockSize = 4096;

    /// <summary>SIGINT and SIGTRAP, as GDB numbers them.</summary>
    private const int SignalInterrupt = 2;
    private const int SignalTrap = 5;

    private readonly IDebugTarget _target;
    private readonly Stream _stream;
    private readonly PacketReader _reader = new();
    private readonly Channel<bool> _changes = Channel.CreateUnbounded<bool>(new UnboundedChannelOptions { SingleReader = true });
    private byte[] _lastAnswer = [];
    private bool _acknowledges = true;
    private bool _isOver;

    /// <summary>The debugger waits for a stop.</summary>
    private bool _runs;
    private bool _isPhysical;
    private bool _knowsBreakReasons;

    /// <summary>The processor that packets are about (Hg).</summary>
    private int _current;

    /// <summary>The processor that old forms of continuing are about (Hc); −1: all.</summary>
    private int _continued = -1;

    /// <summary>The one that steps while the target runs; −1: none.</summary>
    private int _stepping = -1;

    public GdbSession(IDebugTarget target, Stream stream)
    {
        _target = target;
        _stream = stream;
    }

    /// <summary>The debugger let the target go, or killed it; false: it vanished.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Stops the target and serves the debugger until it goes.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        void Change(bool isThere) => _changes.Writer.TryWrite(isThere);
        _target.Changed += Change;
        try
        {
            await _target.InterruptAsync().ConfigureAwait(false);
            _target.TakeStop(0, isAsked: true);
            await ServeAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _target.Changed -= Change;
        }
    }

    private async Task ServeAsync(CancellationToken cancellation)
    {
        var block = new byte[BlockSize];
        var reading = _stream.ReadAsync(block, cancellation).AsTask();
        var changing = _changes.Reader.ReadAsync(cancellation).AsTask();
        while (!_isOver)
        {
            if (await Task.WhenAny(changing, reading).ConfigureAwait(false) == changing)
            {
                await FollowAsync(await changing.ConfigureAwait(false)).ConfigureAwait(false);
                changing = _changes.Reader.ReadAsync(cancellation).AsTask();
                continue;
            }

            var length = await reading.ConfigureAwait(false);
            if (length == 0)
                return;
            await TakeAsync(block.AsMemory(0, length)).ConfigureAwait(false);
            reading = _stream.ReadAsync(block, cancellation).AsTask();
        }
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty && !_isOver)
        {
            var kind = Next(ref bytes);
            switch (kind)
            {
                case PacketKind.Packet:
                    if (_acknowledges)
                        await _stream.WriteAsync("+"u8.ToArray()).ConfigureAwait(false);
                    await AnswerAsync(_reader.Data.ToArray()).ConfigureAwait(false);
                    break;
                case PacketKind.Damaged when _acknowledges:
                    await _stream.WriteAsync("-"u8.ToArray()).ConfigureAwait(false);
                    break;
                case PacketKind.Refused when _acknowledges && _lastAnswer.Length > 0:
                    await _stream.WriteAsync(_lastAnswer).ConfigureAwait(false);
                    break;
                case PacketKind.Interrupt when _runs:
                    await _target.InterruptAsync().ConfigureAwait(false);
                    await TellStopAsync(isAsked: true).ConfigureAwait(false);
                    break;
            }
        }
    }

    private PacketKind Next(ref ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        var kind = _reader.Next(ref span);
        bytes = bytes[^span.Length..];
        return kind;
    }

    /// <summary>Something happened to the target.</summary>
    private async Task FollowAsync(bool isThere)
    {
        if (isThere)
        {
            await TellStopAsync(isAsked: false).ConfigureAwait(false);
            return;
        }

        if (_runs)
            await SendAsync("W00").ConfigureAwait(false);
        IsFinished = true;
        _isOver = true;
    }

    /// <summary>Tells the debugger that the target stands, where it waits for that.</summary>
    private async Task TellStopAsync(bool isAsked)
    {
        if (!_runs || _target.TakeStop(_stepping >= 0 ? _stepping : _current, isAsked) is not { } stop)
            return;
        _runs = false;
        _current = stop.Processor;
        await SendAsync(DescribeStop(stop)).ConfigureAwait(false);
    }

    private Task SendAsync(string answer) => SendAsync(Encoding.Latin1.GetBytes(answer));

    /// <summary>Sends a packet; bytes that mean something to the protocol are escaped.</summary>
    private async Task SendAsync(byte[] answer)
    {
        var packet = new List<byte>(answer.Length + 4) { (byte)'$' };
        byte sum = 0;
        foreach (var value in answer)
        {
            if (value is (byte)'$' or (byte)'#' or (byte)'}' or (byte)'*')
            {
                Add((byte)'}');
                Add((byte)(value ^ 0x20));
            }
            else
            {
                Add(value);
            }
        }

        packet.Add((byte)'#');
        packet.AddRange(Encoding.ASCII.GetBytes(Convert.ToHexStringLower([sum])));
        _lastAnswer = [.. packet];
        await _stream.WriteAsync(_lastAnswer).ConfigureAwait(false);

        void Add(byte value)
        {
            packet.Add(value);
            sum += value;
        }
    }
}
