using System.Globalization;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>What happened in a run, and what that means to the caller of the command.</summary>
internal sealed record BootOutcome
{
    public required RunResult Result { get; init; }

    public required TimeSpan? TimedOutAfter { get; init; }

    /// <summary>The console's output refused what was printed.</summary>
    public required bool OutputFailed { get; init; }

    /// <summary>The text that was waited for and never came.</summary>
    public required string? MissedText { get; init; }

    public required bool FoundText { get; init; }

    public required bool FirmwareFailed { get; init; }

    public required bool FirmwareSaidNothing { get; init; }

    /// <summary>Number of the signal that ended it; 0: none.</summary>
    public required int Signal { get; init; }

    public required bool UserQuit { get; init; }

    /// <summary>Writes one line where it did not end well; returns the status.</summary>
    public int Report(TextWriter messages)
    {
        var (status, message) = Judge();
        if (message is not null)
            messages.WriteLine($"{Application.Name}: {message}");
        return status;
    }

    private (int Status, string? Message) Judge()
    {
        if (FoundText)
            return (ExitStatus.Success, null);
        if (Result.End == RunEnd.Stopped)
        {
            if (Signal != 0)
                return (ExitStatus.SignalBase + Signal, null);
            if (TimedOutAfter is { } limit)
                return (ExitStatus.Timeout, $"time-out after {limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s");
            if (OutputFailed)
                return (ExitStatus.Failure, "the console's output cannot be written");
            return UserQuit ? (ExitStatus.Success, null) : (ExitStatus.Failure, "the machine was stopped");
        }

        if (MissedText is not null)
            return (ExitStatus.Failure, $"the guest ended before the console printed \"{MissedText}\"");
        if (Result.End == RunEnd.SemihostingExit)
            return (Result.ExitCode & 0xFF, null);
        if (FirmwareFailed)
            return (ExitStatus.Failure, "the embedded firmware found failures");
        if (FirmwareSaidNothing)
            return (ExitStatus.Failure, "the embedded firmware ended without a verdict");
        return (ExitStatus.Success, null);
    }
}
