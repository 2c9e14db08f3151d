using System.Runtime.InteropServices;
using Arm64Vm.Ir;
using Arm64Vm.Isa;
using Arm64Vm.Translation;

namespace Arm64Vm.Cli.Commands;

/// <summary>Finds out which encodings have a lifter, by translating words of each.</summary>
internal static unsafe class LifterCoverage
{
    private const int PageSize = 4096;
    private const int Tries = 32;

    /// <summary>True where some word of the encoding becomes more than an undefined instruction.</summary>
    public static bool Has(A64Opcode opcode)
    {
        // SAFETY: a page of our own for the duration of the call.
        var page = (uint*)NativeMemory.AllocZeroed(PageSize);
        try
        {
            var translator = new Translator(new TranslatorOptions { Features = FeatureSet.All, MaxGuestInstructions = 1, Optimize = false });
            var location = new CodeLocation { Host = (byte*)page, Mode = TranslationMode.Create(1, 1, false, false, false, 0) };
            var words = new A64WordGenerator((ulong)opcode);
            var region = new IrRegion();
            for (var i = 0; i < Tries && words.TryNext(opcode, out var word); i++)
            {
                page[0] = word;
                translator.Translate(location, 0, region);
                ref readonly var last = ref region.Instructions[^1];
                if (last.Op != IrOp.Exit || last.Aux != (byte)ExitReason.Undefined)
                    return true;
            }

            return false;
        }
        finally
        {
            NativeMemory.Free(page);
        }
    }
}
