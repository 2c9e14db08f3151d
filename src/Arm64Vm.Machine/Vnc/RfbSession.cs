using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Machine.Vnc;

/// <summary>One client of a display: the handshake, and what it sends (RFC 6143, 7.1 to 7.5).</summary>
internal sealed class RfbSession : IDisposable
{
    private const int VersionSize = 12;

    /// <summary>Milliseconds until a client must have shaken hands.</summary>
    private const int HandshakeTime = 10_000;
    private const byte SecurityNone = 1;
    private const int MostEncodings = 1024;
    private const uint LongestCutText = 1 << 20;

    // Messages of the client (7.5).
    private const byte SetPixelFormat = 0;
    private const byte SetEncodings = 2;
    private const byte UpdateRequest = 3;
    private const byte KeyEvent = 4;
    private const byte PointerEvent = 5;
    private const byte CutText = 6;

    private readonly VirtualMachine _machine;
    private readonly NetworkStream _stream;
    private readonly string? _refusal;
    private readonly Action<RfbSession> _exclusive;
    private readonly byte[] _message = new byte[Math.Max(32, MostEncodings * sizeof(int))];
    private readonly RfbInput _input;
    private readonly RfbScreen _screen;

    /// <param name="machine">Whose display it is.</param>
    /// <param name="stream">To the client; owned from now on.</param>
    /// <param name="refusal">Why the client is sent away; null: it is not.</param>
    /// <param name="exclusive">Called when the client wants the display for itself.</param>
    public RfbSession(VirtualMachine machine, NetworkStream stream, string? refusal, Action<RfbSession> exclusive)
    {
        (_machine, _stream, _refusal, _exclusive) = (machine, stream, refusal, exclusive);
        _input = new RfbInput(machine.Keyboard, machine.Pointer);
        _screen = new RfbScreen(machine, stream);
    }

    /// <summary>Serves the client until it goes or is sent away.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var sending = Task.CompletedTask;
        try
        {
            if (await ShakeHandsAsync(stop).ConfigureAwait(false))
            {
                sending = Guarded(_screen.SendAsync(end.Token));
                await ListenAsync(stop).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client is gone, or has been sent away.
        }

        await end.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);
        _input.ReleaseAll();
        _screen.Dispose();
    }

    /// <summary>Sends the client away.</summary>
    public void Close() => _stream.Dispose();

    public void Dispose() => Close();

    private static bool IsEnd(Exception e) => e is IOException or OperationCanceledException or ObjectDisposedException or SocketException;

    private async Task Guarded(Task sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Whoever reads for the client then ends as well.
            Close();
        }
    }

    /// <summary>False: the client was sent away.</summary>
    private async Task<bool> ShakeHandsAsync(CancellationToken stop)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timed.CancelAfter(HandshakeTime);
        await _stream.WriteAsync("RFB 003.008\n"u8.ToArray(), timed.Token).ConfigureAwait(false);
        await ReadAsync(VersionSize, timed.Token).ConfigureAwait(false);
        var version = Encoding.ASCII.GetString(_message, 0, VersionSize);
        if (version != "RFB 003.008\n")
        {
            if (version.StartsWith("RFB 003.00", StringComparison.Ordinal))
                await RefuseAsync(version[10] < '7' ? [0, 0, 0, 0] : [0], "only version 3.8 of the protocol is spoken here", timed.Token).ConfigureAwait(false);
            return false;
        }

        if (_refusal is not null)
        {
            await RefuseAsync([0], _refusal, timed.Token).ConfigureAwait(false);
            return false;
        }

        await _stream.WriteAsync(new byte[] { 1, SecurityNone }, timed.Token).ConfigureAwait(false);
        await ReadAsync(1, timed.Token).ConfigureAwait(false);
        if (_message[0] != SecurityNone)
        {
            await RefuseAsync([0, 0, 0, 1], "there is no such kind of security here", timed.Token).ConfigureAwait(false);
            return false;
        }

        await _stream.WriteAsync(new byte[4], timed.Token).ConfigureAwait(false);
        await ReadAsync(1, timed.Token).ConfigureAwait(false);
        if (_message[0] == 0)
            _exclusive(this);
        await _stream.WriteAsync(_screen.Introduce(_machine.Name), timed.Token).ConfigureAwait(false);
        return true;
    }

    /// <summary>Says why (7.1.2, 7.1.3).</summary>
    /// <param name="verdict">No security types, in version 3.3 a number of 32 bits; or a failed result.</param>
    /// <param name="reason">The text behind it.</param>
    /// <param name="stop">Ends the wait for a client that does not read.</param>
    private async Task RefuseAsync(byte[] verdict, string reason, CancellationToken stop)
    {
        var text = Encoding.ASCII.GetBytes(reason);
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
        await _stream.WriteAsync((byte[])[.. verdict, .. length, .. text], stop).ConfigureAwait(false);
    }

    private async Task ListenAsync(CancellationToken stop)
    {
        while (true)
        {
            await ReadAsync(1, stop).ConfigureAwait(false);
            switch (_message[0])
            {
                case SetPixelFormat:
                    await ReadAsync(3 + RfbPixelFormat.Size, stop).ConfigureAwait(false);
                    if (!RfbPixelFormat.TryParse(_message.AsSpan(3, RfbPixelFormat.Size), out var format))
                        return;
                    _screen.Use(format);
                    break;
                case SetEncodings:
                    await ReadAsync(3, stop).ConfigureAwait(false);
                    var count = BinaryPrimitives.ReadUInt16BigEndian(_message.AsSpan(1));
                    if (count > MostEncodings)
                        return;
                    await ReadAsync(count * sizeof(int), stop).ConfigureAwait(false);
                    _screen.Use(Encodings(count));
                    break;
                case UpdateRequest:
                    await ReadAsync(9, stop).ConfigureAwait(false);
                    _screen.Request(isIncremental: _message[0] != 0);
                    break;
                case KeyEvent:
                    await ReadAsync(7, stop).ConfigureAwait(false);
                    _input.Key(BinaryPrimitives.ReadUInt32BigEndian(_message.AsSpan(3)), isPressed: _message[0] != 0);
                    break;
                case PointerEvent:
                    await ReadAsync(5, stop).ConfigureAwait(false);
                    var (columns, rows) = _screen.Extent;
                    _input.Point(_message[0], BinaryPrimitives.ReadUInt16BigEndian(_message.AsSpan(1)), BinaryPrimitives.ReadUInt16BigEndian(_message.AsSpan(3)), columns, rows);
                    break;
                case CutText:
                    await ReadAsync(7, stop).ConfigureAwait(false);
                    var length = BinaryPrimitives.ReadUInt32BigEndian(_message.AsSpan(3));
                    if (length > LongestCutText)
                        return;
                    for (; length > 0; length -= Math.Min(length, (uint)_message.Length))
                        await ReadAsync((int)Math.Min(length, (uint)_message.Length), stop).ConfigureAwait(false);
                    break;
                default:
                    // Nobody knows how long it is.
                    return;
            }
        }
    }

    private int[] Encodings(int count)
    {
        var encodings = new int[count];
        for (var i = 0; i < count; i++)
            encodings[i] = BinaryPrimitives.ReadInt32BigEndian(_message.AsSpan(i * sizeof(int)));
        return encodings;
    }

    private ValueTask ReadAsync(int length, CancellationToken stop) => _stream.ReadExactlyAsync(_message.AsMemory(0, length), stop);
}
