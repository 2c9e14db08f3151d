using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>Each way a run can end has a status of its own.</summary>
public class EndOfRunTests
{
    private const string Small = "--memory=64M";
    private const string Panic = "[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n";

    [Fact]
    public void APanicIsNoPowerOff()
    {
        using var resets = Program(p => p.Print(Panic).Reset());
        CliRun.Of("boot", "--kernel", resets.Path, Small, "--no-reboot").ExpectFailure(123, "the guest's kernel panicked");
        using var ends = Program(p => p.Print(Panic).PowerOff());
        CliRun.Of("boot", "--kernel", ends.Path, Small).ExpectFailure(123, "the guest's kernel panicked");
        using var hangs = Program(p => p.Print(Panic).Hang());
        CliRun.Of("boot", "--kernel", hangs.Path, Small, "--timeout", "3").ExpectFailure(124, "and after a panic");
    }

    [Fact]
    public void AResetIsNoPowerOff()
    {
        using var kernel = Program(p => p.Print("x").Reset());
        Assert.Equal(new CliRun(121, "x", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small, "--no-reboot"));
    }

    [Fact]
    public void AnyOfSeveralTextsEndsTheRun()
    {
        using var kernel = Program(p => p.Print("login: ").Hang());
        Assert.Equal(0, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--until", "# ", "--until", "login: ", "--timeout", "60").Status);
        using var other = Program(p => p.Print("nothing").PowerOff());
        CliRun.Of("boot", "--kernel", other.Path, Small, "--until", "# ", "--until", "login: ").ExpectFailure(1, "printed \"# \" or \"login: \"");
    }

    [Fact]
    public void ATextThatMeansFailureEndsTheRunAtOnce()
    {
        using var kernel = Program(p => p.Print("BUG: bad page").Hang());
        CliRun.Of("boot", "--kernel", kernel.Path, Small, "--fail", "Oops", "--fail", "BUG:", "--until", "login", "--timeout", "60").ExpectFailure(1, "the console printed \"BUG:\"");
    }

    private static TemporaryFile Program(Func<TestProgram, TestProgram> write) => new(write(new TestProgram()).ToElf());
}
