namespace Arm64Vm.Machine;

/// <summary>Why a machine stopped running.</summary>
public enum RunEnd
{
    /// <summary>The guest switched the machine off.</summary>
    PowerOff,

    /// <summary>The guest asked for a reset and <see cref="MachineConfig.NoReboot"/> is set.</summary>
    Reset,

    /// <summary>The guest program ended through semihosting, with <see cref="RunResult.ExitCode"/>.</summary>
    SemihostingExit,

    /// <summary><see cref="VirtualMachine.StopAsync"/>, disposal or cancellation.</summary>
    Stopped,

    /// <summary>The guest's kernel panicked and said so (<see cref="MachineConfig.HasPanicDevice"/>).</summary>
    Panic,
}

/// <summary>How a run ended.</summary>
/// <param name="End">Why.</param>
/// <param name="ExitCode">The guest's status for <see cref="RunEnd.SemihostingExit"/>, else 0.</param>
/// <param name="Elapsed">Host time since the machine was switched on, pauses included.</param>
public sealed record RunResult(RunEnd End, int ExitCode, TimeSpan Elapsed);
