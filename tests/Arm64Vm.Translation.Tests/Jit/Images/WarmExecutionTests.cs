using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Jit.Images;
using Arm64Vm.Translation.Tests.Verification;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit.Images;

/// <summary>Code from disk does what code that was made for the run does.</summary>
public sealed unsafe class WarmExecutionTests : IDisposable
{
    private const ulong CodeBase = 0x2000_0000;
    private const ulong OtherBase = 0x2000_3000;
    private const int Start = 0x100;

    private readonly string path = Path.Combine(Path.GetTempPath(), "arm64vm-warm-" + Guid.NewGuid().ToString("N"));
    private ImageStore store;

    public WarmExecutionTests() => store = Open();

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(path, recursive: true);
    }

    private ImageStore Open() => ImageStore.TryOpen(new ImageFolder(path), new byte[ImageKey.Size], message => Assert.Fail(message))!;

    /// <summary>The same bytes at another physical address: everything comes from disk, is linked, and counts the same.</summary>
    [Fact]
    public void ASecondRunTranslatesNothing()
    {
        (ulong sum, JitCounters cold, TranslationCacheStatistics made) = RunSum(CodeBase);
        Assert.Equal(0, cold.LoadedUnits);
        store.Save();
        (ulong again, JitCounters warm, TranslationCacheStatistics loaded) = RunSum(OtherBase);
        Assert.Equal(5050u, sum);
        Assert.Equal(sum, again);
        Assert.Equal(made.Units, warm.LoadedUnits);
        Assert.Equal(made.GuestInstructions, warm.LoadedInstructions);
        Assert.Equal(made.CodeBytes, warm.LoadedBytes);
        Assert.Equal(made.Links, loaded.Links);
        Assert.Equal(0, store.Added);
    }

    /// <summary>A store to code that came from disk drops it, as any other.</summary>
    [Fact]
    public void ChangedCodeIsNotTheOldCode()
    {
        RunSum(CodeBase);
        store.Save();
        using FlatMachine machine = new(CodeBase, 0x1000);
        using JitExecutor executor = Executor(machine);
        WriteSum(machine);
        Assert.Equal(5050u, Run(machine, executor, CodeBase));
        MemoryMarshal.Cast<byte, uint>(machine.Code)[(Start / 4) + 2] = 0x8B01_0400; // add x0, x0, x1, lsl #1
        executor.Invalidate(CodeBase + Start + 8, 4);
        Assert.Equal(10100u, Run(machine, executor, CodeBase));
        Assert.True(executor.Cache.Statistics.Invalidated > 0);
    }

    /// <summary>Single steps and a debugger's stops are not kept.</summary>
    [Fact]
    public void WhatDependsOnADebuggerIsNotKept()
    {
        Assert.False(new UnitVariant(default(TranslationMode).WithSingleStep(), false, false).IsKept);
        Assert.False(new UnitVariant(default(TranslationMode).WithStops(1), false, false).IsKept);
        Assert.True(new UnitVariant(default(TranslationMode).WithGuard(), true, true).IsKept);
    }

    /// <summary>Random programs that change, in a cache that evicts, with everything from disk the second time.</summary>
    [Fact]
    [Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
    public void EmittedCodeFromDiskTakesTheInterpretersWay()
    {
        long missed = 0, loaded = 0;
        foreach (int seed in FuzzSeeds.Count(6))
        {
            // A folder of its own: what is little beside what a folder has is not worth a file, so that after hundreds of programs the next would find nothing.
            Dispose();
            store = Open();
            Compare(seed);
            store.Save();
            JitCounters counters = Compare(seed);
            missed += store.Added;
            loaded += counters.LoadedUnits;
        }

        Assert.True(loaded > 1000, $"{loaded} units were loaded");
        Assert.True(missed < loaded / 10, $"{missed} units were not found, {loaded} were");
    }

    /// <summary>Recorded instructions, with all code from disk.</summary>
    [Theory]
    [InlineData("sequences")]
    [InlineData("branch")]
    [InlineData("ldst")]
    [InlineData("fp-simd")]
    public void OutcomesAreExact(string file)
    {
        VectorReportAssert.Passed(RunVectors(file, out _));
        store.Save();
        VectorReportAssert.Passed(RunVectors(file, out JitCounters warm));
        Assert.True(warm.LoadedUnits > 100, $"{warm.LoadedUnits} units were loaded");
    }

    private VectorReport RunVectors(string file, out JitCounters counters)
    {
        JitExecutor? made = null;
        VectorReport report = new VectorRunner(VectorDirectory.Path).Run(
            file, (services, memory) => made = new JitExecutor(memory, services, new Translator(new TranslatorOptions { Features = FeatureSet.All }), HostFeatures.Detect()) { Images = store });
        counters = made!.Counters;
        return report;
    }

    private JitCounters Compare(int seed)
    {
        using FlatMachine emitted = new(ControlFlowFuzzTests.CodeBase, ControlFlowFuzzTests.Pages * 4096);
        using FlatMachine interpreted = new(ControlFlowFuzzTests.CodeBase, ControlFlowFuzzTests.Pages * 4096);
        using JitExecutor jit = new(emitted, emitted, new Translator(new TranslatorOptions { MaxSideExits = 4 }), HostFeatures.Detect(), 384 << 10) { Images = store };
        using InterpreterExecutor interpreter = new(interpreted, interpreted, new TranslatorOptions());
        Random random = new(seed);
        ControlFlowFuzzTests.Fill(ControlFlowFuzzTests.Code(emitted), random);
        ControlFlowFuzzTests.Code(emitted).CopyTo(ControlFlowFuzzTests.Code(interpreted));
        for (int round = 0; round < 40; round++)
        {
            int start = random.Next();
            string left = ControlFlowFuzzTests.Execute(emitted, jit, start);
            string right = ControlFlowFuzzTests.Execute(interpreted, interpreter, start);
            if (left != right)
                Assert.Fail($"seed {seed} round {round}\nemitted code:\n{left}\ninterpreter:\n{right}");
            ControlFlowFuzzTests.Change(random, emitted, jit, interpreted, interpreter);
        }

        return jit.Counters;
    }

    private (ulong Sum, JitCounters Counters, TranslationCacheStatistics Statistics) RunSum(ulong codeBase)
    {
        using FlatMachine machine = new(codeBase, 0x1000);
        using JitExecutor executor = Executor(machine);
        WriteSum(machine);
        return (Run(machine, executor, codeBase), executor.Counters, executor.Cache.Statistics);
    }

    private JitExecutor Executor(FlatMachine machine) =>
        new(machine, machine, new Translator(new TranslatorOptions { MaxSideExits = 3 }), HostFeatures.Detect(), 1 << 20) { Images = store };

    /// <summary>The sum of the numbers from 1 to 100.</summary>
    private static void WriteSum(FlatMachine machine)
    {
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        code[Start / 4] = 0xD280_0000; // mov x0, #0
        code[(Start / 4) + 1] = 0xD280_0C81; // mov x1, #100
        code[(Start / 4) + 2] = 0x8B01_0000; // add x0, x0, x1
        code[(Start / 4) + 3] = 0xF100_0421; // subs x1, x1, #1
        code[(Start / 4) + 4] = 0x54FF_FFC1; // b.ne .-8
        code[(Start / 4) + 5] = 0xD420_0000; // brk #0
    }

    private static ulong Run(FlatMachine machine, JitExecutor executor, ulong codeBase)
    {
        machine.Context->Pc = codeBase + Start;
        executor.Run(machine.Context);
        return machine.Context->X[0];
    }
}
