using System.Text;
using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli;

/// <summary>Where a command reads and writes: the process's own streams, or a test's.</summary>
internal sealed class CliStreams : IDisposable
{
    private StreamWriter? _text;

    /// <summary>Standard input; null: there is none.</summary>
    public required Stream? Input { get; init; }

    public required Stream Output { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>True where the streams are those of the process, so that signals and the terminal matter.</summary>
    public bool IsProcess { get; init; }

    /// <summary>Standard output as text; buffered until the command ends.</summary>
    public TextWriter Text => _text ??= new StreamWriter(Output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };

    public static CliStreams OfProcess() => new()
    {
        Input = new FileDescriptorStream(0),
        Output = new FileDescriptorStream(1),
        Error = new StreamWriter(new FileDescriptorStream(2), new UTF8Encoding(false), bufferSize: 1024) { AutoFlush = true, NewLine = "\n" },
        IsProcess = true,
    };

    public void Dispose()
    {
        try
        {
            _text?.Flush();
            Error.Flush();
        }
        catch (IOException)
        {
            // The reader of a pipe has gone; there is nobody to tell.
        }
    }
}
