namespace Arm64Vm.Cli.Tests;

/// <summary>A file that is gone when the test is over.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(byte[] contents)
    {
        Path = System.IO.Path.GetTempFileName();
        File.WriteAllBytes(Path, contents);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
