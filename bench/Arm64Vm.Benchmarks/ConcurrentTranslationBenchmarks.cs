using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Several threads that translate into one cache, as processors of one machine do: nanoseconds per guest instruction of all of them together.</summary>
[MemoryDiagnoser]
public class ConcurrentTranslationBenchmarks
{
    /// <summary>Guest instructions per invocation, divided among the threads.</summary>
    private const int Instructions = 64 * 1024;

    private readonly List<Lane> lanes = [];
    private GuestCode code = null!;
    private TranslationCache cache = null!;
    private int finished;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        code = new GuestCode();
        cache = new TranslationCache(16 << 20);
        for (int i = 0; i < Threads; i++)
            lanes.Add(new Lane(this, i));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (Lane lane in lanes)
            lane.Dispose();
        lanes.Clear();
        cache.Dispose();
        code.Dispose();
    }

    /// <summary>Lifting, passes, host code, a place in the cache, and the eviction of something old.</summary>
    [Benchmark(OperationsPerInvoke = Instructions)]
    public int Everything()
    {
        Volatile.Write(ref finished, 0);
        foreach (Lane lane in lanes)
            lane.Start();
        while (Volatile.Read(ref finished) < Threads)
            Thread.Yield();
        return finished;
    }

    /// <summary>One thread with a translator and a compiler of its own, and physical pages of its own.</summary>
    private sealed unsafe class Lane : IDisposable
    {
        private readonly ConcurrentTranslationBenchmarks owner;
        private readonly TranslationMode mode = TranslationMode.Create(1, 1, alignmentChecked: false, floatTrapped: false, singleStep: false, fpcr: 0);
        private readonly CompileMode compileMode = new(1, 1, AlignmentChecked: false, SingleStep: false, Fpcr: 0);
        private readonly Translator translator = new(new TranslatorOptions());
        private readonly UnitCompiler compiler;
        private readonly IrRegion region = new();
        private readonly SemaphoreSlim begin = new(0);
        private readonly Thread thread;
        private ulong physicalPage;
        private int page;
        private int offset;
        private bool ended;

        public Lane(ConcurrentTranslationBenchmarks owner, int index)
        {
            this.owner = owner;
            compiler = new UnitCompiler(owner.cache, HostFeatures.Detect());
            physicalPage = (ulong)index << 40;
            thread = new Thread(Run) { IsBackground = true };
            thread.Start();
        }

        public void Start() => begin.Release();

        public void Dispose()
        {
            Volatile.Write(ref ended, true);
            begin.Release();
            thread.Join();
            begin.Dispose();
        }

        private void Run()
        {
            while (true)
            {
                begin.Wait();
                if (Volatile.Read(ref ended))
                    return;
                for (int done = 0; done < Instructions / owner.Threads; done += region.GuestInstructions)
                    Next();
                Interlocked.Increment(ref owner.finished);
            }
        }

        private void Next()
        {
            if (offset >= GuestCode.PageSize)
            {
                offset = 0;
                page = (page + 1) % owner.code.PageCount;
                physicalPage += GuestCode.PageSize;
            }

            CodeLocation location = new() { PhysicalPage = physicalPage, Host = owner.code.Page(page), Mode = mode };
            int start = offset;
            translator.Translate(location, offset, region);
            offset = region.GuestEnd;
            compiler.Add(region, compileMode, physicalPage + (ulong)start, mode);
        }
    }
}
