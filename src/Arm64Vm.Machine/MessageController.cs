namespace Arm64Vm.Machine;

/// <summary>What makes interrupts of the messages of PCIe functions.</summary>
public enum MessageController
{
    /// <summary>The interrupt translation service of a GICv3: as many interrupts as there are vectors, each to a processor of its own.</summary>
    Its,

    /// <summary>A GICv2m frame: 64 shared interrupts.</summary>
    V2m,
}
