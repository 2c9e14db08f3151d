namespace Arm64Vm.Bench.SideBySide;

/// <summary>Runs the rounds. Who goes first alternates, so that neither always meets a warmer or busier host.</summary>
internal static class Comparison
{
    public static Report Run(Options options, IEmulator ours, IEmulator peer)
    {
        List<string> failures = [];
        List<List<Sample>> left = [], right = [];
        List<KeyValuePair<string, string>> circumstances =
        [
            new("host", HostMachine.Cpu()),
            new("host kernel", HostMachine.Kernel()),
            new("load at start", HostMachine.Load()),
            new(ours.Name, ours.Version()),
            new(peer.Name, $"{peer.Version()}, -cpu {options.Cpu}"),
            new("rounds", options.Rounds.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ];
        using GuestSet guests = GuestSet.For(options);
        for (int round = 1; round <= options.Rounds; round++)
        {
            List<Sample> leftSamples = [], rightSamples = [];
            foreach (Guest guest in guests.Members)
            {
                bool oursFirst = round % 2 == 1;
                if (oursFirst)
                    leftSamples.AddRange(RunOnce(options, guest, ours, round, failures));
                rightSamples.AddRange(RunOnce(options, guest, peer, round, failures));
                if (!oursFirst)
                    leftSamples.AddRange(RunOnce(options, guest, ours, round, failures));
            }

            left.Add(leftSamples);
            right.Add(rightSamples);
        }

        return Report.Build(guests.Title, circumstances, left, right, failures);
    }

    private static List<Sample> RunOnce(Options options, Guest guest, IEmulator emulator, int round, List<string> failures)
    {
        string who = guest.Name is null ? emulator.Name : $"{emulator.Name}, {guest.Name}";
        Console.Error.WriteLine($"round {round}: {who}");
        ConsoleRun run = ConsoleRun.Run(emulator.Start(guest.Machine), options.RunTimeout, guest.Until, options.Press, options.Verbose ? Console.Error : null);
        if (guest.Problem(run) is string problem)
            failures.Add($"{who}, round {round}: {problem}{(run.TimedOut ? " (timeout)" : "")}");
        return guest.Samples(run);
    }
}
