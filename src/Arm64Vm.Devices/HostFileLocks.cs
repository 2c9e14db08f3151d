namespace Arm64Vm.Devices;

/// <summary>Files of the host that are opened for one machine alone (<see cref="FileShare.None"/>).</summary>
internal static class HostFileLocks
{
    /// <summary>EWOULDBLOCK, which the runtime reports where a lock is held.</summary>
    private const int WouldBlock = 11;

    /// <summary>A file was not opened because somebody else has it.</summary>
    public static bool IsHeld(IOException error) => error.HResult == WouldBlock;
}
