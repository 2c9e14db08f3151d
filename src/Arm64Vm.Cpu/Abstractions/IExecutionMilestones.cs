namespace Arm64Vm.Cpu;

/// <summary>Hears of events that mark the stages of a boot, on the thread that runs the vCPU.</summary>
internal interface IExecutionMilestones
{
    /// <summary>VBAR_EL1 was written.</summary>
    void VectorBaseWritten(ulong address);

    /// <summary>An exception return is about to continue at EL0.</summary>
    void EnteringUser();

    /// <summary>WFI is about to sleep.</summary>
    void Waiting();
}
