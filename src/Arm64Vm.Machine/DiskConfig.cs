namespace Arm64Vm.Machine;

/// <summary>What the guest may do to a disk.</summary>
public enum DiskMode
{
    /// <summary>Writes go to the file, which no other machine may use meanwhile.</summary>
    ReadWrite,

    ReadOnly,

    /// <summary>Writes are kept in a file without a name (in TMPDIR, or else /var/tmp) and forgotten at the end.</summary>
    Snapshot,
}

/// <summary>A virtio block device with a raw image file.</summary>
/// <param name="Path">The file; its size is the disk's, rounded down to 512 bytes.</param>
/// <param name="Mode">What the guest may do.</param>
public sealed record DiskConfig(string Path, DiskMode Mode = DiskMode.ReadWrite);
