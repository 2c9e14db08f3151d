using System.Text.Json;
using Arm64Vm.Profiling;
using Arm64Vm.Profiling.Tests;

namespace Arm64Vm.Cli.Tests;

/// <summary><c>arm64vm report</c> on small profiles that are known.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _profile;

    public ReportCommandTests()
    {
        _profile = Path.Combine(_folder.Path, "p");
        File.WriteAllBytes(_profile, SampleProfiles.Bytes(SampleProfiles.Full()));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TablesAndFindings()
    {
        var run = CliRun.Of("report", _profile);
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.StartsWith("embedded firmware, 2 processors, 2.00 s from 2026-01-02 03:04:05 UTC\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("   75.0%    3,000 ms  emitted\n", run.Output, StringComparison.Ordinal);
        Assert.Contains(" 100.00%  100.00%     100%        1  memcpy (vmlinux)\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("lost: Dma", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n *4300\.00% +43 +1 +\S+ +1 +\S+  40010000 memcpy\n", run.Output);
        Assert.Contains("FINDINGS\n  1. ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonHasEveryTable()
    {
        var run = CliRun.Of("report", _profile, "--json");
        Assert.Equal((0, ""), (run.Status, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var root = document.RootElement;
        Assert.Equal(3_000_000_000, root.GetProperty("wall_ns").GetProperty("emitted").GetInt64());
        Assert.Equal("memcpy", root.GetProperty("functions")[0].GetProperty("name").GetString());
        Assert.Equal((43, 123_456_789, "Dma"), (root.GetProperty("blocks")[0].GetProperty("samples").GetInt64(), root.GetProperty("blocks")[0].GetProperty("entries").GetInt64(), root.GetProperty("blocks")[0].GetProperty("lost").GetString()));
        foreach (var table in (string[])["modules", "processes", "pages", "exits", "misses", "invalidations", "retranslations", "findings"])
            Assert.True(root.GetProperty(table).GetArrayLength() > 0, table);
        Assert.Equal(34, root.GetProperty("counters").GetProperty("lookups").GetInt64());
    }

    [Theory]
    [InlineData("memcpy")]
    [InlineData("vmlinux:memcpy")]
    [InlineData("memcpy (vmlinux)")]
    [InlineData("0xffff800000010044")]
    [InlineData("ffff800000010040")]
    public void AnnotatedBlocksHaveGuestAndHostCodeWithSamples(string what)
    {
        var run = CliRun.Of("report", _profile, "--annotate", what);
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.StartsWith("block ffff800000010040 memcpy+0, physical 40010040, EL1, tier 1\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("43 samples, 123,456,789 entries", run.Output, StringComparison.Ordinal);
        Assert.Matches(@" 95\.3%  ffff800000010044:  d503201f  nop\n", run.Output);
        Assert.Matches(@" 93\.0% +3  nop\n", run.Output);
    }

    [Fact]
    public void AnnotatingWhatIsNotThereFails()
    {
        CliRun.Of("report", _profile, "--annotate", "nothing").ExpectFailure(1, "no block of the profile is in 'nothing'");
        CliRun.Of("report", _profile, "--annotate", "bash:memcpy").ExpectFailure(1, "no block of the profile is in 'bash:memcpy'");
    }

    [Fact]
    public void DifferencesAreByShareAndByRate()
    {
        var other = SampleProfiles.Full();
        other.Places[(int)ProfilePlace.Emitted] = 1_000_000_000;
        other.Places[(int)ProfilePlace.Translate] = 2_000_000_000;
        other.Counters["links"] = 6;
        var after = Path.Combine(_folder.Path, "after");
        File.WriteAllBytes(after, SampleProfiles.Bytes(other));
        var run = CliRun.Of("report", _profile, "--diff", after);
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.Contains("   75.0%    25.0%    -50.0  emitted\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("    0.0%    50.0%    +50.0  translate\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@" 6 +3 +-50\.0 %  links\n", run.Output);
        Assert.DoesNotContain("memcpy", run.Output, StringComparison.Ordinal);
        CliRun.Of("report", _profile, "--diff", Path.Combine(_folder.Path, "none")).ExpectFailure(1, "none");
    }

    [Fact]
    public void RulesThatHoldAndRulesThatAreBroken()
    {
        Assert.Equal((0, "ok      emitted > 70%  (is 75 %)\n"), Result("--check", "emitted > 70%"));
        Assert.Equal((1, "broken  emitted <= 70%  (is 75 %)\n"), Result("--check", "emitted <= 70%"));
        var rules = Path.Combine(_folder.Path, "rules");
        File.WriteAllText(rules, "# what must hold\nexits Poll < 100   # 77 in two seconds\n\nlost write <= 8\ncounter links >= 12\nfunction memcpy < 50%\n");
        Assert.Equal((1, "ok      exits Poll < 100  (is 38.5)\nok      lost write <= 8  (is 8)\nok      counter links >= 12  (is 12)\nbroken  function memcpy < 50%  (is 100 %)\n"), Result("--check", rules));
        Assert.Equal(1, Result("--check", "emitted > 70%", "--check", "misses < 1").Status);

        (int Status, string Output) Result(params string[] arguments)
        {
            var run = CliRun.Of(["report", _profile, .. arguments]);
            Assert.Equal("", run.Error);
            return (run.Status, run.Output);
        }
    }

    [Theory]
    [InlineData("--check 'emitted'", "'emitted' compares nothing")]
    [InlineData("--check 'emitted < much'", "'much' is not a number")]
    [InlineData("--check 'nothing < 1'", "there is no measure 'nothing'")]
    [InlineData("--check 'emitted < 5'", "'emitted' is a share: say 5%")]
    [InlineData("--check 'misses < 5%'", "is a number, not a share")]
    [InlineData("--lines 0", "--lines: from 1 to 1000000")]
    [InlineData("--lines x", "x")]
    [InlineData("--json --annotate memcpy", "--json and --annotate do not go together")]
    [InlineData("--annotate memcpy --check 'emitted < 5%'", "--annotate and --check do not go together")]
    [InlineData("--export pprof --diff p", "--diff and --export do not go together")]
    [InlineData("--export gprof", "--export: 'gprof' is no format; there are speedscope, firefox, pprof, collapsed, chrome")]
    [InlineData("--export ''", "'' is no format")]
    [InlineData("--export pprof=", "--export pprof=: the file's name is missing")]
    [InlineData("--export pprof --export chrome", "can go to standard output")]
    [InlineData("--export", "--export")]
    [InlineData("--export pprof --html -", "only one of --export and --html can go to standard output")]
    [InlineData("--html ''", "--html: the file's name must not be empty")]
    [InlineData("--html x --annotate memcpy", "--annotate and --html do not go together")]
    [InlineData("--html x --json", "--json and --html do not go together")]
    [InlineData("--nonsense", "--nonsense")]
    public void WrongUsageIsSaid(string options, string message) => CliRun.Of(["report", _profile, .. Split(options)]).ExpectFailure(2, message);

    [Fact]
    public void FilesThatAreNoProfilesAreSaid()
    {
        var file = Path.Combine(_folder.Path, "other");
        CliRun.Of("report", file).ExpectFailure(1, "other");
        File.WriteAllText(file, "nothing of the kind");
        CliRun.Of("report", file).ExpectFailure(1, $"'{file}': The file is no profile.");
        CliRun.Of("report", _profile, "--diff", file).ExpectFailure(1, $"'{file}': The file is no profile.");
        var bytes = File.ReadAllBytes(_profile);
        File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]);
        CliRun.Of("report", file, "--export", "pprof").ExpectFailure(1, $"'{file}': The profile is damaged.");
        CliRun.Of("report", _folder.Path).ExpectFailure(1, "denied");
        CliRun.Of("report", "").ExpectFailure(2, "must not be empty");
        CliRun.Of("report").ExpectFailure(2, "FILE");
    }

    [Fact]
    public void ExportsGoToFilesAndToStandardOutput()
    {
        var (speedscope, trace) = (Path.Combine(_folder.Path, "s.json"), Path.Combine(_folder.Path, "t.json"));
        File.WriteAllText(speedscope, new string('x', 100_000));
        var run = CliRun.Of("report", _profile, "--export", $"speedscope={speedscope}", "--export", "collapsed", "--export", $"chrome={trace}");
        Assert.Equal((0, "", "init;main (bash);memcpy (vmlinux) 1\n"), (run.Status, run.Error, run.Output));
        foreach (var file in (string[])[speedscope, trace])
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        }
    }

    /// <summary>Neither the profile nor another export is written over, and nothing is emptied for a profile that cannot be read.</summary>
    [Fact]
    public void ExportsWriteOverNothingThatIsNeeded()
    {
        var before = File.ReadAllBytes(_profile);
        CliRun.Of("report", _profile, "--export", $"pprof={_profile}").ExpectFailure(2, "--export");
        Assert.Equal(before, File.ReadAllBytes(_profile));
        var kept = Path.Combine(_folder.Path, "kept");
        File.WriteAllText(kept, "kept");
        CliRun.Of("report", _profile, "--export", $"pprof={kept}", "--export", $"chrome={kept}").ExpectFailure(2, "given twice");
        CliRun.Of("report", Path.Combine(_folder.Path, "none"), "--export", $"pprof={kept}").ExpectFailure(1, "none");
        CliRun.Of("report", _profile, "--export", $"pprof={kept}", "--export", $"chrome={_folder.Path}").ExpectFailure(1, "is a folder");
        Assert.Equal("kept", File.ReadAllText(kept));
        CliRun.Of("report", _profile, "--export", "chrome=/dev/full").ExpectFailure(1, "/dev/full");
        CliRun.Of("report", _profile, "--html", _profile).ExpectFailure(2, "--html");
        CliRun.Of("report", _profile, "--html", kept, "--export", $"chrome={kept}").ExpectFailure(2, "would be overwritten");
        Assert.Equal("kept", File.ReadAllText(kept));
    }

    [Fact]
    public void APageAndExportsAreMadeAtOnce()
    {
        var page = Path.Combine(_folder.Path, "p.html");
        var run = CliRun.Of("report", _profile, "--html", page, "--export", "collapsed");
        Assert.Equal((0, "", "init;main (bash);memcpy (vmlinux) 1\n"), (run.Status, run.Error, run.Output));
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Fact]
    public void HelpAndCompletionKnowTheFormats()
    {
        var help = CliRun.Of("report", "--help").Output;
        Assert.Contains("--export <speedscope|firefox|pprof|collapsed|chrome[=FILE]>", help, StringComparison.Ordinal);
        Assert.Contains("arm64vm report p --export speedscope=p.json", help, StringComparison.Ordinal);
        const string Line = "arm64vm report p --export sp";
        Assert.Equal("speedscope\nspeedscope=\n", CliRun.Of($"[suggest:{Line.Length}]", Line).Output);
    }

    [Fact]
    public void AProfileWithTimeInTheRunLoopAndWithoutExitsIsReported()
    {
        var profile = SampleProfiles.Full();
        profile.Exits.Clear();
        profile.Places[(int)ProfilePlace.RunLoop] = 3_000_000_000;
        File.WriteAllBytes(_profile, SampleProfiles.Bytes(profile));
        var run = CliRun.Of("report", _profile);
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.Contains("in the run loop, outside emitted code.\n", run.Output, StringComparison.Ordinal);
    }

    /// <summary>A profile that is read although its file is damaged is reported, whatever it says.</summary>
    [Fact]
    public void DamagedProfilesThatAreReadAreReported()
    {
        var count = 0;
        foreach (var profile in SampleProfiles.Damaged(seed: 11, rounds: 600))
        {
            File.WriteAllBytes(_profile, SampleProfiles.Bytes(profile));
            foreach (var options in (string[][])[[], ["--json"], ["--annotate", "memcpy"], ["--diff", _profile], ["--check", "emitted < 5%"]])
            {
                var run = CliRun.Of(["report", _profile, .. options]);
                Assert.DoesNotContain("internal error", run.Error, StringComparison.Ordinal);
            }

            count++;
        }

        Assert.InRange(count, 50, 600);
    }

    private static IEnumerable<string> Split(string options)
    {
        foreach (var (part, index) in options.Split('\'').Select((part, index) => (part, index)))
        {
            if (index % 2 == 1)
                yield return part;
            else
                foreach (var word in part.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    yield return word;
        }
    }
}
