using Arm64Vm.Backend.Il;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Nanoseconds per guest instruction of the steps of translation, and the bytes they allocate: none, but for those of the il back end.</summary>
[MemoryDiagnoser]
public unsafe class TranslationBenchmarks
{
    /// <summary>Guest instructions per invocation. The last block may pass it by a few.</summary>
    private const int Instructions = 16 * 1024;

    /// <summary>The same for <see cref="CompileIl"/>, which takes much longer.</summary>
    private const int IlInstructions = 1024;

    /// <summary>Regions kept ready for <see cref="CompileOnly"/>; each is 200 KB.</summary>
    private const int KeptRegions = 128;

    private readonly TranslationMode mode = TranslationMode.Create(1, 1, alignmentChecked: false, floatTrapped: false, singleStep: false, fpcr: 0);
    private readonly CompileMode compileMode = new(1, 1, AlignmentChecked: false, SingleStep: false, Fpcr: 0);
    private readonly IlMode ilMode = new(1, 1, AlignmentChecked: false, Fpcr: 0);
    private readonly IlCompiler ilCompiler = new();
    private readonly IrRegion region = new();
    private readonly List<IrRegion> kept = [];
    private GuestCode code = null!;
    private FlatMachine services = null!;
    private IlHost ilHost = null!;
    private Translator lifter = null!;
    private Translator translator = null!;
    private TranslationCache cache = null!;
    private UnitCompiler compiler = null!;
    private CodeBuffer place = null!;
    private X64Compiler compilerOnly = null!;
    private ulong nextPhysicalPage;
    private int page;
    private int offset;

    [GlobalSetup]
    public void Setup()
    {
        code = new GuestCode();
        services = new FlatMachine(FlatGuest.CodeBase, GuestCode.PageSize);
        ilHost = new IlHost(services);
        lifter = new Translator(new TranslatorOptions { Optimize = false });
        translator = new Translator(new TranslatorOptions());

        // Small, so that a measurement goes round it many times and pays for eviction.
        cache = new TranslationCache(8 << 20);
        compiler = new UnitCompiler(cache, HostFeatures.Detect());
        place = CodeBuffer.Create(1 << 20);
        compilerOnly = new X64Compiler(new SinkHost(place), cache.Stubs, HostFeatures.Detect());
        for (int i = 0; i < KeptRegions; i++)
        {
            IrRegion one = new();
            Next(translator, one, out _, out _);
            kept.Add(one);
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        services.Dispose();
        place.Dispose();
        cache.Dispose();
        code.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Lift()
    {
        int done = 0;
        while (done < Instructions)
            done += Next(lifter, region, out _, out _);
        return done;
    }

    [Benchmark(OperationsPerInvoke = Instructions)]
    public int LiftAndPasses()
    {
        int done = 0;
        while (done < Instructions)
            done += Next(translator, region, out _, out _);
        return done;
    }

    /// <summary>IR to host code, without the cache.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int CompileOnly()
    {
        int done = 0;
        while (done < Instructions)
        {
            foreach (IrRegion one in kept)
            {
                compilerOnly.TryCompile(one, compileMode, place.Rw, place.Rx, (int)place.Size, 0, out _);
                done += one.GuestInstructions;
                if (done >= Instructions)
                    break;
            }
        }

        return done;
    }

    /// <summary>IR to IL and on to host code by the runtime's compiler, and methods for the collector.</summary>
    [Benchmark(OperationsPerInvoke = IlInstructions)]
    public int CompileIl()
    {
        int done = 0;
        for (int i = 0; done < IlInstructions; i = (i + 1) % kept.Count)
        {
            IlUnit unit = new(ilHost);
            IlCompilation compilation = ilCompiler.Compile(kept[i], ilMode);
            unit.Publish(compilation, compilation.Bind(unit));
            done += kept[i].GuestInstructions;
        }

        return done;
    }

    /// <summary>What a first execution costs: lifting, passes, host code, a place in the cache, and the eviction of something old.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Everything()
    {
        int done = 0;
        while (done < Instructions)
        {
            done += Next(translator, region, out int start, out bool newPage);
            if (newPage)
                nextPhysicalPage += GuestCode.PageSize;
            compiler.Add(region, compileMode, nextPhysicalPage + (ulong)start, mode);
        }

        return done;
    }

    /// <summary>Translates the next block of the text, starting over at its end.</summary>
    private int Next(Translator with, IrRegion into, out int start, out bool newPage)
    {
        newPage = false;
        if (offset >= GuestCode.PageSize)
        {
            newPage = true;
            offset = 0;
            page = (page + 1) % code.PageCount;
        }

        CodeLocation location = new() { PhysicalPage = nextPhysicalPage, Host = code.Page(page), Mode = mode };
        start = offset;
        with.Translate(location, offset, into);
        offset = into.GuestEnd;
        return into.GuestInstructions;
    }

    /// <summary>Takes what a cache would keep and forgets it. Constants all share one place.</summary>
    private sealed class SinkHost(CodeBuffer buffer) : ICompilerHost
    {
        public uint InternPureOperation(in IrInst operation) => 0;

        public int AddLinkSite(in LinkSite site) => 0;

        // SAFETY: within the place that the code is compiled to; the code is never run.
        public long ConstantAddress(ulong low, ulong high) => (long)buffer.Rx;
    }
}
