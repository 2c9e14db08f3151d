using System.Diagnostics;
using System.Reflection;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>Operations mean the same where the host has no vector, fused or cryptographic instructions at all: the tests again in a process without hardware intrinsics.</summary>
public class PortabilityTests
{
    private const string IntrinsicsSwitch = "DOTNET_EnableHWIntrinsic";

    [Fact]
    public void OperationsAgreeWithoutHardwareIntrinsics()
    {
        // Not in the process that this starts.
        if (Environment.GetEnvironmentVariable(IntrinsicsSwitch) == "0")
            return;
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { Assembly.GetExecutingAssembly().Location },
            Environment = { [IntrinsicsSwitch] = "0" },
        };

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
    }
}
