using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Arm64Vm.Cli.Monitoring;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm top</c>.</summary>
internal static class TopCommand
{
    /// <summary>Cursor home, and clear to the end of the screen (ECMA-48).</summary>
    private const string Home = "\e[H\e[J";

    public static Command Make(CliStreams streams)
    {
        var command = new Command("top", "Shows the machines of a running arm64vm and what their processors do: share of a host processor, exits by reason, state. On a terminal it shows them again and again, elsewhere once.\n\nStatus: 0, or 1 when there is nothing to show.");
        Argument<int?> process = new("PROCESS") { Description = "Number of the process; without one the only one that runs", Arity = ArgumentArity.ZeroOrOne };
        Option<string> interval = new("--interval") { Description = "Seconds between two looks", HelpName = "SECONDS", DefaultValueFactory = _ => "1" };
        Option<int?> count = new("--count") { Description = "End after so many", HelpName = "N" };
        Option<bool> cache = new("--cache") { Description = "Translation caches instead of processors: what they hold, and what is made, lost, linked and fetched" };
        Option<bool> json = new("--json") { Description = "A JSON document a line" };
        command.Add(process);
        foreach (var option in (ReadOnlySpan<Option>)[interval, count, cache, json])
            command.Add(option);
        command.SetAction(parsed =>
        {
            if (!double.TryParse(parsed.GetValue(interval), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is not (>= 0.01 and <= 3600))
                throw CliException.Usage("--interval: a number of seconds between 0.01 and 3600");
            var isTerminal = streams.IsProcess && !Console.IsOutputRedirected;
            var rounds = parsed.GetValue(count) ?? (isTerminal ? int.MaxValue : 1);
            if (rounds < 1)
                throw CliException.Usage("--count: at least 1");
            Show(streams, StatusClient.Find(parsed.GetValue(process)), TimeSpan.FromSeconds(seconds), rounds, parsed.GetValue(json), isTerminal, parsed.GetValue(cache) ? StatusTable.Caches : StatusTable.Text);
            return ExitStatus.Success;
        });
        return command;
    }

    private static void Show(CliStreams streams, StatusClient client, TimeSpan interval, int rounds, bool json, bool inPlace, Func<StatusSample, int, string> table)
    {
        JsonDocument before = client.Ask();
        for (var round = 0; round < rounds; round++)
        {
            Thread.Sleep(interval);
            var now = client.Ask();
            var sample = StatusSample.Between(before.RootElement, now.RootElement);
            before.Dispose();
            before = now;
            if (json)
                streams.Text.WriteLine(StatusTable.Json(sample));
            else
                streams.Text.Write(inPlace ? Home + table(sample, Math.Max(3, Console.WindowHeight - 1)) : table(sample, int.MaxValue));
            streams.Text.Flush();
        }

        before.Dispose();
    }
}
