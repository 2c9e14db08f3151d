using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Boot;

namespace Arm64Vm.Cli.Bench;

/// <summary>What is to be measured, and on what.</summary>
internal sealed record BenchOptions
{
    public const string All = "all";

    /// <summary>A suite's name, or <see cref="All"/>.</summary>
    public required string Suite { get; init; }

    /// <summary>Patterns with * and ?; one that matches a workload's name, or its suite's and its name, chooses it. Empty: everything.</summary>
    public IReadOnlyList<string> Filter { get; init; } = [];

    public int Rounds { get; init; } = 3;

    /// <summary>Seconds for each kernel of the firmware.</summary>
    public double Seconds { get; init; } = 0.5;

    /// <summary>The executable to measure; null: the one that is running.</summary>
    public string? Ours { get; init; }

    /// <summary>Where the peer is; null: where it is usually.</summary>
    public string? Peer { get; init; }

    public string PeerCpu { get; init; } = "max";

    /// <summary>Where our side keeps translated code between runs: a folder, <c>on</c> or <c>off</c>.</summary>
    public string CodeCache { get; init; } = CodeCacheOption.Off;

    /// <summary>A root folder with programs for the host; null: they are not compared with.</summary>
    public string? Native { get; init; }

    /// <summary>Folder of fetched guests.</summary>
    public required string Images { get; init; }

    /// <summary>A script for the Linux suite instead of the product's; null: the product's.</summary>
    public string? Script { get; init; }

    /// <summary>A boot of one's own instead of the suites; null: none.</summary>
    public GuestMachine? Boot { get; init; }

    /// <summary>The text that ends <see cref="Boot"/>; null: it ends by itself.</summary>
    public string? BootUntil { get; init; }

    /// <summary>Time that <see cref="Boot"/> counts down.</summary>
    public TimeSpan BootCountdown { get; init; }

    /// <summary>The longest that one run of one side may take; null: two minutes, for the Linux suite twenty.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether one more run of ours counts what workloads do.</summary>
    public bool Counts { get; init; } = true;

    /// <summary>Port of the host's loopback interface on which iperf3 serves; null: none does.</summary>
    public int? NetworkServerPort { get; init; }

    /// <summary>Whether a suite is part of the run; "io" only by its name.</summary>
    public bool Runs(string suite) => Suite == suite || (Suite == All && suite != "io");

    /// <summary>Whether the filter lets a workload through.</summary>
    public bool Wants(string suite, string name) =>
        Filter.Count == 0 || Filter.Any(pattern =>
            System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)
            || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, $"{suite}/{name}", ignoreCase: false));

    public static string DefaultImages() =>
        Environment.GetEnvironmentVariable("ARM64VM_GUESTS") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "arm64vm-guests");
}
