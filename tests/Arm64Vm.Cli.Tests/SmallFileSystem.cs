namespace Arm64Vm.Cli.Tests;

/// <summary>64 KiB in memory, mounted below a folder for the time of a test.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    private SmallFileSystem(string path) => Path = path;

    public string Path { get; }

    public static SmallFileSystem? TryMount(string folder)
    {
        var path = System.IO.Path.Combine(folder, "small");
        Directory.CreateDirectory(path);
        return HostCommand.Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path) ? new SmallFileSystem(path) : null;
    }

    /// <summary>Takes all its room, so that every later write fails.</summary>
    public void Fill()
    {
        using var file = File.Create(System.IO.Path.Combine(Path, "filler"));
        try
        {
            while (true)
                RandomAccess.Write(file.SafeFileHandle, new byte[4096], RandomAccess.GetLength(file.SafeFileHandle));
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Dispose() => HostCommand.Run("umount", "-l", Path);
}
