namespace Arm64Vm.Machine.Boot.Images;

/// <summary>How a kernel wants to be entered.</summary>
internal enum KernelKind
{
    /// <summary>The arm64 Linux boot protocol: x0 holds the device tree's address.</summary>
    Linux,

    /// <summary>Bare metal: entered at its own entry point.</summary>
    Elf,
}

/// <summary>A kernel, unpacked and placed.</summary>
/// <param name="Kind">How it is entered.</param>
/// <param name="EntryPoint">Physical address of the first instruction.</param>
/// <param name="Segments">In ascending order, without overlap, all in RAM.</param>
internal sealed record KernelImage(KernelKind Kind, ulong EntryPoint, IReadOnlyList<ImageSegment> Segments)
{
    /// <summary>Its lowest address.</summary>
    public ulong Start => Segments[0].Region.Base;

    /// <summary>The address after it.</summary>
    public ulong End => Segments[^1].Region.End;
}
