using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>Lockstep runs that a guest does not end.</summary>
public class LockstepEndTests
{
    /// <summary>Vectors at an address where nothing is: each exception raises the next, without an instruction in between.</summary>
    private static readonly byte[] s_recursion = new TestProgram().Set(0, 0x3000_0000).Add(0xD518_C000, 0xD503_3FDF, 0xD420_0000).ToElf(); // msr vbar_el1, x0; isb; brk #0

    [Fact]
    public void TheLimitHoldsInARecursiveException()
    {
        using var kernel = new TemporaryFile(s_recursion);
        var run = CliRun.Of("lockstep", kernel.Path, "--memory", "64M", "--limit", "5000", "--timeout", "100");
        Assert.Equal((0, "no difference in 5,000 units\n", ""), (run.Status, run.Output, run.Error));
    }

    [Fact]
    public void TheTimeLimitHoldsInARecursiveException()
    {
        using var kernel = new TemporaryFile(s_recursion);
        CliRun.Of("lockstep", kernel.Path, "--memory", "64M", "--timeout", "1").ExpectFailure(124, "time-out after 1 s");
        using var hangs = new TemporaryFile(new TestProgram().Hang().ToElf());
        CliRun.Of("lockstep", hangs.Path, "--memory", "64M", "--timeout", "1").ExpectFailure(124, "time-out after 1 s");
    }

    [Fact]
    public void WaitingForEverIsNoDifference()
    {
        using var kernel = new TemporaryFile(new TestProgram().Add(0xD503_207F).Hang().ToElf()); // wfi
        CliRun.Of("lockstep", kernel.Path, "--memory", "64M", "--timeout", "100").ExpectFailure(ExitStatus.WaitsForever, "will never come");
    }
}
