using System.Text.RegularExpressions;

namespace Arm64Vm.Architecture.Tests;

/// <summary>x86-64 is the business of Backend.X64 and of the executor that runs its code; the rest runs on any host that .NET runs on.</summary>
/// <remarks>
/// That it does is shown by tests that run again without hardware intrinsics (WithoutIntrinsics) and by builds for other hosts (.ci/run).
/// </remarks>
public partial class PortabilityTests
{
    private const string X64 = "Arm64Vm.Backend.X64";

    /// <summary>What deals with emitted code from outside the back end: the executor and its caches, and who shows and samples its code.</summary>
    private static readonly string[] s_executor = ["Arm64Vm.Translation/Jit/", "Arm64Vm.Translation/Profiling/", "Arm64Vm.Cli/Profiles/"];

    /// <summary>Host memory, features and clocks of the back end are used elsewhere; what emits instructions is not.</summary>
    [Fact]
    public void OnlyTheExecutorOfEmittedCodeKnowsHowItIsMade() =>
        Expect.None(Product.Names(file => file.Layer != X64
            && !s_executor.Any(place => file.Name.StartsWith(place, StringComparison.Ordinal))
            && file.Lines.Any(line => CodeGeneration().IsMatch(line))));

    /// <summary>Registers and instructions of x86-64 have no name below and beside the back end.</summary>
    [Fact]
    public void NothingElseNamesHostRegisters() =>
        Expect.None(Product.Names(file => file.Layer is "Arm64Vm.Isa" or "Arm64Vm.Ir" or "Arm64Vm.Backend.Il" or "Arm64Vm.Cpu" or "Arm64Vm.Devices"
            && file.Lines.Any(line => HostName().IsMatch(line))));

    /// <summary>A host instruction outside the back end stands behind a question whether the host has it.</summary>
    [Fact]
    public void HostInstructionsAreAskedForFirst()
    {
        List<SourceFile> users = [.. Product.Files().Where(file => file.Layer != X64 && file.Lines.Any(line => line.Contains("System.Runtime.Intrinsics.X86", StringComparison.Ordinal)))];
        Assert.NotEmpty(users);
        Expect.None(users.Where(file => !file.Lines.Any(line => line.Contains(".IsSupported", StringComparison.Ordinal))).Select(file => file.Name));
    }

    [GeneratedRegex(@"Arm64Vm\.Backend\.X64\.(Compile|Emit)\b")]
    private static partial Regex CodeGeneration();

    [GeneratedRegex(@"\b(lahf|sahf|mxcsr|[xyz]mm\d*|r[abcd]x|r[sd]i|r[sb]p|cmpxchg\w*)\b", RegexOptions.IgnoreCase)]
    private static partial Regex HostName();
}
