using Arm64Vm.Ir;
using Arm64Vm.Ir.Passes;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Tests.Lifters;

/// <summary>Whatever a guest puts into memory can be lifted: the IR is well formed and of bounded size, before and after the passes.</summary>
public class LifterSweepTests
{
    private const int WordsPerEncoding = 60;
    private const int RandomWords = 200_000;

    /// <summary>IrRegion.IsFull leaves room for 512 instructions.</summary>
    private const int MaxOperations = 400;

    [Fact]
    public void EveryEncodingLiftsToWellFormedCode()
    {
        var harness = new LifterHarness();
        var generator = new A64WordGenerator(1);
        var passes = new PassPipeline();
        for (int opcode = 0; opcode < A64Opcodes.Count; opcode++)
        {
            for (int n = 0; n < WordsPerEncoding && generator.TryNext((A64Opcode)opcode, out uint word); n++)
                Check(harness, passes, word, n);
        }

        for (int n = 0; n < RandomWords; n++)
            Check(harness, passes, generator.NextWord(), n);
    }

    /// <summary>Every row of the table has a lifter, except those listed.</summary>
    [Fact]
    public void EveryEncodingHasALifter()
    {
        var harness = new LifterHarness();
        var generator = new A64WordGenerator(2);
        var missing = new List<string>();
        for (int number = 1; number < A64Opcodes.Count; number++)
        {
            var opcode = (A64Opcode)number;
            bool lifted = false;
            for (int n = 0; n < 500 && !lifted && generator.TryNext(opcode, out uint word); n++)
                lifted = harness.ExitOf(word, LifterHarness.Mode(1), FeatureSet.All) != ExitReason.Undefined;
            if (!lifted)
                missing.Add(opcode.ToString());
        }

        // UDF is UNDEFINED by definition; DCPS and DRPS need a debugger; of FEAT_MTE only what works without tags is there.
        Assert.Equal(
            ["Dcps1", "Dcps2", "Dcps3", "Drps", "Gmi", "Irg", "Ldg", "Ldgm", "St2g", "Stg", "Stgm", "Stz2g", "Stzg", "Stzgm", "Subp", "Subps", "Udf"],
            missing.Order(StringComparer.Ordinal));
    }

    private static void Check(LifterHarness harness, PassPipeline passes, uint word, int variant)
    {
        IrRegion region = harness.Lift(word, LifterHarness.Mode(variant & 1), FeatureSet.All);
        Assert.True(region.Count < MaxOperations, $"{word:x8} makes {region.Count} instructions");
        string? error = IrVerifier.Check(region);
        Assert.True(error is null, $"{word:x8}: {error}\n{IrPrinter.Print(region)}");
        passes.Run(region, (ulong)(variant >> 1) & 1);
        error = IrVerifier.Check(region);
        Assert.True(error is null, $"{word:x8} after the passes: {error}\n{IrPrinter.Print(region)}");
    }
}
