using System.Globalization;
using Arm64Vm.Cli.Bench.Figures;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Bench.Reports;
using Arm64Vm.Cli.Bench.Runs;

namespace Arm64Vm.Cli.Bench;

/// <summary>Runs the rounds. Who goes first changes with each, so that no side always meets a warmer or busier host.</summary>
internal sealed class BenchSession(BenchOptions options, CliStreams streams)
{
    private static readonly TimeSpan s_shortTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_longTimeout = TimeSpan.FromMinutes(20);

    /// <summary>A counting run is slower.</summary>
    private const int CountingPatience = 3;

    private readonly List<string> _failures = [];
    private readonly BenchSamples _samples = new(options.Rounds);
    private readonly string _started = DateTimeOffset.Now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>Measures; what was measured when the token says so is the report.</summary>
    /// <exception cref="CliException">No comparison can start.</exception>
    public BenchReport Run(CancellationToken cancellation)
    {
        var work = Directory.CreateTempSubdirectory("arm64vm-bench-").FullName;
        try
        {
            var ours = new OurEmulator(options.Ours, work, options.CodeCache);
            using var peer = PeerEmulator.Find(options.Peer, options.Images, options.PeerCpu, work);
            var native = options.Native is { } root ? new NativeHost(root) : null;
            var notes = new List<string>();
            using var server = options.Runs("io") ? NetworkServer.TryStart() : null;
            var guests = GuestCatalog.Make(options with { NetworkServerPort = server?.Port }, work, notes);
            if (peer is null && options.Peer is null)
                notes.Add("no comparison: no qemu-system-aarch64 on PATH; firmware/fetch-guests.sh peer fetches one, --peer names one");
            if (native is not null && !guests.Exists(native.CanRun))
                notes.Add("--native: nothing of what is measured runs on the host itself");
            foreach (var note in notes)
                streams.Error.WriteLine($"{Application.Name}: {note}");
            var load = HostMachine.Load;
            List<IEmulator> sides = [.. new IEmulator?[] { ours, peer, native }.OfType<IEmulator>()];
            var rounds = RunRounds(guests, sides, ours, cancellation);
            List<KeyValuePair<string, string>> circumstances =
            [
                new("host", HostMachine.Cpu),
                new("host kernel", HostMachine.Kernel),
                new("load at start", load),
                new("started", _started),
                new("arm64vm", ours.Version),
            ];
            if (peer is not null)
                circumstances.Add(new("qemu", $"{peer.Version}, -cpu {options.PeerCpu}"));
            if (native is not null)
                circumstances.Add(new("native", native.Version));
            circumstances.Add(new("code cache", options.CodeCache));
            circumstances.Add(new("rounds", rounds == options.Rounds ? $"{rounds}" : $"{rounds} of {options.Rounds}"));
            return new BenchReport(circumstances, _samples.Rows(ours.Name, peer?.Name ?? "", native?.Name ?? ""), _failures);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <returns>How many rounds were completed.</returns>
    private int RunRounds(List<Guest> guests, List<IEmulator> sides, OurEmulator ours, CancellationToken cancellation)
    {
        var perRound = guests.Sum(guest => sides.Count(side => side.CanRun(guest)));
        var progress = new BenchProgress(streams, (perRound * options.Rounds) + (options.Counts ? guests.Count : 0));
        var round = 0;
        try
        {
            for (; round < options.Rounds; round++)
            {
                foreach (var guest in guests)
                {
                    for (var i = 0; i < sides.Count; i++)
                    {
                        var side = sides[(i + round) % sides.Count];
                        if (side.CanRun(guest))
                            RunOnce(progress, side, guest, round, cancellation);
                    }
                }
            }

            if (options.Counts)
            {
                foreach (var guest in guests)
                    Count(progress, ours, guest, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // What has been measured is shown.
        }
        finally
        {
            progress.Clear();
        }

        return round;
    }

    private void RunOnce(BenchProgress progress, IEmulator side, Guest guest, int round, CancellationToken cancellation)
    {
        progress.Begin($"round {round + 1}, {side.Name}", guest);
        var run = ConsoleRun.Run(side.Start(guest), TimeoutOf(guest), guest.Until, progress.Printed, cancellation, side.Started, side.EndsAtLastText);
        side.Clean();
        progress.End();
        if (guest.Problem(run) is { } problem)
            _failures.Add($"{side.Name}, {guest.Name}, round {round + 1}: {problem}{(run.TimedOut ? " (time-out)" : "")}{Said(run)}");
        _samples.Add(side.Name, guest.Suite, round, guest.Samples(run));
    }

    private void Count(BenchProgress progress, OurEmulator ours, Guest guest, CancellationToken cancellation)
    {
        progress.Begin("counters", guest);
        if (guest.Parts.Count == 0)
        {
            _samples.Add(guest.Suite, Counted(progress, ours, guest, cancellation));
        }
        else
        {
            var idle = guest.Idle is { } nothing ? Counted(progress, ours, nothing, cancellation).GetValueOrDefault(nothing.Name) : null;
            foreach (var part in guest.Parts)
            {
                var counters = Counted(progress, ours, part, cancellation).ToDictionary(entry => entry.Key, entry => idle is null ? entry.Value : entry.Value.Minus(idle));
                _samples.Add(guest.Suite, counters);
            }
        }

        progress.End();
    }

    private Dictionary<string, WorkloadCounters> Counted(BenchProgress progress, OurEmulator ours, Guest guest, CancellationToken cancellation)
    {
        var run = ConsoleRun.Run(ours.StartCounting(guest), TimeoutOf(guest) * CountingPatience, [], progress.Printed, cancellation);
        ours.Clean();
        var counters = WorkloadCounters.Read(run.Messages, guest);
        if (counters.Count == 0)
            _failures.Add($"{ours.Name}, {guest.Name}: no counters{Said(run)}");
        return counters;
    }

    private TimeSpan TimeoutOf(Guest guest) => options.Timeout ?? (guest.ScriptFile is null ? s_shortTimeout : s_longTimeout);

    /// <summary>The last line of what a run that failed said on standard error.</summary>
    private static string Said(ConsoleRun run)
    {
        var line = run.Messages.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0 && line[0] != '{');
        return line is null ? "" : $": {line}";
    }
}
