namespace Arm64Vm.Machine.Boot;

/// <summary>What the user gives a machine to boot.</summary>
internal sealed record BootFiles
{
    /// <summary>Raw firmware for flash bank 0; empty: none.</summary>
    public ReadOnlyMemory<byte> Firmware { get; init; }

    /// <summary>A kernel in any format of <see cref="Images.KernelLoader"/>; empty: none.</summary>
    public ReadOnlyMemory<byte> Kernel { get; init; }

    /// <summary>The kernel as a file that goes into RAM as it is; then <see cref="Kernel"/> has only its first bytes. Null: it has all of them.</summary>
    internal Images.FileBytes? KernelFile { get; init; }

    /// <summary>An initial RAM disk for the kernel; empty: none.</summary>
    public ReadOnlyMemory<byte> Initrd { get; init; }

    /// <summary>The initial RAM disk as a file that is not in memory; null: <see cref="Initrd"/> has it.</summary>
    internal Images.FileBytes? InitrdFile { get; init; }

    internal ulong InitrdLength => InitrdFile?.Length ?? (ulong)Initrd.Length;

    /// <summary>A flattened device tree instead of the generated one; empty: none.</summary>
    public ReadOnlyMemory<byte> DeviceTree { get; init; }

    /// <summary>The kernel's command line.</summary>
    public string CommandLine { get; init; } = string.Empty;
}
