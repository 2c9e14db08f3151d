using System.Text.Json;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Tests.Machines;
using Arm64Vm.Machine.Tracing;

namespace Arm64Vm.Cli.Tests;

/// <summary>What a run leaves in a trace file.</summary>
public sealed class TraceTests : IDisposable
{
    private readonly TemporaryFile _kernel = new(new TestProgram().Print("x").PowerOff().ToElf());
    private readonly TemporaryFolder _folder = new();

    private string Trace => Path.Combine(_folder.Path, "trace");

    public void Dispose()
    {
        _kernel.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("x64")]
    [InlineData("il")]
    [InlineData("interpreter")]
    public void EveryBackEndTracesCodeAndDevices(string backend)
    {
        var run = Boot("--backend", backend, "--trace", "exec,mmio", "--trace-file", Trace);
        Assert.True(run.Status == 0, run.Error);
        var lines = File.ReadAllLines(Trace);
        Assert.Contains("cpu0 exec       0x0000000040080000 EL1", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^ +\d+\.\d{6} cpu0 write      0x0000000009000000 <- 0x78 at 0x000000004008[0-9a-f]{4} uart0$", Assert.Single(lines, line => line.Contains("write", StringComparison.Ordinal)));
    }

    [Fact]
    public void JsonLinesHaveWhatTextHas()
    {
        var run = Boot("--trace", "exec", "--trace", "mmio", "--trace-file", Trace, "--trace-format", "json");
        Assert.True(run.Status == 0, run.Error);
        var events = File.ReadLines(Trace).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal("0x40080000", events[0].GetProperty("pc").GetString());
        Assert.Equal(1, events[0].GetProperty("el").GetInt32());
        var write = Assert.Single(events, one => one.GetProperty("event").GetString() == "write");
        Assert.Equal("0x9000000", write.GetProperty("address").GetString());
        Assert.Equal("0x78", write.GetProperty("value").GetString());
        Assert.Equal(1, write.GetProperty("size").GetInt32());
        Assert.Equal("uart0", write.GetProperty("device").GetString());
        Assert.True(events.Zip(events.Skip(1)).All(pair => pair.First.GetProperty("ns").GetUInt64() <= pair.Second.GetProperty("ns").GetUInt64()));
    }

    [Fact]
    public void ARangeLeavesTheRestOut()
    {
        Assert.Equal(0, Boot("--trace", "mmio,exec", "--trace-file", Trace, "--trace-range", "0x9000000-0x9000fff").Status);
        Assert.Contains(" write ", Assert.Single(File.ReadAllLines(Trace)), StringComparison.Ordinal);
        Assert.Equal(0, Boot("--trace", "exec,mmio", "--trace-file", Trace, "--trace-range", "0x0-0xfff", "--trace-range", "1073741824-0x40080000").Status);
        Assert.All(File.ReadAllLines(Trace), line => Assert.Contains(" exec       0x0000000040080000 ", line, StringComparison.Ordinal));
        Assert.NotEmpty(File.ReadAllLines(Trace));
    }

    /// <summary>The embedded firmware's self-tests take interrupts and exceptions, and build tables.</summary>
    [Fact]
    public void InterruptsExceptionsAndTablesAreTraced()
    {
        var run = CliRun.Of("boot", "--append", "kernels=none", "--serial", "none", "--trace", "exceptions,irq,tlb", "--trace-file", Trace);
        Assert.True(run.Status == 0, run.Error);
        var text = File.ReadAllText(Trace);
        Assert.Matches(@"cpu0 exception  0x[0-9a-f]{16} EL\d -> 0x[0-9a-f]{16} Synchronous \w+ esr=0x[0-9a-f]+ far=0x[0-9a-f]+\n", text);
        Assert.Matches(@"cpu0 exception  0x[0-9a-f]{16} EL\d -> 0x[0-9a-f]{16} Irq\n", text);
        Assert.Matches(@"cpu0 return     0x[0-9a-f]{16} -> 0x[0-9a-f]{16} EL\d spsr=0x[0-9a-f]+\n", text);
        Assert.Matches(@"cpu0 irq        \d+ priority 0x[0-9a-f]{2}\n", text);
        Assert.Matches(@"cpu0 walk       0x[0-9a-f]{16} (Read|Write|Execute) -> 0x[0-9a-f]+ of \d+[KMG]\n", text);
        Assert.Matches(@"cpu0 walkfault  0x[0-9a-f]{16} (Read|Write|Execute) status 0x[0-9a-f]{2}\n", text);
        Assert.Matches(@"cpu0 tlbi       (All|Address|Asid|Range) 0x[0-9a-f]{16}", text);
        Assert.DoesNotContain(" exec ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatCannotBeWrittenIsToldOnceAndIsStatus1()
    {
        var run = Boot("--trace", "exec,mmio", "--trace-file", "/dev/full");
        run.ExpectFailure(1, "--trace-file: the trace is not complete: No space left on device");
        Assert.StartsWith("x", run.Output, StringComparison.Ordinal);
        Boot("--trace", "exec", "--trace-file", "/nonexistent/trace").ExpectFailure(1, "/nonexistent/trace");
    }

    /// <summary>Nobody waits longer than was said, and the order stays.</summary>
    [Fact]
    public void AStreamThatTakesNothingEndsTheTrace()
    {
        using var stuck = new StuckStream();
        using var trace = new MachineTrace(TraceKinds.Execution, stuck, TraceFormat.Text, [], TimeSpan.FromMilliseconds(200));
        for (var i = 0; i < 3 * MachineTrace.Capacity; i++)
            trace.Write(new TraceEvent(TraceEventKind.Enter, 0, 1, (ulong)i, (ulong)i, 0, 0, 0, 0));
        trace.Finish();
        Assert.Contains("nothing was taken", trace.Error, StringComparison.Ordinal);
        stuck.Release();
    }

    [Fact]
    public void ASlowStreamLosesNothing()
    {
        using var output = new MemoryStream();
        using var trace = new MachineTrace(TraceKinds.Execution, output, TraceFormat.JsonLines, []);
        const int Count = 3 * MachineTrace.Capacity;
        for (var i = 0; i < Count; i++)
            trace.Write(new TraceEvent(TraceEventKind.Enter, 0, 1, (ulong)i, 0, 0, 0, 0, 0));
        trace.Finish();
        Assert.Null(trace.Error);
        output.Position = 0;
        using var reader = new StreamReader(output);
        for (var i = 0; i < Count; i++)
            Assert.StartsWith($"{{\"ns\":{i},", reader.ReadLine(), StringComparison.Ordinal);
        Assert.Null(reader.ReadLine());
    }

    private CliRun Boot(params string[] options) => CliRun.Of(["boot", "--kernel", _kernel.Path, "--memory", "64M", .. options]);
}
