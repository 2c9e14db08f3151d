namespace Arm64Vm.Backend.X64.Memory;

/// <summary>The host does not give us memory to put code into. The message names the call and the reason; <see cref="Errno"/> is its errno.</summary>
internal sealed class ExecutableMemoryException : Exception
{
    public ExecutableMemoryException(string step, int errno, string reason)
        : base($"The host refuses executable memory: {step} failed with errno {errno} ({reason}).")
    {
        Step = step;
        Errno = errno;
    }

    /// <summary>The system call that failed.</summary>
    public string Step { get; }

    public int Errno { get; }
}
