namespace Arm64Vm.Cli.Tests;

/// <summary>A block device of the host whose content is a file, for the time of a test.</summary>
internal sealed class LoopDevice : IDisposable
{
    private LoopDevice(string path) => Path = path;

    public string Path { get; }

    /// <summary>Null where the user may not, or the host has no such devices.</summary>
    public static LoopDevice? TryAttach(string file) => HostCommand.TryRead("losetup", "--find", "--show", file) is { } path ? new LoopDevice(path) : null;

    public void Dispose() => HostCommand.Run("losetup", "--detach", Path);
}
