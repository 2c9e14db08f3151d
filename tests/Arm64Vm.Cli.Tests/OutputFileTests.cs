using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>No file is opened for writing before every option and every input has been checked, and none that is used twice.</summary>
public sealed class OutputFileTests : IDisposable
{
    private const string Small = "--memory=64M";
    private readonly TemporaryFolder _folder = new();
    private readonly string _kernel;

    public OutputFileTests() => _kernel = Make("kernel", new TestProgram().Print("hello").PowerOff().ToElf());

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string[]> RunsThatCannotBegin => new()
    {
        { ["boot", "--memory", "1T"] },
        { ["boot", "--kernel", "/nonexistent"] },
        { ["boot", "--escape", "x"] },
        { ["boot", "--timeout", "soon"] },
        { ["boot", "--kernel", "$kernel", "--dtb", "$kernel"] },
        { ["boot", "--kernel", "$kernel", "--disk", "/nonexistent"] },
        { ["boot", "--kernel", "$kernel", "--initrd", "/nonexistent"] },
        { ["lockstep", "/nonexistent"] },
        { ["lockstep", "$kernel", "--memory", "1T"] },
        { ["lockstep", "$kernel", "--limit", "0"] },
    };

    [Theory]
    [MemberData(nameof(RunsThatCannotBegin))]
    public void ARunThatCannotBeginLeavesOldOutputAlone(string[] arguments)
    {
        var log = Make("log", "old"u8.ToArray());
        List<string[]> options = [["--serial", "file:" + log]];
        if (arguments[0] == "boot")
            options.Add(["--serial", "none", "--virtio-console", "file:" + log]);
        foreach (var option in options)
        {
            var run = CliRun.Of([.. arguments.Select(text => text.Replace("$kernel", _kernel, StringComparison.Ordinal)), .. option]);
            Assert.True(run.Status is 1 or 2);
            Assert.Equal("old", File.ReadAllText(log));
        }
    }

    [Fact]
    public void ASecondOutputThatCannotBeMadeLeavesTheFirstAlone()
    {
        var log = Make("log", "old"u8.ToArray());
        CliRun.Of("boot", "--kernel", _kernel, Small, "--serial", "file:" + log, "--virtio-console", "file:/nonexistent/x").ExpectFailure(1, "/nonexistent/x");
        Assert.Equal("old", File.ReadAllText(log));
    }

    [Fact]
    public void TheDeviceTreeIsWrittenWithoutTouchingTheConsolesFile()
    {
        var log = Make("log", "old"u8.ToArray());
        Assert.Equal(0, CliRun.Of("boot", "--kernel", _kernel, Small, "--serial", "file:" + log, "--dump-dtb", At("tree")).Status);
        Assert.Equal("old", File.ReadAllText(log));
    }

    [Fact]
    public void TheDeviceTreeCanGoToStandardOutput()
    {
        var run = CliRun.Of("boot", "--kernel", _kernel, Small, "--dump-dtb", "-");
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.Contains("linux,dummy-virt", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists("-"));
    }

    /// <summary>Every option that writes, with every other that names the same file.</summary>
    [Theory]
    [InlineData("boot --serial file:")]
    [InlineData("boot --serial2 file:")]
    [InlineData("boot --virtio-console file:")]
    [InlineData("boot --dump-dtb ")]
    [InlineData("boot --screenshot ")]
    [InlineData("boot --trace exec --trace-file ")]
    [InlineData("lockstep --serial file:")]
    [InlineData("profile --output ")]
    [InlineData("profile --output $other --serial file:")]
    public void AnInputIsNotOverwritten(string commandAndOutput)
    {
        string[] inputs = ["--kernel", "--firmware", "--initrd", "--dtb", "--vars", "--disk"];
        foreach (var input in inputs)
        {
            var file = Make("input", "precious"u8.ToArray());
            List<string> arguments = [.. (commandAndOutput + file).Replace("$other", At("other"), StringComparison.Ordinal).Split(' '), input, file];
            if (input is "--initrd" or "--dtb")
                arguments.AddRange(["--kernel", _kernel]);
            if (input == "--vars")
                arguments.AddRange(["--firmware", _kernel]);
            CliRun.Of([.. arguments]).ExpectFailure(2, file);
            Assert.Equal("precious", File.ReadAllText(file));
        }
    }

    [Fact]
    public void LinksDoNotHideAnInput()
    {
        var symbolic = At("symbolic");
        File.CreateSymbolicLink(symbolic, _kernel);
        var hard = At("hard");
        Assert.True(HostCommand.Run("ln", _kernel, hard));
        var before = File.ReadAllBytes(_kernel);
        foreach (var name in (ReadOnlySpan<string>)[symbolic, hard, Path.Combine(_folder.Path, ".", "kernel")])
            CliRun.Of("boot", "--kernel", _kernel, Small, "--serial", "file:" + name).ExpectFailure(2, $"'{name}' is the same file as '{_kernel}'");
        CliRun.Of("lockstep", symbolic, "--serial", "file:" + hard).ExpectFailure(2, "used by IMAGE too");
        Assert.Equal(before, File.ReadAllBytes(_kernel));
    }

    [Fact]
    public void TwoConsolesDoNotShareAFile()
    {
        var dangling = At("dangling");
        File.CreateSymbolicLink(dangling, At("new"));
        CliRun.Of("boot", "--kernel", _kernel, Small, "--serial", "file:" + At("new"), "--virtio-console", "file:" + dangling).ExpectFailure(2, "used by --serial too");
        Assert.False(File.Exists(At("new")));
        Assert.Equal(0, CliRun.Of("boot", "--kernel", _kernel, Small, "--serial", "file:/dev/null", "--virtio-console", "file:/dev/null").Status);
    }

    [Fact]
    public void ADiskThatIsWrittenIsGivenOnce()
    {
        var disk = Make("disk", new byte[4096]);
        CliRun.Of("boot", "--kernel", _kernel, Small, "--disk", disk, "--disk", disk).ExpectFailure(2, "is given twice");
        CliRun.Of("boot", "--kernel", _kernel, Small, "--disk", disk + ",readonly", "--disk", disk).ExpectFailure(2, "is given twice");
        Assert.Equal(0, CliRun.Of("boot", "--kernel", _kernel, Small, "--disk", disk + ",readonly", "--disk", disk + ",snapshot").Status);
    }

    /// <summary>The guest reads what is below an image, too.</summary>
    [Fact]
    public void ABackingFileIsAnInput()
    {
        var lowest = Make("lowest", [.. Enumerable.Repeat((byte)7, 4096)]);
        var (middle, top) = (At("middle.qcow2"), At("top.qcow2"));
        Assert.Equal(0, CliRun.Of("image", "create", middle, "--backing", lowest).Status);
        Assert.Equal(0, CliRun.Of("image", "create", top, "--backing", middle).Status);
        foreach (var below in (ReadOnlySpan<string>)[lowest, middle])
        {
            var before = File.ReadAllBytes(below);
            CliRun.Of("boot", "--kernel", _kernel, Small, "--disk", top, "--serial", "file:" + below).ExpectFailure(2, $"'{below}' is used by --disk (as a backing file) too, and would be overwritten");
            CliRun.Of("boot", "--kernel", _kernel, Small, "--disk", top, "--disk", below).ExpectFailure(2, "used by --disk");
            Assert.Equal(before, File.ReadAllBytes(below));
        }

        Assert.Equal(0, CliRun.Of("boot", "--kernel", _kernel, Small, "--disk", top, "--disk", lowest + ",readonly").Status);
    }

    [Fact]
    public void ARecordingOfARunningMachineDoesNotOverwriteItsSymbols()
    {
        var before = File.ReadAllBytes(_kernel);
        CliRun.Of("profile", "--attach", "nobody", "--symbols", _kernel, "--output", _kernel).ExpectFailure(2, "--symbols");
        Assert.Equal(before, File.ReadAllBytes(_kernel));
    }

    /// <summary>A socket is made where nothing is, or where one was that nobody listens on.</summary>
    [Theory]
    [InlineData("--vsock", "")]
    [InlineData("--gdb", "unix:")]
    [InlineData("--qmp", "unix:")]
    [InlineData("--serial", "unix:$,server,nowait")]
    [InlineData("--net", "socket,listen=")]
    public void AFileDoesNotMakeRoomForASocket(string option, string value)
    {
        var file = Make("input", "precious"u8.ToArray());
        var place = value.Contains('$', StringComparison.Ordinal) ? value.Replace("$", file, StringComparison.Ordinal) : value + file;
        Assert.NotEqual(0, CliRun.Of("boot", "--kernel", _kernel, Small, option, place).Status);
        Assert.Equal("precious", File.ReadAllText(file));
    }

    [Fact]
    public void StandardOutputInAFileCountsAsWell()
    {
        var run = ShellRun.Of("$arm64vm boot --memory 64M --kernel \"$1\" >>\"$1\"", _kernel);
        Assert.Equal(2, run.Status);
        Assert.Contains("standard output", run.Error, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private string Make(string name, byte[] contents)
    {
        File.WriteAllBytes(At(name), contents);
        return At(name);
    }
}
