namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>A disk image of random bytes in the temporary folder.</summary>
internal sealed class TemporaryDisk : IDisposable
{
    public TemporaryDisk(int size)
    {
        byte[] bytes = new byte[size];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Path, bytes);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"arm64vm-fuzz-{Guid.NewGuid():N}.img");

    public void Dispose() => File.Delete(Path);
}
