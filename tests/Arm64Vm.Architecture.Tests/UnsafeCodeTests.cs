namespace Arm64Vm.Architecture.Tests;

/// <summary>Pointers stay in the layers that run guest code and own its memory, and every file that has them says what keeps them valid.</summary>
public class UnsafeCodeTests
{
    /// <summary>Folders in which code may be unsafe.</summary>
    private static readonly string[] Allowed =
    [
        "Arm64Vm.Backend.Il/",
        "Arm64Vm.Backend.X64/",
        "Arm64Vm.Cpu/",

        // System calls on the terminal's descriptors; a page of code for the translator, which takes pointers; a file outside the heap.
        "Arm64Vm.Cli/Terminal/",
        "Arm64Vm.Cli/Commands/LifterCoverage.cs",
        "Arm64Vm.Machine/Board/HostFileContents.cs",
        "Arm64Vm.Devices/Virtio/Block/HostFileCalls.cs",
        "Arm64Vm.Devices/Net/Tap/TapCalls.cs",

        "Arm64Vm.Ir/Interpreter/",
        "Arm64Vm.Ir/State/",
        "Arm64Vm.Ir/IGuestServices.cs",
        "Arm64Vm.Machine/Lockstep/",
        "Arm64Vm.Machine/Board/UnitLog.cs",
        "Arm64Vm.Machine/Board/UnitTrace.cs",
        "Arm64Vm.Machine/Board/UnitwiseExecutor.cs",
        "Arm64Vm.Machine/Board/PhaseCounters.cs",
        "Arm64Vm.Machine/MachineStatistics.cs",
        "Arm64Vm.Machine/Memory/",

        // Samples as the signal handler wrote them, and the context that it reads.
        "Arm64Vm.Machine/Profiling/",
        "Arm64Vm.Translation/",
    ];

    [Fact]
    public void UnsafeCodeStaysInItsLayers()
    {
        List<string> strays = Product.Names(file =>
            file.IsUnsafe && !Allowed.Any(folder => file.Name.StartsWith(folder, StringComparison.Ordinal)));
        Expect.None(strays);
    }

    /// <summary>The line stands in the file, or, for a partial type, in the file of its main part.</summary>
    [Fact]
    public void UnsafeCodeSaysWhyItIsSafe()
    {
        List<string> silent = Product.Names(file => file.IsUnsafe && !file.SaysWhySafe && !file.MainPart.SaysWhySafe);
        Expect.None(silent);
    }

    /// <summary>The other way round: a lifter composes IR and needs no pointer.</summary>
    [Fact]
    public void LiftersAreSafe() =>
        Expect.None(Product.Names(file => file.IsUnsafe && file.Name.StartsWith("Arm64Vm.Translation/Lifters/", StringComparison.Ordinal)));
}
