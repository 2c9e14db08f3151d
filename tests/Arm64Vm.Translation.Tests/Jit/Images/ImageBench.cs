using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Translation.Tests.Jit.Images;

/// <summary>A page of guest code and a cache that its units are compiled for, one at a time, without publishing them.</summary>
internal sealed unsafe class ImageBench : IDisposable
{
    public const int PageSize = 4096;
    private const uint Brk = 0xD420_0000;

    // SAFETY: owned by this object until Dispose.
    private readonly byte* page = (byte*)NativeMemory.AlignedAlloc(PageSize, PageSize);
    private readonly Translator translator = new(new TranslatorOptions { Features = FeatureSet.All, MaxSideExits = 4 });
    private readonly X64Compiler compiler;
    private readonly IrRegion region = new();
    private readonly UnitImageBuilder builder = new();

    public ImageBench(long cacheSize, HostFeatures features)
    {
        Cache = new TranslationCache(cacheSize, features);
        Writer = new CodeWriter(Cache);
        compiler = new X64Compiler(Writer, Cache.Stubs, features);
        Assert.True(Cache.TryTakeChunk(Writer));
    }

    public TranslationCache Cache { get; }

    public CodeWriter Writer { get; }

    public byte* Page => page;

    public void Load(int start, ReadOnlySpan<uint> words)
    {
        Span<uint> all = new(page, PageSize / 4);
        all.Fill(Brk);
        words.CopyTo(all[(start / 4)..]);
    }

    /// <summary>Compiles the unit at an offset of the page, in place of the one before; returns its image, valid until the next call.</summary>
    public UnitImage Compile(UnitVariant variant, int offset)
    {
        TranslationMode mode = variant.Mode;
        translator.Translate(new CodeLocation { PhysicalPage = 0x1_0000, Host = page, Mode = mode }, offset, region);
        compiler.CountsInstructions = variant.CountsInstructions;
        CompileMode compileMode = new(mode.ExceptionLevel, mode.MmuIndex, mode.AlignmentChecked, mode.SingleStep, mode.Fpcr);
        int size;
        while (!Cache.TryCompile(compiler, Writer, region, compileMode, out size))
            Assert.True(Cache.TryTakeChunk(Writer));
        Draft = UnitDraft.Of(region, offset, size, compiler.HotSize);
        Assert.True(builder.TryBuild(Cache, Writer, compiler.References, compiler.Crossings, Draft, variant, page, out UnitImage image));
        return image;
    }

    public UnitDraft Draft { get; private set; }

    public ReadOnlySpan<byte> Code => Cache.CodeAt(Writer.Position, Draft.CodeSize);

    /// <summary>Slow paths of the unit that <see cref="MoveCold"/> moved.</summary>
    public ReadOnlySpan<byte> Cold => Cache.CodeAt(Writer.ColdPlace, Draft.CodeSize - Draft.HotSize);

    /// <summary>Moves the slow paths of the unit compiled last apart.</summary>
    public void MoveCold()
    {
        Cache.MoveCold(Writer, Draft, compiler.Crossings, compiler.References);
        Assert.Equal(Draft.HotSize != Draft.CodeSize, Writer.ColdPlace != 0);
    }

    public void Dispose()
    {
        Cache.Dispose();
        builder.Dispose();
        NativeMemory.AlignedFree(page);
    }
}
