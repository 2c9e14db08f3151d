namespace Arm64Vm.Cpu;

/// <summary>One level-signalled wire into an interrupt controller or a processor. Setting the same level twice is a no-op.</summary>
internal interface IInterruptLine
{
    /// <summary>Drives the wire. Safe from any thread.</summary>
    void Set(bool asserted);
}
