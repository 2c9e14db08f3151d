namespace Arm64Vm.Machine;

/// <summary>What has happened to a machine of a <see cref="Hypervisor"/>.</summary>
public enum MachineEventKind
{
    Created,
    Started,
    Paused,
    Resumed,
    Reset,

    /// <summary>It is off for good; its task has its result.</summary>
    Ended,
    Disposed,

    /// <summary>Its power key was pressed: the guest is asked to shut down.</summary>
    PowerKeyPressed,
}

/// <summary>Something has happened to a machine.</summary>
/// <param name="Machine">To which.</param>
/// <param name="Kind">What.</param>
public sealed record MachineEvent(VirtualMachine Machine, MachineEventKind Kind);
