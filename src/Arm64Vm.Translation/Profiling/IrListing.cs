using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Profiling;

/// <summary>The IR of code that was translated earlier, made again from its bytes.</summary>
/// <remarks>SAFETY: the page is a pinned copy, alive for the call.</remarks>
internal static unsafe class IrListing
{
    private const int PageSize = 4096;

    /// <summary>Lines of IR with the offset of their guest instruction from the start of the code; empty where the bytes do not fit a page at that place.</summary>
    /// <param name="code">Guest instructions.</param>
    /// <param name="address">Where they ran.</param>
    /// <param name="mode">The mode they were translated for.</param>
    /// <param name="instructions">How many of them, those of further rounds included.</param>
    /// <param name="sideExits">As the machine's translator.</param>
    /// <param name="rounds">As the machine's translator.</param>
    public static List<(int GuestOffset, string Text)> Of(ReadOnlySpan<byte> code, ulong address, TranslationMode mode, int instructions, int sideExits, int rounds)
    {
        List<(int, string)> lines = [];
        int start = (int)(address & (PageSize - 4));
        if (code.IsEmpty || start + code.Length > PageSize)
            return lines;
        byte* page = (byte*)NativeMemory.AlignedAlloc(PageSize, PageSize);
        try
        {
            new Span<byte>(page, PageSize).Clear();
            code.CopyTo(new Span<byte>(page + start, code.Length));
            IrRegion region = new();
            CodeLocation location = new() { PhysicalPage = 0, Host = page, Mode = mode };
            new Translator(new TranslatorOptions { MaxSideExits = sideExits, MaxRounds = rounds, MaxGuestInstructions = instructions }) { AccessesStoreFlags = true }.Translate(location, start, region);
            foreach (ref readonly IrBlock block in region.Blocks)
            {
                for (int i = block.First; i < block.End; i++)
                    lines.Add((region[i].Pc - start, IrPrinter.Print(region[i], i)));
            }
        }
        finally
        {
            NativeMemory.AlignedFree(page);
        }

        return lines;
    }
}
