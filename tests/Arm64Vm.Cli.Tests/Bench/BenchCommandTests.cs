using System.Text.Json;
using Arm64Vm.Cli.Bench;
using Arm64Vm.Cli.Bench.Guests;

namespace Arm64Vm.Cli.Tests.Bench;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData("--suite", "games")]
    [InlineData("--rounds", "0")]
    [InlineData("--rounds", "many")]
    [InlineData("--seconds", "-1")]
    [InlineData("--seconds", "nan")]
    [InlineData("--timeout", "soon")]
    [InlineData("--until", "login:")]
    [InlineData("--memory", "2G")]
    [InlineData("--kernel", "k", "--vars", "v")]
    [InlineData("--kernel", "k", "--countdown", "long")]
    [InlineData("--filter", "")]
    [InlineData("--gic", "4")]
    public void WhatIsNotUnderstoodIsRefused(params string[] arguments) => CliRun.Of(["bench", .. arguments]).ExpectFailure(2, arguments[^2] == "--vars" ? "--vars" : arguments[0] == "--kernel" ? arguments[2] : arguments[0]);

    [Theory]
    [InlineData("--peer", "/nowhere/qemu")]
    [InlineData("--native", "/nowhere")]
    [InlineData("--ours", "/nowhere/arm64vm")]
    [InlineData("--baseline", "/nowhere/before.json")]
    [InlineData("--kernel", "/nowhere/Image")]
    public void WhatIsNotThereIsNamed(string option, string value) => CliRun.Of("bench", "--suite", "kernels", option, value).ExpectFailure(1, value);

    /// <summary>Found by giving the kernel to be measured as the report's file: it was overwritten.</summary>
    [Theory]
    [InlineData("--kernel", "--html")]
    [InlineData("--kernel", "--json")]
    [InlineData("--baseline", "--json")]
    [InlineData("--script", "--html")]
    [InlineData("--ours", "--json")]
    [InlineData("--json", "--html")]
    public void AReportOverwritesNothingThatIsUsed(string option, string report)
    {
        using var file = new TemporaryFile("precious"u8.ToArray());
        var link = file.Path + ".link";
        File.CreateSymbolicLink(link, file.Path);
        try
        {
            CliRun.Of("bench", "--suite", "kernels", "--peer", "none", option, file.Path, report, link).ExpectFailure(2, report + ": ");
            Assert.Equal("precious", File.ReadAllText(file.Path));
        }
        finally
        {
            File.Delete(link);
        }
    }

    /// <summary>Before anything is measured: an hour of rounds would be lost.</summary>
    [Theory]
    [InlineData("--html", "", "is a folder")]
    [InlineData("--json", "", "is a folder")]
    [InlineData("--json", "none/report.json", "there is no folder")]
    [InlineData("--baseline", "", "is a folder")]
    public void AReportThatCannotBeWrittenIsToldFirst(string option, string name, string message)
    {
        using var folder = new TemporaryFolder();
        var run = CliRun.Of("bench", "--suite", "kernels", "--peer", "none", option, Path.Combine(folder.Path, name));
        run.ExpectFailure(1, message);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public void ABaselineThatIsNoReportIsNamed()
    {
        using var file = new TemporaryFile("precious"u8.ToArray());
        CliRun.Of("bench", "--suite", "kernels", "--peer", "none", "--baseline", file.Path).ExpectFailure(1, "is no document of 'arm64vm bench --json'");
    }

    [Fact]
    public void AFilterThatMatchesNothingIsTold() => CliRun.Of("bench", "--suite", "kernels", "--peer", "none", "--filter", "windows").ExpectFailure(1, "--filter");

    [Fact]
    public void GuestsThatWereNotFetchedAreTold()
    {
        using var folder = new TemporaryFolder();
        CliRun.Of("bench", "--suite", "linux", "--peer", "none", "--guests", folder.Path).ExpectFailure(1, "fetch-guests.sh");
    }

    /// <summary>A run is not killed before it has written what it keeps. The second run has a file of its own where it translated much that the first did not, which is the clock's.</summary>
    [Fact]
    public void RunsKeepCodeWhereTheyAreAskedTo()
    {
        using var folder = new TemporaryFolder();
        var run = CliRun.Of("bench", "--suite", "kernels", "--filter", "crc", "--seconds", "0.01", "--rounds", "2", "--peer", "none", "--no-counters", "--code-cache", folder.Path);
        Assert.True(run.Status == 0, run.Error);
        Assert.Contains($"code cache: {folder.Path}", run.Output, StringComparison.Ordinal);
        var files = Directory.GetFiles(folder.Path);
        Assert.InRange(files.Length, 1, 2);
        Assert.All(files, file => Assert.EndsWith(".units", file, StringComparison.Ordinal));
    }

    /// <summary>One side, one kernel, end to end: samples, counters, files and the comparison with the run before.</summary>
    [Fact]
    public void AKernelIsMeasuredCountedAndCompared()
    {
        using var folder = new TemporaryFolder();
        var (json, html) = (Path.Combine(folder.Path, "before.json"), Path.Combine(folder.Path, "report.html"));
        string[] common = ["bench", "--suite", "kernels", "--filter", "kernels/crc", "--filter", "fft", "--seconds", "0.01", "--rounds", "1", "--peer", "none"];
        var first = CliRun.Of([.. common, "--json", json, "--html", html]);
        Assert.True(first.Status == 0, first.Error);
        Assert.Contains("fft", first.Output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(File.ReadAllText(json));
        var workloads = document.RootElement.GetProperty("workloads");
        Assert.Equal(["crc", "fft"], workloads.EnumerateArray().Select(workload => workload.GetProperty("name").GetString()));
        Assert.True(workloads[0].GetProperty("counters").GetProperty("instructions_translated").GetInt64() > 10);
        Assert.True(workloads[0].GetProperty("counters").TryGetProperty("translation_ms", out _));
        Assert.Contains("<html", File.ReadAllText(html), StringComparison.Ordinal);

        var second = CliRun.Of([.. common, "--no-counters", "--json", "--baseline", json]);
        Assert.True(second.Status == 0, second.Error);
        Assert.Equal(2, JsonDocument.Parse(second.Output).RootElement.GetProperty("workloads").GetArrayLength());
        Assert.Contains("too few rounds", second.Error, StringComparison.Ordinal);
    }

    /// <summary>A stand-in for the peer, as a script that runs it would be: the same firmware under the product itself.</summary>
    [Fact]
    public void AScriptCanBeThePeer()
    {
        using var folder = new TemporaryFolder();
        var peer = Path.Combine(folder.Path, "peer.sh");
        File.WriteAllText(peer, "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'QEMU emulator version 0'; exit; }\necho 'KERNEL crc 10 50000000'\necho 'FIRMWARE OK'\n");
        Assert.True(HostCommand.Run("chmod", "+x", peer));
        var run = CliRun.Of("bench", "--suite", "kernels", "--filter", "crc", "--seconds", "0.01", "--rounds", "2", "--peer", peer, "--no-counters", "--json");
        Assert.True(run.Status == 0, run.Error);
        var root = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("QEMU emulator version 0, -cpu max", root.GetProperty("circumstances").GetProperty("qemu").GetString());
        Assert.Equal([5e6, 5e6], root.GetProperty("workloads")[0].GetProperty("peer_ns").EnumerateArray().Select(time => time.GetDouble()));
        Assert.True(root.GetProperty("workloads")[0].GetProperty("ratio").GetDouble() > 0);
    }

    [Fact]
    public void ARunThatFailsIsTheStatus()
    {
        var run = CliRun.Of("bench", "--suite", "kernels", "--filter", "crc", "--rounds", "1", "--peer", "/bin/echo", "--no-counters", "--seconds", "0.01");
        Assert.Equal(1, run.Status);
        Assert.Contains("qemu, crc, round 1: the firmware did not report success", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", "linux", "gzip", true)]
    [InlineData("g*", "linux", "gzip", true)]
    [InlineData("linux/*", "linux", "gzip", true)]
    [InlineData("kernels/*", "linux", "gzip", false)]
    [InlineData("zip", "linux", "gzip", false)]
    public void AFilterMatchesNames(string pattern, string suite, string name, bool matches) =>
        Assert.Equal(matches, new BenchOptions { Suite = "all", Images = "", Filter = ["nothing", pattern] }.Wants(suite, name));

    /// <summary>Every program of the product's scripts has a name of its own, and the scripts fit their disk.</summary>
    [Fact]
    public void TheLinuxSuiteHasItsPrograms()
    {
        using var folder = new TemporaryFolder();
        foreach (var image in (ReadOnlySpan<string>)["Image", "initrd.gz", "rootfs.img"])
            File.WriteAllBytes(Path.Combine(folder.Path, image), [1]);
        var notes = new List<string>();
        var guests = GuestCatalog.Make(new BenchOptions { Suite = "linux", Images = folder.Path }, folder.Path, notes);
        Assert.Empty(notes);
        Assert.Equal([10, 23, 7], guests.Select(guest => guest.Workloads.Count));
        Assert.Equal(40, guests.SelectMany(guest => guest.Workloads).Distinct().Count());
        var some = Assert.Single(GuestCatalog.Make(new BenchOptions { Suite = "linux", Images = folder.Path, Filter = ["gzip", "bzip2"] }, folder.Path, notes));
        Assert.StartsWith("ARM64VM_ONLY='@(gzip|bzip2)'\n", File.ReadAllText(some.ScriptFile!), StringComparison.Ordinal);

        // Input and output has disks to write and a network, and is not part of everything; without a server there is no network to measure.
        var io = GuestCatalog.Make(new BenchOptions { Suite = "io", Images = folder.Path, Filter = ["*-fsync", "net-*"] }, folder.Path, notes);
        Assert.Equal([("io-pci", true), ("io-mmio", false)], io.Select(guest => (guest.Suite, guest.Machine.OnPci)));
        foreach (var guest in io)
        {
            Assert.Equal(["raw-fsync", "qcow2-fsync"], guest.Workloads);
            Assert.Equal((2, true, false), (guest.Machine.Scratch.Count, guest.Machine.HasNetwork, guest.RunsOnHost));
        }

        Assert.Equal("io-mmio", Assert.Single(GuestCatalog.Make(new BenchOptions { Suite = "io", Images = folder.Path, Filter = ["io-mmio/*"] }, folder.Path, notes)).Suite);
        Assert.DoesNotContain(GuestCatalog.Make(new BenchOptions { Suite = BenchOptions.All, Images = folder.Path }, folder.Path, []), guest => guest.Suite.StartsWith("io", StringComparison.Ordinal));
    }
}
