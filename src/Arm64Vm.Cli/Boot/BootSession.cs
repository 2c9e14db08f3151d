using Arm64Vm.Cli.Files;
using Arm64Vm.Cli.Monitoring;
using Arm64Vm.Cli.Serial;
using Arm64Vm.Cli.Terminal;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Cli.Boot;

/// <summary>One run of a machine from the command line: terminal, signals, time limit, and what the end means.</summary>
internal sealed class BootSession(CliStreams streams)
{
    /// <summary>As a file's name for the device tree.</summary>
    public const string StandardOutput = "-";

    /// <summary>What Linux prints in panic() (kernel/panic.c).</summary>
    public const string PanicText = "Kernel panic - not syncing";

    private static readonly TimeSpan s_longFlush = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_shortFlush = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_flushPause = TimeSpan.FromMilliseconds(2);

    private VirtualMachine? _machine;
    private int _signal;
    private bool _quit;

    /// <summary>Completes when the user ends the run.</summary>
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RawTerminal? _terminal;
    private StatisticsMarks? _marks;

    public required MachineConfig Config { get; init; }

    /// <summary>Its verdict on the console counts.</summary>
    public required bool IsEmbeddedFirmware { get; init; }

    /// <summary>The consoles. One that has the standard streams is the one that is watched; else the first serial one is.</summary>
    public required IReadOnlyList<ConsolePort> Ports { get; init; }

    /// <summary>The key that opens the menu on a terminal; null: none.</summary>
    public required byte? EscapeKey { get; init; }

    /// <summary>Any of these on the console ends the run well.</summary>
    public required IReadOnlyList<string> Until { get; init; }

    /// <summary>Any of these on the console ends the run as a failure.</summary>
    public required IReadOnlyList<string> Fail { get; init; }

    public required TimeSpan? Timeout { get; init; }

    public required string? DeviceTreeFile { get; init; }

    /// <summary>Gets the picture on the display at the end, as PNG; null: nobody wants it.</summary>
    public string? ScreenshotFile { get; init; }

    /// <summary>Gets the trace that the configuration asks for; null: none.</summary>
    public OutputFile? TraceFile { get; init; }

    /// <summary>A file of variables that is made if it is not there; null: none.</summary>
    public required string? VariablesToMake { get; init; }

    /// <summary>Where GDB may connect; null: nowhere.</summary>
    public string? Gdb { get; init; }

    /// <summary>Where control clients may connect; null: nowhere.</summary>
    public string? Qmp { get; init; }

    /// <summary>Where VNC clients may connect; null: nowhere.</summary>
    public string? Vnc { get; init; }

    public required StatisticsFormat Statistics { get; init; }

    /// <summary>Texts at whose first appearance on the console counters are taken as well.</summary>
    public IReadOnlyList<string> StatisticsAt { get; init; } = [];

    /// <summary>Called with the machine before its first instruction.</summary>
    public Action<VirtualMachine>? Starting { get; init; }

    /// <summary>Called with the machine when it stands for good; false, with a message, where something could not be kept.</summary>
    public Func<VirtualMachine, bool>? Ended { get; init; }

    /// <summary>The run ends well after so long; null: it goes on.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Runs to the end; returns the process's status.</summary>
    public int Run() => RunAsync().GetAwaiter().GetResult();

    private async Task<int> RunAsync()
    {
        using var timer = new CancellationTokenSource();
        var limit = TimeLimit.Wait(Timeout, timer.Token);

        // On a thread of its own: a pipe blocks for as long as nobody writes it.
        var making = Task.Run(Make);
        if (await Task.WhenAny(making, limit).ConfigureAwait(false) != making)
        {
            streams.Error.WriteLine($"{Application.Name}: {TimeLimit.Describe(Timeout!.Value)}, while files were read");
            _ = making.ContinueWith(late => late.Result.DisposeAsync().AsTask(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            return ExitStatus.Timeout;
        }

        var machine = await making.ConfigureAwait(false);
        await using (machine.ConfigureAwait(false))
        {
            if (DeviceTreeFile is { } file)
            {
                WriteDeviceTree(file, machine.DeviceTree);
                return ExitStatus.Success;
            }

            _machine = machine;
            using var status = streams.IsProcess ? StatusServer.TryStart(machine.Hypervisor) : null;
            Starting?.Invoke(machine);
            var outcome = await RunMachineAsync(machine, limit, TimeLimit.Wait(Duration, timer.Token)).ConfigureAwait(false);
            var isKept = Ended?.Invoke(machine) ?? true;
            await timer.CancelAsync().ConfigureAwait(false);
            if (Statistics == StatisticsFormat.Text && !machine.Console.Text.EndsWith('\n'))
                streams.Error.WriteLine();
            StatisticsReport.Write(machine.GetStatistics(), _marks?.Taken() ?? [], Statistics, streams.Error);
            foreach (var damage in machine.DiskDamage)
                streams.Error.WriteLine($"{Application.Name}: {damage}");
            var result = outcome.Report(streams.Error);
            var isTraced = FinishTrace();
            return (TakeScreenshot(machine) && isTraced && isKept) || result != ExitStatus.Success ? result : ExitStatus.Failure;
        }
    }

    /// <summary>Makes the machine, which checks everything it reads; only then the files are opened that it writes.</summary>
    private async Task<VirtualMachine> Make()
    {
        var notes = Config.Disks.Select(DiskOption.Note).OfType<string>().ToList();
        var isNew = VariablesToMake is { } variables && VariablesOption.Make(variables);
        VirtualMachine machine;
        try
        {
            machine = VirtualMachine.Create(Config);
        }
        catch when (isNew)
        {
            File.Delete(VariablesToMake!);
            throw;
        }

        try
        {
            foreach (var note in notes)
                streams.Error.WriteLine($"{Application.Name}: {note}");
            if (DeviceTreeFile is null)
                OpenConsoles(machine);
            return machine;
        }
        catch
        {
            await machine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Files come last: where anything else cannot be had, none is changed.</summary>
    /// <exception cref="IOException">A place of a console cannot be had.</exception>
    private void OpenConsoles(VirtualMachine machine)
    {
        foreach (var port in Ports)
            port.Open(machine, streams.Error);
        OutputFile.Open([.. Ports.SelectMany(port => port.Files), TraceFile]);
    }

    /// <summary>Waits for the rest of the trace; false, with a message, where something is missing.</summary>
    private bool FinishTrace()
    {
        if (Config.Trace is not { } trace)
            return true;
        trace.Finish();
        if (trace.Error is not { } error)
            return true;
        streams.Error.WriteLine($"{Application.Name}: --trace-file: the trace is not complete: {error}");
        return false;
    }

    /// <summary>Keeps what the display shows; false, with a message, where it shows nothing.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    private bool TakeScreenshot(VirtualMachine machine)
    {
        if (ScreenshotFile is not { } file)
            return true;
        if (machine.CaptureScreen() is not { } image)
        {
            streams.Error.WriteLine($"{Application.Name}: --screenshot: the guest shows nothing");
            return false;
        }

        using var output = new OutputFile(file);
        OutputFile.Open(output);
        image.WritePng(output);
        return true;
    }

    private void WriteDeviceTree(string file, ReadOnlyMemory<byte> tree)
    {
        if (file == StandardOutput)
        {
            streams.Output.Write(tree.Span);
            return;
        }

        using var output = new OutputFile(file);
        OutputFile.Open(output);
        output.Write(tree.Span);
    }

    private async Task<BootOutcome> RunMachineAsync(VirtualMachine machine, Task limit, Task enough)
    {
        var port = Ports.FirstOrDefault(one => one.UsesStdio);
        var console = port?.Find(machine) ?? machine.Console;
        SerialConsole[] consoles = [.. new[] { machine.Console, machine.VirtioConsole, machine.SecondConsole }.OfType<SerialConsole>()];
        using var raw = port is not null && streams.IsProcess ? RawTerminal.Enter() : null;
        _terminal = raw;
        using var signals = streams.IsProcess ? new Signals(OnSignal, Suspend) : null;
        using var until = new TextWatches([console], Until);
        using var fail = new TextWatches([console], Fail);
        using var marks = _marks = new StatisticsMarks(machine, console, StatisticsAt);
        using var panic = new TextWatches(consoles, [PanicText]);
        using var failed = IsEmbeddedFirmware ? machine.Console.Watch(EmbeddedFirmware.Failure) : null;
        using var passed = IsEmbeddedFirmware ? machine.Console.Watch(EmbeddedFirmware.Success) : null;
        if (port is not null && streams.Input is not null)
        {
            var menu = new EscapeMenu(machine, console, EscapeKey ?? 0, streams.Error, Quit, Suspend);
            ConsoleInput.Start(streams.Input, console, raw is null ? null : EscapeKey, menu.Execute, streams.Error);
        }

        // Nothing that is printed at first is to be lost to those who are waited for.
        await Task.WhenAny(Task.WhenAll(Ports.Select(one => one.Ready)), limit, enough, _ended.Task).ConfigureAwait(false);
        var run = machine.RunAsync();
        if (_ended.Task.IsCompleted)
            _ = machine.StopAsync();
        var servers = new ControlServers();
        await using var closing = servers.ConfigureAwait(false);
        servers.Start(machine, Gdb, Qmp, Vnc, streams.Error);
        var first = await Task.WhenAny([run, limit, enough, .. consoles.Select(one => one.OutputFailed), .. until.Seen, .. fail.Seen]).ConfigureAwait(false);
        await machine.StopAsync().ConfigureAwait(false);
        var result = await run.ConfigureAwait(false);
        var flushed = await Task.WhenAll(consoles.Concat(machine.VirtioPorts).Select(one => FlushOutputAsync(one, result.End == RunEnd.Stopped && until.Found is null))).ConfigureAwait(false);
        return new BootOutcome
        {
            Result = result,
            TimedOutAfter = first == limit && until.Found is null ? Timeout : null,
            OutputFailure = Array.Find(flushed, failure => failure is not null),
            FoundText = until.Found is not null || first == enough,
            WantedTexts = Until,
            FailureText = fail.Found,
            Panicked = panic.Found is not null || result.End == RunEnd.Panic,
            FirmwareFailed = failed is { IsSeen: true },
            FirmwareSaidNothing = passed is { IsSeen: false } && failed is { IsSeen: false },
            Signal = Volatile.Read(ref _signal),
            UserQuit = Volatile.Read(ref _quit),
        };
    }

    /// <summary>Gives a console's output its last chance, without a thread that waits; null: all is written.</summary>
    /// <param name="console">The console.</param>
    /// <param name="isStopped">Somebody stopped the run, and does not want to wait for a stuck pipe.</param>
    public static async Task<OutputFailure?> FlushOutputAsync(SerialConsole console, bool isStopped)
    {
        var last = Environment.TickCount64 + (long)(isStopped ? s_shortFlush : s_longFlush).TotalMilliseconds;
        var written = console.Flush(TimeSpan.Zero);
        while (!written && console.OutputError is null && Environment.TickCount64 < last)
        {
            await Task.Delay(s_flushPause).ConfigureAwait(false);
            written = console.Flush(TimeSpan.Zero);
        }

        if (console.OutputError is { } error)
            return new OutputFailure(FileDescriptorStream.IsReaderGone(error) ? null : $"the console's output cannot be written: {error.Message.ReplaceLineEndings(" ")}");
        return written ? null : new OutputFailure("the end of the console's output was not taken");
    }

    private void Quit()
    {
        Volatile.Write(ref _quit, true);
        _ended.TrySetResult();
        _ = _machine?.StopAsync();
    }

    private void OnSignal(int number)
    {
        Interlocked.CompareExchange(ref _signal, number, 0);
        _ended.TrySetResult();
        _ = _machine?.StopAsync();
    }

    /// <summary>Stops the process as Ctrl-Z does elsewhere: terminal given back, the guest's time standing still; returns when it goes on.</summary>
    private void Suspend()
    {
        var machine = _machine;
        var wasRunning = machine?.State == RunState.Running;

        // A guest that does not come back within the time is stopped all the same, and its clock then jumps.
        if (wasRunning)
            _ = machine!.PauseAsync().Wait(TimeSpan.FromSeconds(1));
        if (_terminal is { } terminal)
            terminal.Suspend();
        else
            RawTerminal.StopProcess();
        if (wasRunning)
            machine!.Resume();
    }
}
