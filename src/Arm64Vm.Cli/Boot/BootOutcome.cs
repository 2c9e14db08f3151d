using System.Globalization;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>What happened in a run, and what that means to the caller of the command.</summary>
internal sealed record BootOutcome
{
    public required RunResult Result { get; init; }

    public required TimeSpan? TimedOutAfter { get; init; }

    /// <summary>What the guest printed could not all be written.</summary>
    public required OutputFailure? OutputFailure { get; init; }

    /// <summary>A text that was waited for was printed.</summary>
    public required bool FoundText { get; init; }

    /// <summary>The texts that were waited for.</summary>
    public required IReadOnlyList<string> WantedTexts { get; init; }

    /// <summary>A text that means failure and was printed; null: none was.</summary>
    public required string? FailureText { get; init; }

    /// <summary>The guest's kernel said that it panicked.</summary>
    public required bool Panicked { get; init; }

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

    /// <summary>The status, and one line where it did not end well.</summary>
    public (int Status, string? Message) Judge()
    {
        if (FailureText is not null)
            return (ExitStatus.Failure, $"the console printed \"{FailureText}\"");
        var isStopped = Result.End == RunEnd.Stopped;
        if (isStopped && !FoundText && Signal != 0)
            return (ExitStatus.SignalBase + Signal, null);
        if (OutputFailure is not null && TimedOutAfter is null)
            return (ExitStatus.Failure, OutputFailure.Message);
        if (FoundText)
            return (ExitStatus.Success, null);
        if (isStopped)
        {
            if (TimedOutAfter is { } limit)
                return (ExitStatus.Timeout, TimeLimit.Describe(limit) + (Panicked ? ", and after a panic of the guest's kernel" : ""));
            return UserQuit ? (ExitStatus.Quit, null) : (ExitStatus.Failure, "the machine was stopped");
        }

        if (Panicked)
            return (ExitStatus.Panic, "the guest's kernel panicked");
        if (WantedTexts.Count > 0)
            return (ExitStatus.Failure, $"the guest ended before the console printed {string.Join(" or ", WantedTexts.Select(text => $"\"{text}\""))}");
        if (FirmwareFailed)
            return (ExitStatus.Failure, "the embedded firmware found failures");
        if (FirmwareSaidNothing && Result.End != RunEnd.SemihostingExit)
            return (ExitStatus.Failure, "the embedded firmware ended without a verdict");
        return Result.End switch
        {
            RunEnd.SemihostingExit => (Result.ExitCode & 0xFF, null),
            RunEnd.Reset => (ExitStatus.Reset, null),
            _ => (ExitStatus.Success, null),
        };
    }
}

/// <summary>A console's output could not be written.</summary>
/// <param name="Message">Why; null where the reader has gone, so that nobody need be told.</param>
internal sealed record OutputFailure(string? Message);
