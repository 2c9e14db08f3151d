using System.Runtime.InteropServices;
using Arm64Vm.Cli.Terminal;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>One run of a machine from the command line: terminal, signals, time limit, and what the end means.</summary>
internal sealed class BootSession(CliStreams streams)
{
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private VirtualMachine? _machine;
    private int _signal;
    private bool _quit;
    private RawTerminal? _terminal;

    public required MachineConfig Config { get; init; }

    /// <summary>Its verdict on the console counts.</summary>
    public required bool IsEmbeddedFirmware { get; init; }

    /// <summary>Standard input goes to the guest.</summary>
    public required bool TakesInput { get; init; }

    /// <summary>Standard input and output are the virtio console's, which is then the one that is watched.</summary>
    public required bool UsesVirtioConsole { get; init; }

    /// <summary>The key that opens the menu on a terminal; null: none.</summary>
    public required byte? EscapeKey { get; init; }

    public required string? Until { get; init; }

    public required TimeSpan? Timeout { get; init; }

    public required string? DeviceTreeFile { get; init; }

    public required StatisticsFormat Statistics { get; init; }

    /// <summary>Runs to the end; returns the process's status.</summary>
    public int Run() => RunAsync().GetAwaiter().GetResult();

    private async Task<int> RunAsync()
    {
        var machine = VirtualMachine.Create(Config);
        await using (machine.ConfigureAwait(false))
        {
            if (DeviceTreeFile is { } file)
            {
                await File.WriteAllBytesAsync(file, machine.DeviceTree).ConfigureAwait(false);
                return ExitStatus.Success;
            }

            _machine = machine;
            var outcome = await RunMachineAsync(machine).ConfigureAwait(false);
            if (Statistics == StatisticsFormat.Text && !machine.Console.Text.EndsWith('\n'))
                streams.Error.WriteLine();
            StatisticsReport.Write(machine.GetStatistics(), Statistics, streams.Error);
            return outcome.Report(streams.Error);
        }
    }

    private async Task<BootOutcome> RunMachineAsync(VirtualMachine machine)
    {
        var console = UsesVirtioConsole ? machine.VirtioConsole! : machine.Console;
        using var raw = TakesInput && streams.IsProcess ? RawTerminal.Enter() : null;
        _terminal = raw;
        using var signals = streams.IsProcess ? new Signals(OnSignal, Suspend) : null;
        using var until = Until is null ? null : console.Watch(Until);
        using var failed = IsEmbeddedFirmware ? machine.Console.Watch(EmbeddedFirmware.Failure) : null;
        using var passed = IsEmbeddedFirmware ? machine.Console.Watch(EmbeddedFirmware.Success) : null;
        if (TakesInput && streams.Input is not null)
        {
            var menu = new EscapeMenu(machine, console, EscapeKey ?? 0, streams.Error, Quit, Suspend);
            ConsoleInput.Start(streams.Input, console, raw is null ? null : EscapeKey, menu.Execute, streams.Error);
        }

        using var timer = new CancellationTokenSource();
        var run = machine.RunAsync();
        var limit = Timeout is { } time ? Task.Delay(time < s_longestTimer ? time : s_longestTimer, timer.Token) : null;
        var first = await Task.WhenAny([run, console.OutputFailed, .. until is null ? [] : (Task[])[until.Seen], .. limit is null ? [] : (Task[])[limit]]).ConfigureAwait(false);
        await machine.StopAsync().ConfigureAwait(false);
        await timer.CancelAsync().ConfigureAwait(false);
        var result = await run.ConfigureAwait(false);
        console.Flush(TimeSpan.FromSeconds(1));
        return new BootOutcome
        {
            Result = result,
            TimedOutAfter = first == limit && until is not { IsSeen: true } ? Timeout : null,
            OutputFailed = console.OutputFailed.IsCompleted,
            MissedText = until is { IsSeen: false } ? Until : null,
            FoundText = until is { IsSeen: true },
            FirmwareFailed = failed is { IsSeen: true },
            FirmwareSaidNothing = passed is { IsSeen: false } && failed is { IsSeen: false },
            Signal = Volatile.Read(ref _signal),
            UserQuit = Volatile.Read(ref _quit),
        };
    }

    private void Quit()
    {
        Volatile.Write(ref _quit, true);
        _ = _machine?.StopAsync();
    }

    private void OnSignal(int number)
    {
        Interlocked.CompareExchange(ref _signal, number, 0);
        _ = _machine?.StopAsync();
    }

    /// <summary>Stops the process as Ctrl-Z does elsewhere: terminal given back, the guest's time standing still; returns when it goes on.</summary>
    private void Suspend()
    {
        var machine = _machine;
        var wasRunning = machine?.State == MachineState.Running;

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
