namespace Arm64Vm.Machine;

/// <summary>A machine cannot be made or run as asked; the message says why in one plain sentence. Files that cannot be read are <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</summary>
public abstract class MachineException : Exception
{
    private protected MachineException(string message)
        : base(message)
    {
    }

    private protected MachineException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
