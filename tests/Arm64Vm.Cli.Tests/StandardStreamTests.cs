using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>Standard streams that are closed, full or without a reader: a documented status, and never an abort.</summary>
public class StandardStreamTests
{
    private const int Aborted = 134;

    /// <summary>Descriptor 0 became the runtime's random source and its bytes were typed into the guest; 2 became the guest's memory.</summary>
    [Theory]
    [InlineData("<&-")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    public void ClosedDescriptorsAreDevNull(string closed)
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up").Hang().ToElf());
        using var listing = new TemporaryFile([]);
        var run = ShellRun.Of($"$arm64vm boot --memory 64M --kernel \"$1\" --timeout 100 {closed} & for i in $(seq 400); do grep -qs arm64vm-ram /proc/$!/maps && break; sleep 0.2; done; "
            + "for fd in 0 1 2; do readlink /proc/$!/fd/$fd; done >\"$2\"; kill $!; wait $!", kernel.Path, listing.Path);
        Assert.Equal(128 + 15, run.Status);
        var targets = File.ReadAllLines(listing.Path);
        Assert.Equal(3, targets.Length);
        if (closed.Contains('<', StringComparison.Ordinal))
            Assert.Equal("/dev/null", targets[0]);
        if (closed.StartsWith(">&-", StringComparison.Ordinal) || closed.Contains(" >&-", StringComparison.Ordinal))
            Assert.Equal("/dev/null", targets[1]);
        if (closed.Contains("2>&-", StringComparison.Ordinal))
            Assert.Equal("/dev/null", targets[2]);
        Assert.DoesNotContain(targets, target => target.Contains("random", StringComparison.Ordinal) || target.Contains("memfd", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bogus", 2)]
    [InlineData("boot --kernel /nofile", 1)]
    [InlineData("boot --append kernels=none --timeout 0.001", 124)]
    [InlineData("disasm zz", 1)]
    [InlineData("verify /nodir", 1)]
    [InlineData("lockstep /nofile", 1)]
    public void AMessageThatCannotBeWrittenKeepsTheStatus(string arguments, int status)
    {
        foreach (var redirection in (ReadOnlySpan<string>)["2>/dev/full", "2>&-", "2> >(exec true)"])
            Assert.Equal(status, ShellRun.Of($"$arm64vm {arguments} {redirection}").Status);
    }

    [Theory]
    [InlineData("info")]
    [InlineData("completion bash")]
    [InlineData("disasm d503201f")]
    [InlineData("--help")]
    [InlineData("boot --dump-dtb -")]
    public void OutputThatCannotBeWrittenIsAFailure(string arguments)
    {
        var run = ShellRun.Of($"$arm64vm {arguments} >/dev/full");
        Assert.Equal((1, "arm64vm: standard output cannot be written: No space left on device\n"), (run.Status, run.Error));
    }

    /// <summary>What was asked for and cannot be told is no success.</summary>
    [Fact]
    public void StatisticsThatCannotBeWrittenAreAFailure()
    {
        using var kernel = new TemporaryFile(new TestProgram().PowerOff().ToElf());
        Assert.Equal(1, ShellRun.Of("$arm64vm boot --memory 64M --kernel \"$1\" --stats 2>/dev/full", kernel.Path).Status);
        Assert.NotEqual(Aborted, ShellRun.Of("$arm64vm boot --memory 64M --kernel \"$1\" --stats 2>&-", kernel.Path).Status);
    }

    [Fact]
    public void AReaderThatHasSeenEnoughIsNoMistake()
    {
        var run = ShellRun.Of("$arm64vm disasm \"$1\" | head -1; echo ${PIPESTATUS[0]}", typeof(Application).Assembly.Location);
        Assert.Equal("", run.Error);
        Assert.EndsWith("\n1\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ConsoleOutputThatCannotBeWrittenIsAFailure()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("hello").PowerOff().ToElf());
        var run = ShellRun.Of("$arm64vm boot --memory 64M --kernel \"$1\" >/dev/full", kernel.Path);
        Assert.Equal((1, "arm64vm: the console's output cannot be written: standard output cannot be written: No space left on device\n"), (run.Status, run.Error));
        CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--serial", "file:/dev/full").ExpectFailure(1, "No space left on device");
        CliRun.Of("boot", "--kernel", kernel.Path, "--memory", "64M", "--serial", "file:/dev/full", "--until", "hello").ExpectFailure(1, "No space left on device");
        CliRun.Of("lockstep", kernel.Path, "--memory", "64M", "--serial", "file:/dev/full").ExpectFailure(1, "No space left on device");
    }
}
