using Arm64Vm.Cli.Serial;

namespace Arm64Vm.Cli.Boot;

/// <summary>One output for the consoles of many machines: whole lines, each with its console's prefix. Safe from any thread.</summary>
internal sealed class LineOutput(Stream output)
{
    /// <summary>A line that is longer is sent in pieces.</summary>
    private const int LongestLine = 4096;

    private readonly Lock _gate = new();

    /// <summary>The stream of one console.</summary>
    public Stream Console(string prefix) => new Lines(this, System.Text.Encoding.UTF8.GetBytes(prefix));

    private void Send(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> line)
    {
        Span<byte> whole = stackalloc byte[LongestLine + 64];
        lock (_gate)
        {
            if (prefix.Length + line.Length > whole.Length)
            {
                output.Write(prefix);
                output.Write(line);
                return;
            }

            // One write, so that a reader of a pipe sees whole lines too.
            prefix.CopyTo(whole);
            line.CopyTo(whole[prefix.Length..]);
            output.Write(whole[..(prefix.Length + line.Length)]);
        }
    }

    /// <summary>Gathers a line; flushed or not, one that has not ended waits for its end. One console writes from one thread at a time.</summary>
    private sealed class Lines(LineOutput owner, byte[] prefix) : OutputStream
    {
        /// <summary>Null until there is part of a line, so that a thousand quiet consoles cost nothing.</summary>
        private byte[]? _line;
        private int _length;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                var end = buffer.IndexOf((byte)'\n');
                var part = end < 0 ? buffer : buffer[..(end + 1)];
                if (end >= 0 && _length == 0)
                {
                    owner.Send(prefix, part);
                }
                else
                {
                    part = part[..Math.Min(part.Length, LongestLine - _length)];
                    _line ??= new byte[LongestLine];
                    part.CopyTo(_line.AsSpan(_length));
                    _length += part.Length;
                    if (_length == LongestLine || _line[_length - 1] == '\n')
                        SendLine();
                }

                buffer = buffer[part.Length..];
            }
        }

        /// <summary>What the guest printed last may not have ended.</summary>
        protected override void Dispose(bool disposing)
        {
            if (disposing && _length > 0)
            {
                _line![_length == LongestLine ? _length - 1 : _length++] = (byte)'\n';
                SendLine();
            }

            base.Dispose(disposing);
        }

        private void SendLine()
        {
            owner.Send(prefix, _line.AsSpan(0, _length));
            _length = 0;
            _line = null;
        }
    }
}
