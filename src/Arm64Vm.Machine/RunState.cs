namespace Arm64Vm.Machine;

/// <summary>What a <see cref="VirtualMachine"/> is doing.</summary>
public enum RunState
{
    /// <summary>Made, and not yet run.</summary>
    Created,

    Running,

    /// <summary>Standing between two instructions, to go on later.</summary>
    Paused,

    /// <summary>Off for good.</summary>
    Ended,
}
