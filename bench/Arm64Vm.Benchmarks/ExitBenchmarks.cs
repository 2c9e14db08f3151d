using Arm64Vm.Translation.Verification;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Ways out of compiled code and back, on both back ends.</summary>
[MemoryDiagnoser]
public class ExitBenchmarks
{
    private const int Turns = 10_000;

    // 1: ldr x3, [x1]; subs x2, x2, #1; b.ne 1b; brk
    private static ReadOnlySpan<uint> LoadLoop => [0xF9400023, 0xF1000442, 0x54FFFFC1, 0xD4200000];

    // add x0, x0, #1; brk
    private static ReadOnlySpan<uint> Nothing => [0x91000400, 0xD4200000];

    private FlatGuest loads = null!;
    private FlatGuest nothing = null!;

    /// <summary>What executes.</summary>
    [Params(GuestExecutor.X64, GuestExecutor.Il)]
    public GuestExecutor On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        loads = new FlatGuest(On, LoadLoop);
        nothing = new FlatGuest(On, Nothing);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        loads.Dispose();
        nothing.Dispose();
    }

    /// <summary>A load through the inline TLB, loop included: what the next one is to be compared with.</summary>
    [Benchmark(OperationsPerInvoke = Turns)]
    public void InlineLoad() => loads.Run(x1: FlatMachine.DataBase + GuestCode.PageSize, x2: Turns);

    /// <summary>A load that leaves emitted code, is served and resumes. The page is never entered in the inline TLB.</summary>
    [Benchmark(OperationsPerInvoke = Turns)]
    public void SlowLoad() => loads.Run(x1: FlatMachine.DataBase, x2: Turns);

    /// <summary>Entering the run loop, one unit, and back to the caller.</summary>
    [Benchmark]
    public void EnterAndLeave() => nothing.Run();
}
