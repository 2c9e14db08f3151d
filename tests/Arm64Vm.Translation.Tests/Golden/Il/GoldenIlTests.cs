using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.Il;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Tests.Verification;

namespace Arm64Vm.Translation.Tests.Golden.Il;

/// <summary>The IL of a dozen of the golden snippets is what the files beside this one say. The guest code is in the snippet of the same name, one folder above.</summary>
/// <remarks>After a change that is meant: run with ARM64VM_UPDATE_GOLDEN=1 and read the difference.</remarks>
public unsafe class GoldenIlTests
{
    private const int PageSize = 4096;
    private const uint Brk = 0xD420_0000;

    private static string Snippets => Path.GetFullPath(Path.Combine(VectorDirectory.Path, "..", "Arm64Vm.Translation.Tests", "Golden"));

    [Theory]
    [InlineData("atomics")]
    [InlineData("branch-signed")]
    [InlineData("call-return")]
    [InlineData("carry-128")]
    [InlineData("exclusive")]
    [InlineData("flags-of-result")]
    [InlineData("fp-compare-branch")]
    [InlineData("fp-loop")]
    [InlineData("load-pair-words")]
    [InlineData("loop-hash")]
    [InlineData("prologue-leaf")]
    [InlineData("side-exit-null-checks")]
    [InlineData("system-current-task")]
    [InlineData("vector-saxpy")]
    public void IlIsAsCommitted(string name)
    {
        string path = Path.Combine(Snippets, "Il", name + ".txt");
        string present = Of(GoldenSnippet.Parse(File.ReadAllLines(Path.Combine(Snippets, name + ".txt"))));
        if (Environment.GetEnvironmentVariable("ARM64VM_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, present);
            return;
        }

        Assert.Equal(File.ReadAllText(path), present);
    }

    private static string Of(GoldenSnippet snippet)
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
        Translator translator = new(new TranslatorOptions { Features = FeatureSet.All, Verify = true, MaxSideExits = 3, FloatsLeave = true });
        IrRegion region = new();
        StringBuilder text = new();
        IlCompiler compiler = new() { Listing = text };
        CodeLocation location = new() { PhysicalPage = 0x4000_0000, Host = page, Mode = snippet.Mode };
        text.Append(snippet.Title).Append('\n');
        for (int offset = snippet.Start; offset < snippet.End; offset = region.GuestEnd)
        {
            translator.Translate(location, offset, region);
            text.Append($"\nunit +{offset:x3}\n{IrPrinter.Print(region)}IL\n");
            compiler.Compile(region, new IlMode(snippet.ExceptionLevel, snippet.Mode.MmuIndex, AlignmentChecked: false, Fpcr: 0));
        }

        return text.ToString();
    }
}
