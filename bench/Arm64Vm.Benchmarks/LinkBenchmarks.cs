using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Making and undoing links, and dropping translations of code that was written to.</summary>
[MemoryDiagnoser]
public unsafe class LinkBenchmarks
{
    // add x0, x0, #1; b +0x1000 (to the next page); there: brk
    private static ReadOnlySpan<uint> Jump => [0x91000400, 0x14000400];

    private readonly TranslationMode mode = TranslationMode.Create(0, 0, alignmentChecked: false, floatTrapped: false, singleStep: false, fpcr: 0, pointerAuthentication: true);
    private FlatGuest guest = null!;
    private TranslationCache cache = null!;
    private int site;
    private int target;

    [GlobalSetup]
    public void Setup()
    {
        guest = new FlatGuest(emitted: true, Jump);
        cache = ((JitExecutor)guest.Executor).Cache;
        guest.Run();
        guest.Run();
        int from = cache.Find(FlatGuest.CodeBase, mode);
        target = cache.Find(FlatGuest.CodeBase + 4 + 0x1000, mode);
        site = cache.Unit(from).FirstSite;
        if (from < 0 || target < 0 || site < 0 || cache.Site(site).Kind != LinkKind.CrossPage)
            throw new InvalidOperationException("the units are not where they should be");
    }

    [GlobalCleanup]
    public void Cleanup() => guest.Dispose();

    /// <summary>Four patched fields and back.</summary>
    [Benchmark]
    public void LinkAndUnlink()
    {
        cache.UnlinkAcrossPages();
        cache.Link(site, target, 0x1234_5000);
    }

    /// <summary>A write to code: drop the unit, translate it anew at its next execution, link it.</summary>
    [Benchmark]
    public void InvalidateAndTranslateAgain()
    {
        guest.Executor.Invalidate(FlatGuest.CodeBase, 4);
        guest.Run();
    }
}
