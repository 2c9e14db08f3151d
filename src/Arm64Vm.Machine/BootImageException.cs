namespace Arm64Vm.Machine;

/// <summary>A file cannot be booted; the message says why in one plain sentence.</summary>
public sealed class BootImageException : MachineException
{
    public BootImageException(string message)
        : base(message)
    {
    }
}
