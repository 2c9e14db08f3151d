using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>Compiles regions into a cache outside a vCPU: for listings and measurements.</summary>
/// <remarks>SAFETY: no vCPU may use the cache; tables are read and written through it alone.</remarks>
internal sealed unsafe class UnitCompiler
{
    private readonly TranslationCache cache;
    private readonly CodeWriter writer;
    private readonly X64Compiler compiler;

    public UnitCompiler(TranslationCache cache, HostFeatures features)
    {
        this.cache = cache;
        writer = new CodeWriter(cache);
        compiler = new X64Compiler(writer, cache.Stubs, features);
    }

    /// <summary>Bytes of the last region's code that come before its slow paths and link stubs.</summary>
    public int HotSize => compiler.HotSize;

    /// <summary>Compiles a region and enters it under its address and mode; the unit's number.</summary>
    /// <param name="region">What the translator made of the code at the address.</param>
    /// <param name="compileMode">The processor's mode, as the compiler sees it.</param>
    /// <param name="physicalAddress">Of the region's first instruction.</param>
    /// <param name="mode">The processor's mode, as the cache sees it.</param>
    public int Add(IrRegion region, CompileMode compileMode, ulong physicalAddress, TranslationMode mode)
    {
        int offset = (int)(physicalAddress & 0xFFF);
        CodeTable* table;
        while ((table = cache.GetTable(new CodeLocation { PhysicalPage = physicalAddress & ~0xFFFUL, Mode = mode })) == null)
        {
        }

        if (!cache.TryReserveConstants() || (writer.Chunk < 0 && !cache.TryTakeChunk(writer)))
            throw new InvalidOperationException("a vCPU uses the cache");
        int size;
        while (!cache.TryCompile(compiler, writer, region, compileMode, out size))
        {
            if (!cache.TryTakeChunk(writer))
                throw new InvalidOperationException("a vCPU uses the cache");
        }

        uint version = cache.BeginWatch(table->Page);
        cache.EndWatch(table->Page, version);
        return cache.Publish(writer, table, version, cache.ConstantsGeneration, UnitDraft.Of(region, offset, size, compiler.HotSize));
    }
}
