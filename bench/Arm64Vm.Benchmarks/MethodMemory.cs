using Arm64Vm.Backend.Il;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Benchmarks;

/// <summary>What the code of a block takes in memory on both back ends, for some hundred blocks of the embedded firmware.</summary>
/// <param name="Instructions">Guest instructions of a block.</param>
/// <param name="X64Bytes">Host code with slow paths and link stubs.</param>
/// <param name="IlBytes">What the process's private memory grew by, and with it the managed heap: unit, method, and the runtime's own records beside the machine code.</param>
internal sealed record MethodMemory(double Instructions, double X64Bytes, double IlBytes)
{
    private const int Blocks = 384;

    /// <summary>Compiles the same blocks twice, keeping everything.</summary>
    public static unsafe MethodMemory Measure()
    {
        using GuestCode code = new();
        using FlatMachine services = new(FlatGuest.CodeBase, GuestCode.PageSize);
        TranslationMode mode = TranslationMode.Create(1, 1, alignmentChecked: false, floatTrapped: false, singleStep: false, fpcr: 0);
        Translator translator = new(new TranslatorOptions());
        using TranslationCache cache = new(32 << 20);
        UnitCompiler compiler = new(cache, HostFeatures.Detect());
        List<(IrRegion Region, int Page)> blocks = [];
        for (int page = code.PageCount / 3, offset = 0; blocks.Count < Blocks && page < code.PageCount;)
        {
            IrRegion region = new();
            translator.Translate(new CodeLocation { PhysicalPage = (ulong)page * GuestCode.PageSize, Host = code.Page(page), Mode = mode }, offset, region);
            blocks.Add((region, page));
            compiler.Add(region, new CompileMode(1, 1, AlignmentChecked: false, SingleStep: false, Fpcr: 0), (ulong)((page * GuestCode.PageSize) + offset), mode);
            offset = region.GuestEnd;
            if (offset >= GuestCode.PageSize)
                (page, offset) = (page + 1, 0);
        }

        // The first methods bring the runtime's compiler and its tables.
        IlHost host = new(services);
        IlCompiler ilCompiler = new();
        List<IlUnit> kept = new(2 * blocks.Count);
        Compile(0, blocks.Count / 4);
        long before = PrivateBytes();
        int from = blocks.Count / 4;
        Compile(from, blocks.Count);
        double perBlock = (double)(PrivateBytes() - before) / (blocks.Count - from);
        GC.KeepAlive(kept);
        return new MethodMemory((double)cache.Statistics.GuestInstructions / cache.Statistics.Units, (double)cache.Statistics.CodeBytes / cache.Statistics.Units, perBlock);

        void Compile(int first, int end)
        {
            for (int i = first; i < end; i++)
            {
                IlUnit unit = new(host);
                IlCompilation compilation = ilCompiler.Compile(blocks[i].Region, new IlMode(1, 1, AlignmentChecked: false, Fpcr: 0));
                unit.Publish(compilation, compilation.Bind(unit));
                kept.Add(unit);
            }
        }
    }

    /// <summary>Anonymous resident memory of the process, after collections (proc(5), status).</summary>
    private static long PrivateBytes()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(8).Trim(" \tkB"), System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
