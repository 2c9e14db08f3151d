using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Dropping translations of code that was written to, and making them and their links again.</summary>
[MemoryDiagnoser]
public unsafe class LinkBenchmarks
{
    // add x0, x0, #1; b +8; …; there: brk
    private static ReadOnlySpan<uint> Jump => [0x91000400, 0x14000002, 0xD4200000, 0xD4200000];

    private FlatGuest guest = null!;
    private TranslationCache cache = null!;

    [GlobalSetup]
    public void Setup()
    {
        guest = new FlatGuest(GuestExecutor.X64, Jump);
        cache = ((JitExecutor)guest.Executor).Cache;
        guest.Run();
        guest.Run();
        if (cache.Statistics.Links == 0)
            throw new InvalidOperationException("the units were not linked");
    }

    [GlobalCleanup]
    public void Cleanup() => guest.Dispose();

    /// <summary>A write to code: drop the unit, translate it anew at its next execution, link it.</summary>
    [Benchmark]
    public void InvalidateAndTranslateAgain()
    {
        guest.Executor.Invalidate(FlatGuest.CodeBase, 4);
        guest.Run();
    }
}
