using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>What one run printed, and when the awaited texts first appeared.</summary>
/// <param name="Text">The console, complete until the end of the run.</param>
/// <param name="Messages">Standard error.</param>
/// <param name="Elapsed">From the start of the process to its end, or to the last awaited text.</param>
/// <param name="Milestones">The time to each awaited text, in their order; null for one that never came.</param>
/// <param name="TimedOut">The run was ended for taking too long.</param>
/// <param name="ExitCode">The process's exit status; of no meaning when the run was ended from here.</param>
internal sealed record ConsoleRun(string Text, string Messages, TimeSpan Elapsed, TimeSpan?[] Milestones, bool TimedOut, int ExitCode)
{
    /// <summary>
    /// Starts the process and reads its standard output until it ends, until all of <paramref name="until"/> (when not empty) have
    /// appeared, or until the time is over. The process is gone when this returns.
    /// </summary>
    /// <param name="start">What to run; its redirections are set here.</param>
    /// <param name="timeout">The longest that the run may take.</param>
    /// <param name="until">Texts to wait for; the run ends with the last.</param>
    /// <param name="printed">Gets what is printed, as it comes; or null.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <param name="started">Called when the process has started, with what says that it is no use to go on; or null.</param>
    /// <param name="endsItself">The process ends by itself after the last text, which may take a moment that is not measured.</param>
    /// <exception cref="CliException">The process cannot be started.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static ConsoleRun Run(ProcessStartInfo start, TimeSpan timeout, IReadOnlyList<string> until, Action<string>? printed = null, CancellationToken cancellation = default, Action<Func<bool>>? started = null, bool endsItself = false)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardOutputEncoding = Encoding.Latin1;
        start.StandardErrorEncoding = Encoding.UTF8;
        start.UseShellExecute = false;
        var text = new StringBuilder();
        var milestones = new TimeSpan?[until.Count];
        var timedOut = false;
        var watch = Stopwatch.StartNew();
        using var process = Started(start);
        using var alarm = new Timer(_ =>
        {
            timedOut = true;
            Kill(process);
        }, null, timeout, Timeout.InfiniteTimeSpan);
        using var ending = cancellation.Register(() => Kill(process));
        process.StandardInput.Close();
        var messages = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            started?.Invoke(() => process.HasExited || cancellation.IsCancellationRequested);
        }
        catch
        {
            Kill(process);
            process.WaitForExit();
            throw;
        }

        var buffer = new char[4096];
        var missing = until.Count;
        TimeSpan elapsed = default;
        TimeSpan? reached = null;
        while (process.StandardOutput.Read(buffer) is var count and > 0)
        {
            elapsed = watch.Elapsed;
            var from = text.Length;
            text.Append(buffer, 0, count);
            printed?.Invoke(new string(buffer, 0, count));
            for (var i = 0; i < until.Count; i++)
            {
                if (milestones[i] is not null || !AppearedSince(text, from, until[i]))
                    continue;
                milestones[i] = elapsed;
                missing--;
            }

            if (until.Count == 0 || missing > 0)
                continue;
            reached ??= elapsed;
            if (!endsItself)
            {
                Kill(process);
                break;
            }
        }

        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return new ConsoleRun(text.ToString(), messages.GetAwaiter().GetResult(), until.Count > 0 ? reached ?? elapsed : watch.Elapsed, milestones, timedOut, process.ExitCode);
    }

    /// <summary>The first line that a program prints; null: none.</summary>
    /// <exception cref="CliException">The program cannot be started.</exception>
    public static string? FirstLine(ProcessStartInfo start)
    {
        var line = Run(start, TimeSpan.FromSeconds(60), []).Text.Split('\n')[0].Trim();
        return line.Length > 0 ? line : null;
    }

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw CliException.Failure($"cannot start {start.FileName}");
        }
        catch (Win32Exception e)
        {
            throw CliException.Failure($"cannot start {start.FileName}: {e.Message}");
        }
    }

    private static bool AppearedSince(StringBuilder text, int from, string wanted)
    {
        var first = Math.Max(0, from - wanted.Length + 1);
        return text.ToString(first, text.Length - first).Contains(wanted, StringComparison.Ordinal);
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself in the meantime.
        }
    }
}
