using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Nanoseconds per guest instruction of a hash loop, on both executors.</summary>
[MemoryDiagnoser]
public class ExecutionBenchmarks
{
    private const int Turns = 10_000;
    private const int PerTurn = 5;

    // 1: mul w0, w0, w1; eor w0, w0, w0, lsr #15; add w0, w0, w2; subs x2, x2, #1; b.ne 1b; brk
    private static ReadOnlySpan<uint> Hash => [0x1B017C00, 0x4A403C00, 0x0B020000, 0xF1000442, 0x54FFFF81, 0xD4200000];

    private FlatGuest emitted = null!;
    private FlatGuest interpreted = null!;

    [GlobalSetup]
    public void Setup()
    {
        emitted = new FlatGuest(emitted: true, Hash);
        interpreted = new FlatGuest(emitted: false, Hash);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        emitted.Dispose();
        interpreted.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Turns * PerTurn)]
    public void Emitted() => emitted.Run(x1: 0x9E37_79B1, x2: Turns);

    [Benchmark(OperationsPerInvoke = Turns * PerTurn)]
    public void Interpreted() => interpreted.Run(x1: 0x9E37_79B1, x2: Turns);
}
