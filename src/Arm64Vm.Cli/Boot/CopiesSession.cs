using System.Globalization;
using Arm64Vm.Cli.Monitoring;
using Arm64Vm.Cli.Terminal;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Cli.Boot;

/// <summary>Isolated copies of one machine in one process, on one hypervisor; they share standard output and nothing else.</summary>
internal sealed class CopiesSession(CliStreams streams)
{
    /// <summary>So many copies can be asked for.</summary>
    public const int Most = 10_000;

    /// <summary>So many copies that did not end well are named.</summary>
    private const int MostMessages = 10;

    /// <summary>A collection stops all machines for a moment: it is for this part of them at least, one over it.</summary>
    private const int GoodPart = 4;

    private static readonly TimeSpan s_lookInterval = TimeSpan.FromSeconds(3);

    private Hypervisor? _hypervisor;
    private int _signal;

    public required MachineConfig Config { get; init; }

    public required int Count { get; init; }

    /// <summary>Lines begin with the copy's number.</summary>
    public required bool HasPrefix { get; init; }

    /// <summary>Its verdict on the console counts.</summary>
    public required bool IsEmbeddedFirmware { get; init; }

    /// <summary>Any of these ends a copy well.</summary>
    public required IReadOnlyList<string> Until { get; init; }

    /// <summary>Any of these ends a copy as a failure.</summary>
    public required IReadOnlyList<string> Fail { get; init; }

    public required TimeSpan? Timeout { get; init; }

    /// <summary>Refuses what copies cannot share.</summary>
    /// <exception cref="CliException">The configuration has it.</exception>
    public static void Check(int count, MachineConfig config)
    {
        if (count is < 1 or > Most)
            throw CliException.Usage($"--copies: between 1 and {Most}");
        if (config.Disks.Any(disk => disk.Mode == DiskMode.ReadWrite))
            throw CliException.Usage("--copies: disks must be readonly or snapshot, as copies cannot share one to write");
        if (config.Vars is not null)
            throw CliException.Usage("--copies: copies cannot share a file of variables");
    }

    /// <summary>Runs all to their ends; returns the worst status.</summary>
    public int Run() => RunAsync().GetAwaiter().GetResult();

    private async Task<int> RunAsync()
    {
        var hypervisor = new Hypervisor();
        await using (hypervisor.ConfigureAwait(false))
        {
            _hypervisor = hypervisor;
            using var signals = streams.IsProcess ? new Signals(OnSignal, RawTerminal.StopProcess) : null;
            using var status = streams.IsProcess ? StatusServer.TryStart(hypervisor) : null;
            using var timer = new CancellationTokenSource();
            var limit = TimeLimit.Wait(Timeout, timer.Token);
            var output = Config.SerialOutput is null ? null : new LineOutput(Config.SerialOutput);
            var runs = new List<Task<(int Status, string? Message)>>(Count);
            for (var i = 0; i < Count && Volatile.Read(ref _signal) == 0; i++)
                runs.Add(StartCopy(hypervisor, output, i, limit));
            GiveBackMemory();
            var collecting = CollectWhenIdleAsync(hypervisor, timer.Token);
            var outcomes = await Task.WhenAll(runs).ConfigureAwait(false);
            await timer.CancelAsync().ConfigureAwait(false);
            await collecting.ConfigureAwait(false);
            return Report(outcomes);
        }
    }

    /// <summary>What making the copies has left over: machines that run allocate next to nothing, so it would stay for good, between the objects that they use.</summary>
    private static void GiveBackMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>Collects what idle machines have let go of, when a good part of them has and no more follow.</summary>
    private static async Task CollectWhenIdleAsync(Hypervisor hypervisor, CancellationToken cancellation)
    {
        long collected = 0, seen = 0;
        using var timer = new PeriodicTimer(s_lookInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                var now = hypervisor.IdleReleases;
                if (now == seen && (now - collected) * GoodPart >= hypervisor.Machines.Count && now != collected)
                {
                    GiveBackMemory();
                    collected = now;
                }

                seen = now;
            }
        }
        catch (OperationCanceledException)
        {
            // The copies have ended.
        }
    }

    private int Report((int Status, string? Message)[] outcomes)
    {
        var named = 0;
        foreach (var (i, (_, message)) in outcomes.Index())
        {
            if (message is not null && named++ < MostMessages)
                streams.Error.WriteLine($"{Application.Name}: copy {i}: {message}");
        }

        if (named > MostMessages)
            streams.Error.WriteLine($"{Application.Name}: and {named - MostMessages} more");
        return outcomes.Max(outcome => outcome.Status);
    }

    /// <summary>Makes a copy and starts it; machines that cannot be made end the command.</summary>
    private Task<(int Status, string? Message)> StartCopy(Hypervisor hypervisor, LineOutput? output, int index, Task limit)
    {
        var name = index.ToString(CultureInfo.InvariantCulture);
        var lines = output?.Console(HasPrefix ? $"[{name}] " : "");
        return RunCopyAsync(hypervisor.Create(Config with { SerialOutput = lines }, name), lines, limit);
    }

    private async Task<(int Status, string? Message)> RunCopyAsync(VirtualMachine machine, Stream? lines, Task limit)
    {
        await using (machine.ConfigureAwait(false))
        {
            SerialConsole[] consoles = [machine.Console];
            using var until = new TextWatches(consoles, Until);
            using var fail = new TextWatches(consoles, Fail);
            using var panic = new TextWatches(consoles, [BootSession.PanicText]);
            using var failed = IsEmbeddedFirmware ? machine.Console.Watch(EmbeddedFirmware.Failure) : null;
            using var passed = IsEmbeddedFirmware ? machine.Console.Watch(EmbeddedFirmware.Success) : null;
            var run = machine.RunAsync();
            var first = await Task.WhenAny([run, limit, machine.Console.OutputFailed, .. until.Seen, .. fail.Seen]).ConfigureAwait(false);
            await machine.StopAsync().ConfigureAwait(false);
            var result = await run.ConfigureAwait(false);
            var outputFailure = await BootSession.FlushOutputAsync(machine.Console, result.End == RunEnd.Stopped && until.Found is null).ConfigureAwait(false);
            lines?.Dispose();
            return new BootOutcome
            {
                Result = result,
                TimedOutAfter = first == limit && until.Found is null ? Timeout : null,
                OutputFailure = outputFailure,
                FoundText = until.Found is not null,
                WantedTexts = Until,
                FailureText = fail.Found,
                Panicked = panic.Found is not null || result.End == RunEnd.Panic,
                FirmwareFailed = failed is { IsSeen: true },
                FirmwareSaidNothing = passed is { IsSeen: false } && failed is { IsSeen: false },
                Signal = Volatile.Read(ref _signal),
                UserQuit = false,
            }.Judge();
        }
    }

    private void OnSignal(int number)
    {
        Interlocked.CompareExchange(ref _signal, number, 0);
        foreach (var machine in _hypervisor?.Machines ?? [])
            _ = machine.StopAsync();
    }
}
