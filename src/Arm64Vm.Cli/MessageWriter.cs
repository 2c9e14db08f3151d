using System.Text;

namespace Arm64Vm.Cli;

/// <summary>Standard error for messages. One that cannot be written must not end what it tells of: it is dropped, which <see cref="HasFailed"/> remembers.</summary>
/// <remarks>Safe from any thread.</remarks>
internal sealed class MessageWriter : TextWriter
{
    private readonly TextWriter _output;
    private readonly Lock _gate = new();

    public MessageWriter(TextWriter output)
    {
        _output = output;
        CoreNewLine = output.NewLine.ToCharArray();
    }

    public bool HasFailed { get; private set; }

    public override Encoding Encoding => _output.Encoding;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value) => Write((value + NewLine).AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_gate)
        {
            try
            {
                _output.Write(buffer);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                HasFailed = true;
            }
        }
    }

    public override void Flush()
    {
        lock (_gate)
        {
            try
            {
                _output.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                HasFailed = true;
            }
        }
    }
}
