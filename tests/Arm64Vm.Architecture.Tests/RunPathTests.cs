using System.Text.RegularExpressions;

namespace Arm64Vm.Architecture.Tests;

/// <summary>What runs between two guest instructions neither locks nor blocks: one host thread carries many processors.</summary>
public partial class RunPathTests
{
    /// <summary>Vcpu and its parts, the interrupt controller, the timers.</summary>
    private static readonly string[] s_runPath = ["Arm64Vm.Cpu/Vcpu", "Arm64Vm.Cpu/Parts/", "Arm64Vm.Cpu/EventBroadcast", "Arm64Vm.Cpu/Pmu/", "Arm64Vm.Devices/Gic/", "Arm64Vm.Devices/Timer/"];

    /// <summary>Narrow locks of a few instructions, where the guest configures the distributor: field and file.</summary>
    private static readonly (string File, string Gate)[] s_narrow =
    [
        ("Arm64Vm.Devices/Gic/GicV3.cs", "_routeGate"),
        ("Arm64Vm.Devices/Gic/GicV2.cs", "_targetGate"),

        // The ITS is a device with registers and a command queue. A bank of LPIs is held while one of its bits changes, or the guest has
        // their configuration, 56 KiB, read again; a processor for which none is pending does not take it.
        ("Arm64Vm.Devices/Gic/Its/InterruptTranslationService.cs", "_gate"),
        ("Arm64Vm.Devices/Gic/Its/LpiBank.cs", "_gate"),
    ];

    [Fact]
    public void NothingOnTheRunPathLocksOrBlocks()
    {
        var files = Product.Files().Where(file => s_runPath.Any(start => file.Name.StartsWith(start, StringComparison.Ordinal))).ToArray();
        Assert.True(files.Length > 30, $"{files.Length} files on the run path");
        Expect.None(files.SelectMany(file => file.Lines.Where(line => Blocking().IsMatch(Comment().Replace(line, "")) && !IsNarrow(file, line)).Select(line => $"{file}: {line.Trim()}")));
    }

    [Theory]
    [InlineData("        lock (_gate)")]
    [InlineData("    private readonly Lock _gate = new();")]
    [InlineData("        Monitor.Wait(_gate);")]
    [InlineData("        Thread.Sleep(1);")]
    [InlineData("        _event.WaitOne();")]
    [InlineData("        task.Wait();")]
    [InlineData("        thread.Join();")]
    public void BlockingIsRecognized(string line) => Assert.Matches(Blocking(), line);

    private static bool IsNarrow(SourceFile file, string line) =>
        s_narrow.Any(narrow => narrow.File == file.Name && line.Contains(narrow.Gate, StringComparison.Ordinal));

    [GeneratedRegex(@"\block \(|\bLock\b|\bMonitor\.|\bThread\.(Sleep|Yield|Join)|\.Join\(\)|\.Wait\(\)|\.WaitOne\(|\bSemaphore|ResetEvent\b|\.GetAwaiter\(|\bawait\b")]
    private static partial Regex Blocking();

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();
}
