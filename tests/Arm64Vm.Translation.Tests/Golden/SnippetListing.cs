using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Isa;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>The whole text of a golden file: counts, guest code, and for each unit its IR and its host code.</summary>
internal static unsafe class SnippetListing
{
    private const ulong PageAddress = 0x1_0000;
    private const int PageSize = 4096;
    private const uint Brk = 0xD420_0000;

    /// <summary>x86-64-v3 and nothing more, so that the text does not depend on the host.</summary>
    private static HostFeatures Baseline => HostFeatures.None with
    {
        X64V2 = true,
        Avx = true,
        Avx2 = true,
        Fma = true,
        F16c = true,
        Bmi1 = true,
        Bmi2 = true,
        Lzcnt = true,
        Popcnt = true,
        Movbe = true,
    };

    public static string Of(GoldenSnippet snippet)
    {
        // SAFETY: the page lives until the end of the method, longer than the translator reads it.
        byte* page = (byte*)NativeMemory.AlignedAlloc(PageSize, PageSize);
        try
        {
            Span<uint> words = new(page, PageSize / 4);
            words.Fill(Brk);
            snippet.Words.CopyTo(words[(snippet.Start / 4)..]);
            return Of(snippet, page);
        }
        finally
        {
            NativeMemory.AlignedFree(page);
        }
    }

    private static string Of(GoldenSnippet snippet, byte* page)
    {
        HostFeatures features = snippet.HasUpperVectors ? Baseline with { Avx512Vl = true, Avx512Bw = true, Avx512Dq = true } : Baseline;
        using TranslationCache cache = new(1 << 20, features);
        UnitCompiler compiler = new(cache, features);
        Translator translator = new(new TranslatorOptions { Features = FeatureSet.All, Verify = true, MaxSideExits = 4, MaxRounds = 4 }) { AccessesStoreFlags = true };
        IrRegion region = new();
        CodeLocation location = new() { PhysicalPage = PageAddress, Host = page, Mode = snippet.Mode };
        CompileMode mode = new(snippet.ExceptionLevel, snippet.Mode.MmuIndex, AlignmentChecked: false, SingleStep: false, Fpcr: 0, LoadWindow: snippet.HasLoadWindow);

        StringBuilder units = new();
        CodeSize total = default;
        int irCount = 0;
        for (int offset = snippet.Start; offset < snippet.End; offset = region.GuestEnd)
        {
            translator.Translate(location, offset, region);
            string ir = IrPrinter.Print(region);
            irCount += region.Count - 1;
            int unit = compiler.Add(region, mode, PageAddress + (ulong)offset, snippet.Mode);
            units.Append($"\nunit +{offset:x3}\n{ir}host\n");
            total += HostListing.Append(units, cache, unit, compiler.HotSize);
        }

        StringBuilder text = new();
        text.Append(snippet.Title).Append('\n');
        text.Append($"{snippet.Words.Length} guest instructions, {irCount} of IR, {total.HotInstructions} of the host in {total.HotBytes} bytes; cold: {total.ColdInstructions} in {total.ColdBytes} bytes\n");
        if (snippet.ExceptionLevel == 1)
            text.Append("mode el1\n");
        if (snippet.HasLoadWindow)
            text.Append("loads through a window\n");
        if (snippet.HasUpperVectors)
            text.Append("a host with AVX-512\n");
        text.Append("\nguest\n");
        for (int i = 0; i < snippet.Words.Length; i++)
        {
            int offset = snippet.Start + (i * 4);
            string assembly = A64Disassembler.Disassemble(snippet.Words[i], PageAddress + (ulong)offset).Replace('\t', ' ');
            text.Append($"  +{offset:x3}  {snippet.Words[i]:x8}  {assembly}\n");
        }

        return text.Append(units).ToString();
    }
}
