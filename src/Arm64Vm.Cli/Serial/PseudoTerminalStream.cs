using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Serial;

/// <summary>What one user of a pseudo-terminal types and sees, until he closes it; the terminal stays.</summary>
internal sealed class PseudoTerminalStream(PseudoTerminal terminal) : Stream
{
    private volatile bool _isClosed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        while (!_isClosed)
        {
            if (terminal.TryRead(buffer.AsSpan(offset, count)) is { } length)
                return length;
        }

        return 0;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        var rest = buffer.AsSpan(offset, count);
        while (!rest.IsEmpty)
        {
            if (_isClosed)
                throw new IOException("The terminal is not in use any more.");
            rest = rest[terminal.Write(rest)..];
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>What was not read is not for the next user.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            terminal.DiscardOutput();
        }

        base.Dispose(disposing);
    }
}
