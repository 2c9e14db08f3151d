using Arm64Vm.Devices.Images;

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

/// <summary>A virtio block device with an image file, or a block device of the host.</summary>
/// <param name="Path">The file; the size of a raw one is the disk's, rounded up to 512 bytes with zeros.</param>
/// <param name="Mode">What the guest may do.</param>
/// <param name="Format">Null: what the file's first bytes say.</param>
public sealed record DiskConfig(string Path, DiskMode Mode = DiskMode.ReadWrite, DiskFormat? Format = null)
{
    /// <summary>How it is reached; null: as <see cref="MachineConfig.Bus"/> says.</summary>
    public VirtioBus? Bus { get; init; }
}
