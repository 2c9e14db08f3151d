using Arm64Vm.Cli.Files;

namespace Arm64Vm.Cli.Boot;

/// <summary>A console's output; a file is closed at the end, standard output is not.</summary>
internal readonly struct OwnedOutput(SerialTarget target, CliStreams streams) : IDisposable
{
    /// <summary>Null: what is printed goes nowhere.</summary>
    public Stream? Stream { get; } = target.Output(streams);

    public void Dispose() => (Stream as OutputFile)?.Dispose();
}
