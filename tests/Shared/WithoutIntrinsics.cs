using System.Diagnostics;
using System.Reflection;

namespace Arm64Vm.Tests;

/// <summary>Runs tests of this assembly again in a process that has no hardware intrinsic at all.</summary>
internal static class WithoutIntrinsics
{
    private const string Switch = "DOTNET_EnableHWIntrinsic";

    /// <summary>Runs all tests, or those that arguments of the test runner choose; at least one must run, and none fail.</summary>
    /// <remarks>In the process that this starts it does nothing.</remarks>
    public static void Run(params string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(Switch) == "0")
            return;
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, Environment = { [Switch] = "0" } };
        start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Total: 0", output, StringComparison.Ordinal);
    }
}
