using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>A stock GDB that is told what to do line by line, as a person does.</summary>
internal sealed class GdbProcess : IDisposable
{
    private const string Program = "/usr/bin/gdb-multiarch";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private int _marks;

    private GdbProcess(Process process) => _process = process;

    /// <summary>Starts it; the test is skipped where there is none, and fails under CI.</summary>
    public static async Task<GdbProcess> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("ARM64VM_CI") is null)
            Assert.SkipUnless(File.Exists(Program), $"there is no {Program}: apt-get install gdb-multiarch");
        var start = new ProcessStartInfo(Program, ["-nx", "-q"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TERM"] = "dumb";
        var gdb = new GdbProcess(Process.Start(start)!);
        gdb._process.ErrorDataReceived += (_, line) => gdb.Note(line.Data);
        gdb._process.BeginErrorReadLine();
        await gdb.DoAsync("set prompt");
        await gdb.DoAsync("set pagination off");
        await gdb.DoAsync("set confirm off");
        await gdb.DoAsync("set width 0");
        await gdb.DoAsync("set architecture aarch64");

        // Two seconds, as it is by default, are little on a loaded host.
        await gdb.DoAsync("set remotetimeout 120");
        return gdb;
    }

    /// <summary>Everything that it has said.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>Gives a command; what it prints until it takes the next one.</summary>
    public async Task<string> DoAsync(string command)
    {
        await SendAsync(command);
        return await AnswerAsync();
    }

    /// <summary>Gives a command to the machine's monitor; what it prints, with all before, once the text has come, which GDB writes to its standard error.</summary>
    public async Task<string> MonitorAsync(string command, string expected)
    {
        await DoAsync("monitor " + command);
        var limit = DateTime.UtcNow + s_patience;
        while (!Log.Contains(expected, StringComparison.Ordinal) && DateTime.UtcNow < limit)
            await Task.Delay(20);
        return Log;
    }

    /// <summary>Gives a command without waiting for its end.</summary>
    public async Task SendAsync(string command)
    {
        Note("> " + command);
        _marks++;
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.WriteLineAsync($"echo \\n<<{_marks}>>\\n");
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>What is printed up to the end of the last command.</summary>
    public async Task<string> AnswerAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        var text = new StringBuilder();
        var mark = $"<<{_marks}>>";
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line == mark)
                    return text.ToString();
                Note(line);
                text.AppendLine(line);
            }
        }
        catch (OperationCanceledException)
        {
            // Told below, with what was said.
        }

        throw new TimeoutException("GDB did not come back. It said:\n" + Log);
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private void Note(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}
