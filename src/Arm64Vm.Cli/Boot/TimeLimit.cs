using System.CommandLine;
using System.Globalization;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--timeout</c>.</summary>
internal static class TimeLimit
{
    private const double Longest = 1e9;

    /// <summary>What a timer can wait for at most; 49 days.</summary>
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public static Option<string?> Option() =>
        new("--timeout") { Description = "End with status 124 after so long, the reading of files included", HelpName = "SECONDS" };

    /// <summary>Null: no limit.</summary>
    /// <exception cref="CliException">It is not a number of seconds, or none that can be waited for.</exception>
    public static TimeSpan? Parse(string? text, string option = "--timeout")
    {
        if (text is null)
            return null;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var seconds) || double.IsNaN(seconds) || double.IsNegative(seconds))
            throw CliException.Usage($"{option}: '{text}' is not a number of seconds");
        if (seconds == 0)
            throw CliException.Usage($"{option}: there must be some time");
        return seconds <= Longest ? TimeSpan.FromSeconds(seconds) : throw CliException.Usage($"{option}: {text} seconds is too long; the longest is {Longest:0}");
    }

    /// <summary>Completes when the time is over; never without a limit.</summary>
    public static Task Wait(TimeSpan? limit, CancellationToken cancellation) =>
        Task.Delay(limit is { } time ? (time < s_longestTimer ? time : s_longestTimer) : System.Threading.Timeout.InfiniteTimeSpan, cancellation);

    public static string Describe(TimeSpan limit) => $"time-out after {limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s";
}
