using System.Diagnostics;
using System.Text;

namespace Arm64Vm.Bench.SideBySide;

/// <summary>What one run printed, and when the awaited texts first appeared.</summary>
/// <param name="Text">The console, complete until the end of the run.</param>
/// <param name="Elapsed">From the start of the process to its end, or to the last awaited text.</param>
/// <param name="Milestones">The time to each awaited text, in their order; null for one that never came.</param>
/// <param name="TimedOut">The run was ended for taking too long.</param>
/// <param name="ExitCode">The process's exit status; of no meaning when the run was ended from here.</param>
internal sealed record ConsoleRun(string Text, TimeSpan Elapsed, TimeSpan?[] Milestones, bool TimedOut, int ExitCode)
{
    /// <summary>
    /// Starts the process and reads its standard output until it ends, until all of <paramref name="until"/> (when not empty) have
    /// appeared, or until the time is over. The process is gone when this returns.
    /// </summary>
    /// <param name="start">What to run; its redirections are set here.</param>
    /// <param name="timeout">The longest that the run may take.</param>
    /// <param name="until">Texts to wait for; the run ends with the last.</param>
    /// <param name="press">When this text appears, a line end is typed on standard input, once.</param>
    /// <param name="echo">Where to show the console, or null.</param>
    public static ConsoleRun Run(ProcessStartInfo start, TimeSpan timeout, IReadOnlyList<string> until, string? press = null, TextWriter? echo = null)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.StandardOutputEncoding = Encoding.Latin1;
        start.UseShellExecute = false;
        StringBuilder text = new();
        TimeSpan?[] milestones = new TimeSpan?[until.Count];
        bool timedOut = false;
        Stopwatch watch = Stopwatch.StartNew();
        using Process process = Process.Start(start) ?? throw new UsageException($"cannot start {start.FileName}");
        using Timer alarm = new(_ =>
        {
            timedOut = true;
            Kill(process);
        }, null, timeout, Timeout.InfiniteTimeSpan);
        if (press is null)
            process.StandardInput.Close();

        char[] buffer = new char[4096];
        int missing = until.Count;
        TimeSpan elapsed = default;
        while (process.StandardOutput.Read(buffer) is var count and > 0)
        {
            elapsed = watch.Elapsed;
            echo?.Write(buffer, 0, count);
            int from = text.Length;
            text.Append(buffer, 0, count);
            for (int i = 0; i < until.Count; i++)
            {
                if (milestones[i] is not null || !AppearedSince(text, from, until[i]))
                    continue;
                milestones[i] = elapsed;
                missing--;
            }

            if (until.Count > 0 && missing == 0)
            {
                Kill(process);
                break;
            }

            if (press is not null && AppearedSince(text, from, press))
            {
                process.StandardInput.Write('\n');
                process.StandardInput.Flush();
                press = null;
            }
        }

        process.WaitForExit();
        return new ConsoleRun(text.ToString(), until.Count > 0 ? elapsed : watch.Elapsed, milestones, timedOut, process.ExitCode);
    }

    /// <summary>The first line that a program prints, or a note that there was none.</summary>
    public static string FirstLine(ProcessStartInfo start)
    {
        string text = Run(start, TimeSpan.FromSeconds(20), []).Text;
        string line = text.Split('\n')[0].Trim();
        return line.Length > 0 ? line : "(no version)";
    }

    private static bool AppearedSince(StringBuilder text, int from, string wanted)
    {
        int first = Math.Max(0, from - wanted.Length + 1);
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
