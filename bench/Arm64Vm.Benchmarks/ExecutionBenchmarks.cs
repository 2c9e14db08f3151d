using Arm64Vm.Translation.Verification;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Nanoseconds per guest instruction of small loops, on every executor: the kernels side by side.</summary>
[MemoryDiagnoser]
public unsafe class ExecutionBenchmarks
{
    private const int Turns = 10_000;
    private const int PerTurn = 5;

    // 1: mul w0, w0, w1; eor w0, w0, w0, lsr #15; add w0, w0, w2; subs x2, x2, #1; b.ne 1b; brk
    private static ReadOnlySpan<uint> HashLoop => [0x1B017C00, 0x4A403C00, 0x0B020000, 0xF1000442, 0x54FFFF81, 0xD4200000];

    // 1: fmadd d0, d0, d1, d2; fmul d3, d0, d1; fadd d4, d3, d2; subs x2, x2, #1; b.ne 1b; brk
    private static ReadOnlySpan<uint> FloatLoop => [0x1F410800, 0x1E610803, 0x1E622864, 0xF1000442, 0x54FFFF81, 0xD4200000];

    // 1: ldr x3, [x1]; add x3, x3, x2; str x3, [x1, #8]; subs x2, x2, #1; b.ne 1b; brk
    private static ReadOnlySpan<uint> MemoryLoop => [0xF9400023, 0x8B020063, 0xF9000423, 0xF1000442, 0x54FFFF81, 0xD4200000];

    // 1: bl 2f; subs x2, x2, #1; b.ne 1b; brk; 2: add x0, x0, #1; ret
    private static ReadOnlySpan<uint> CallLoop => [0x94000004, 0xF1000442, 0x54FFFFC1, 0xD4200000, 0x91000400, 0xD65F03C0];

    private FlatGuest hash = null!;
    private FlatGuest floats = null!;
    private FlatGuest memory = null!;
    private FlatGuest calls = null!;

    /// <summary>What executes.</summary>
    [ParamsAllValues]
    public GuestExecutor On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        hash = new FlatGuest(On, HashLoop);
        floats = new FlatGuest(On, FloatLoop);
        memory = new FlatGuest(On, MemoryLoop);
        calls = new FlatGuest(On, CallLoop);
        floats.Context->V[2] = BitConverter.DoubleToUInt64Bits(0.7);
        floats.Context->V[4] = BitConverter.DoubleToUInt64Bits(0.3);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        hash.Dispose();
        floats.Dispose();
        memory.Dispose();
        calls.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Turns * PerTurn)]
    public void Hash() => hash.Run(x1: 0x9E37_79B1, x2: Turns);

    /// <summary>Inexact arithmetic, with FPSR.IXC set.</summary>
    [Benchmark(OperationsPerInvoke = Turns * PerTurn)]
    public void Float() => floats.Run(x2: Turns);

    [Benchmark(OperationsPerInvoke = Turns * PerTurn)]
    public void Memory() => memory.Run(x1: FlatMachine.DataBase + GuestCode.PageSize, x2: Turns);

    [Benchmark(OperationsPerInvoke = Turns * PerTurn)]
    public void Calls() => calls.Run(x2: Turns);
}
