namespace Arm64Vm.Cli;

/// <summary>What the process ends with; a guest's own status from semihosting passes through. docs/running.md lists them for users.</summary>
internal static class ExitStatus
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>Bench: something has become slower than in the run that it was compared with. <c>image check</c> has 3 and 4 for its own.</summary>
    public const int Slower = 3;

    /// <summary>Lockstep: both machines wait for an interrupt that will never come.</summary>
    public const int WaitsForever = 120;

    /// <summary>The guest reset the machine, and <c>--no-reboot</c> made that the end.</summary>
    public const int Reset = 121;

    /// <summary>The user quit from the menu.</summary>
    public const int Quit = 122;

    /// <summary>The guest's kernel panicked before the machine ended.</summary>
    public const int Panic = 123;

    /// <summary>As of timeout(1).</summary>
    public const int Timeout = 124;

    /// <summary>Plus the signal's number: ended by a signal, as shells have it.</summary>
    public const int SignalBase = 128;
}
