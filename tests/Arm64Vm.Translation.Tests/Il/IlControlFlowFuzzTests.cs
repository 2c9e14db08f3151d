using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Tests.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Il;

/// <summary>Random programs of jumps, calls and returns over several pages, with code that changes, end as the interpreter's at every tier.</summary>
/// <remarks>How long, and from which seed: <see cref="FuzzSeeds"/>.</remarks>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public class IlControlFlowFuzzTests
{
    private const int Rounds = 60;

    [Theory]
    [InlineData(0, false)]
    [InlineData(5, false)]
    [InlineData(5, true)]
    public void CompiledCodeTakesTheInterpretersWay(int threshold, bool inBackground)
    {
        IlOptions tiers = new() { Threshold = threshold, InBackground = inBackground };
        long programs = 0, blocks = 0, regions = 0, invalidated = 0;
        foreach (int seed in FuzzSeeds.Count(4))
        {
            programs++;
            IlCounters counters = Compare(seed, tiers);
            blocks += counters.CompiledBlocks;
            regions += counters.Compiled;
            invalidated += counters.Invalidated;
        }

        Assert.True(regions > programs, $"{regions} regions were compiled");
        Assert.True(threshold == 0 || blocks > 2 * regions, $"{regions} regions have {blocks} blocks");
        Assert.True(invalidated > programs, $"{invalidated} units were invalidated");
    }

    private static IlCounters Compare(int seed, IlOptions tiers)
    {
        using FlatMachine compiled = new(ControlFlowFuzzTests.CodeBase, ControlFlowFuzzTests.Pages * 4096);
        using FlatMachine interpreted = new(ControlFlowFuzzTests.CodeBase, ControlFlowFuzzTests.Pages * 4096);
        TranslatorOptions options = new() { MaxSideExits = seed % 4 };
        using IlExecutor executor = new(compiled, compiled, options, tiers);
        using InterpreterExecutor interpreter = new(interpreted, interpreted, new TranslatorOptions());
        Random random = new(seed);
        ControlFlowFuzzTests.Fill(ControlFlowFuzzTests.Code(compiled), random);
        ControlFlowFuzzTests.Code(compiled).CopyTo(ControlFlowFuzzTests.Code(interpreted));
        for (int round = 0; round < Rounds; round++)
        {
            int start = random.Next();
            string left = ControlFlowFuzzTests.Execute(compiled, executor, start);
            string right = ControlFlowFuzzTests.Execute(interpreted, interpreter, start);
            if (left != right)
                Assert.Fail($"seed {seed} round {round}\ncompiled:\n{left}\ninterpreter:\n{right}");
            ControlFlowFuzzTests.Change(random, compiled, executor, interpreted, interpreter);
        }

        return executor.Counters;
    }
}
