using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Arm64Vm.Cli.Tests;

/// <summary>What <c>arm64vm profile</c> writes for the host's <c>perf</c>, and what that makes of it.</summary>
public sealed class HostProfilerTests : IDisposable
{
    private const string Guest = "--memory 64M --append 'kernels=sha256 seconds=0.3'";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EmittedCodeHasTheGuestsNames()
    {
        var run = ShellRun.Of($"cd $1; $arm64vm profile --output p --perf-map --jitdump . {Guest} >console </dev/null & pid=$!; wait $pid || exit; mv /tmp/perf-$pid.map map; [ -s jit-$pid.dump ] && mv jit-$pid.dump dump", _folder.Path);
        Assert.Equal((0, ""), (run.Status, run.Error));
        var map = CheckMap(File.ReadAllLines(Path.Combine(_folder.Path, "map")));
        var dump = CheckDump(File.ReadAllBytes(Path.Combine(_folder.Path, "dump")));
        Assert.Contains(map.Keys, name => name.StartsWith("compress", StringComparison.Ordinal));
        Assert.Contains(dump.Keys, name => name.StartsWith("compress", StringComparison.Ordinal));

        // What is in the map is in the dump too, which has what was there earlier as well.
        Assert.All(map, one => Assert.Contains(one.Value, dump[one.Key]));
    }

    /// <summary>
    /// Samples of <c>perf record</c> in emitted code get the guest's names from the dump, and <c>perf annotate</c> shows the host's instructions. Where the host does not let perf sample, the test is
    /// skipped.
    /// </summary>
    [Fact]
    public void PerfShowsGuestFunctionsAndTheirCode()
    {
        OptionalTool.Require("perf", "apt-get install linux-perf");
        OptionalTool.Require("objdump", "apt-get install binutils");
        var probe = ShellRun.Of("cd $1; perf record -k mono -e cpu-clock -o probe true", _folder.Path);
        if (probe.Status != 0)
            OptionalTool.Miss($"perf cannot sample here: {probe.Error}");
        var run = ShellRun.Of($"cd $1; export JITDUMPDIR=$1; perf record -k mono -e cpu-clock -o data $arm64vm profile --output p --jitdump $1 {Guest} >console </dev/null && perf inject --jit -i data -o jit && perf report -i jit --stdio --sort symbol 2>/dev/null >report && cat report", _folder.Path);
        Assert.True(run.Status == 0, run.Error);
        var hottest = Regex.Match(run.Output, @"\d+\.\d+% +\[\.\] (compress\S*)");
        Assert.True(hottest.Success, run.Output);

        var code = ShellRun.Of("cd $1; perf annotate -i jit --stdio -s $2", _folder.Path, hottest.Groups[1].Value);
        Assert.True(code.Status == 0, code.Error);
        Assert.Contains($"<{hottest.Groups[1].Value}>:", code.Output, StringComparison.Ordinal);
        var instructions = Regex.Matches(code.Output, @"^ +(\d+\.\d+) +: +[0-9a-f]+: +[a-z]", RegexOptions.Multiline);
        Assert.InRange(instructions.Count, 5, 10_000);
        Assert.InRange(instructions.Sum(one => double.Parse(one.Groups[1].Value, CultureInfo.InvariantCulture)), 95, 105);
    }

    /// <summary>A disk that becomes full takes the file that does not fit, as a whole, and nothing else.</summary>
    [Fact]
    public void AFullDiskIsSaidAndLeavesNoPartOfAFile()
    {
        const string Mount = "mount -t tmpfs -o size=16k small small";
        if (ShellRun.Of($"cd $1; mkdir small; unshare --map-root-user --mount sh -c '{Mount}'", _folder.Path).Status != 0)
            OptionalTool.Miss("the host does not let a user mount a small file system");
        var guest = Guest.Replace("'", "\"", StringComparison.Ordinal);
        var run = ShellRun.Of($"cd $1; unshare --map-root-user --mount sh -c '{Mount}; $arm64vm profile --output small/p --jitdump . {guest} </dev/null; status=$?; $arm64vm report small/p; wc -c small/p; exit $status'", _folder.Path);
        Assert.Equal(1, run.Status);
        Assert.Contains("FIRMWARE OK", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n0 small/p\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"^arm64vm: 'small/p' cannot be written, and is left empty: .*\narm64vm: 'small/p': The file is empty: its recording has not ended, or could not be written\.\n$", run.Error);
        CheckDump(File.ReadAllBytes(Directory.GetFiles(_folder.Path, "jit-*.dump").Single()));

        // The other way about.
        run = ShellRun.Of($"cd $1; unshare --map-root-user --mount sh -c '{Mount}; $arm64vm profile --output p --jitdump small {guest} >console </dev/null; status=$?; wc -c small/*; exit $status'", _folder.Path);
        Assert.Equal(1, run.Status);
        Assert.Matches(@"^40 small/jit-\d+\.dump\n$", run.Output);
        Assert.Matches(@"^arm64vm: '\S+\.dump' cannot be written, and is left without code: .*\n$", run.Error);
        var report = CliRun.Of("report", Path.Combine(_folder.Path, "p"));
        Assert.Equal((0, ""), (report.Status, report.Error));
    }

    [Fact]
    public void WrongFoldersAreSaid()
    {
        CliRun.Of("profile", "--output", Path.Combine(_folder.Path, "p"), "--jitdump", Path.Combine(_folder.Path, "none")).ExpectFailure(2, "--jitdump: there is no folder");
        Assert.False(File.Exists(Path.Combine(_folder.Path, "p")));
    }

    /// <summary>Units of a name by (address, size): in the order of their addresses, none in another.</summary>
    private static Dictionary<string, (ulong Address, ulong Size)> CheckMap(string[] lines)
    {
        Dictionary<string, (ulong, ulong)> all = [];
        ulong end = 0;
        foreach (var line in lines)
        {
            var parts = line.Split(' ', 3);
            var (address, size) = (ulong.Parse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), ulong.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            Assert.True(address >= end && size > 0, line);
            end = address + size;
            all[parts[2]] = (address, size);
        }

        return all;
    }

    /// <summary>The records of the specification (tools/perf/Documentation/jitdump-specification.txt).</summary>
    private static Dictionary<string, List<(ulong Address, ulong Size)>> CheckDump(ReadOnlySpan<byte> dump)
    {
        const int Load = 0;
        const int Close = 3;
        Assert.Equal((0x4A69_5444u, 1u, 40u, 62u), (Word(dump, 0), Word(dump, 4), Word(dump, 8), Word(dump, 12)));
        Dictionary<string, List<(ulong, ulong)>> all = [];
        ulong time = 0, index = 0;
        var at = 40;
        while (Word(dump, at) == Load)
        {
            var record = dump.Slice(at, (int)Word(dump, at + 4));
            Assert.True(Long(record, 8) >= time);
            time = Long(record, 8);
            Assert.Equal(Word(dump, 20), Word(record, 16));
            Assert.Equal(index++, Long(record, 48));
            var size = Long(record, 40);
            var name = record[56..^(int)size];
            Assert.Equal(0, name[^1]);
            var text = Encoding.UTF8.GetString(name[..^1]);
            if (!all.TryGetValue(text, out var places))
                all.Add(text, places = []);
            places.Add((Long(record, 24), size));
            at += record.Length;
        }

        Assert.Equal((uint)Close, Word(dump, at));
        Assert.Equal(dump.Length, at + 16);
        return all;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
