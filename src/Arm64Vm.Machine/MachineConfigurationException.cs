namespace Arm64Vm.Machine;

/// <summary>A machine cannot be made as configured; the message says why in one plain sentence.</summary>
public sealed class MachineConfigurationException : MachineException
{
    public MachineConfigurationException(string message)
        : base(message)
    {
    }

    public MachineConfigurationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
