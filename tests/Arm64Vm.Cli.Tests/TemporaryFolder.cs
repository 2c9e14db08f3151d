namespace Arm64Vm.Cli.Tests;

/// <summary>An empty folder for the time of a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("arm64vm").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
