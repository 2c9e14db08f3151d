using System.Diagnostics;
using System.Reflection;

namespace Arm64Vm.Translation.Tests.Il;

/// <summary>Nothing outside the x64 back end needs an instruction that only some hosts have: the same tests without any hardware intrinsic, in another process.</summary>
public class PortabilityTests
{
    private const string IntrinsicsSwitch = "DOTNET_EnableHWIntrinsic";

    [Fact]
    public void VectorsPassWithoutHardwareIntrinsics()
    {
        // Not in the process that this starts.
        if (Environment.GetEnvironmentVariable(IntrinsicsSwitch) == "0")
            return;
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { Assembly.GetExecutingAssembly().Location, "-method", $"{typeof(IlVectorTests).FullName}.{nameof(IlVectorTests.OutcomesAreExactWithoutPasses)}" },
            Environment = { [IntrinsicsSwitch] = "0" },
        };

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Total: 0", output, StringComparison.Ordinal);
    }
}
