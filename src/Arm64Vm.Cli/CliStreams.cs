using System.Text;
using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli;

/// <summary>Where a command reads and writes: the process's own streams, or a test's.</summary>
internal sealed class CliStreams : IDisposable
{
    private StreamWriter? _text;
    private readonly MessageWriter? _messages;

    /// <summary>Standard input; null: there is none.</summary>
    public required Stream? Input { get; init; }

    public required Stream Output { get; init; }

    /// <summary>Messages; what cannot be written is dropped, and counts in the status.</summary>
    public required TextWriter Error
    {
        get => _messages!;
        init => _messages = new MessageWriter(value);
    }

    /// <summary>A message could not be written.</summary>
    public bool MessagesFailed => _messages!.HasFailed;

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

    /// <summary>Sends what was printed as text.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void FlushText() => _text?.Flush();

    public void Dispose() => Error.Flush();
}
