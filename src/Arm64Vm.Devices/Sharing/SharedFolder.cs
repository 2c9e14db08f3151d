namespace Arm64Vm.Devices.Sharing;

/// <summary>A folder of the host that a guest may use: open, so that it stays the same folder whatever becomes of its name.</summary>
internal sealed class SharedFolder : IDisposable
{
    /// <param name="path">The folder.</param>
    /// <param name="isReadOnly">Nothing in it is changed.</param>
    /// <exception cref="IOException">It is no folder, or the host lacks what is needed.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not open it.</exception>
    public SharedFolder(string path, bool isReadOnly) => Server = new P9Server(path, isReadOnly);

    internal P9Server Server { get; }

    public void Dispose() => Server.Dispose();
}
