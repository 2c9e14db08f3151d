namespace Arm64Vm.Devices.Images;

/// <summary>How the bytes of a disk are kept in a file.</summary>
public enum DiskFormat
{
    /// <summary>Byte for byte.</summary>
    Raw,

    /// <summary>QEMU's format: clusters that exist only where something was written, backing files, compression.</summary>
    Qcow2,
}
