using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Tests.Golden;
using Arm64Vm.Translation.Tests.Verification;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>In steady state neither translating nor running guest code allocates a byte.</summary>
public unsafe class AllocationTests
{
    private const int PageSize = 4096;
    private const ulong CodeBase = 0x2000_0000;

    /// <summary>Every golden snippet, translated, compiled and put into a cache that is so small that it evicts all the time.</summary>
    [Fact]
    public void TranslatingCompilingAndEvicting()
    {
        GoldenSnippet[] snippets = [.. Directory.EnumerateFiles(GoldenFolder, "*.txt").Select(path => GoldenSnippet.Parse(File.ReadAllLines(path)))];
        using TranslationCache cache = new(1 << 20);
        UnitCompiler compiler = new(cache, HostFeatures.Detect());
        Translator translator = new(new TranslatorOptions { Features = FeatureSet.All });
        IrRegion region = new();
        byte* pages = (byte*)NativeMemory.AlignedAlloc((nuint)(snippets.Length * PageSize), PageSize);
        try
        {
            new Span<uint>(pages, snippets.Length * PageSize / 4).Fill(0xD420_0000);
            for (int i = 0; i < snippets.Length; i++)
                snippets[i].Words.CopyTo(new Span<uint>(pages + (i * PageSize) + snippets[i].Start, snippets[i].Words.Length));

            ulong physical = 0;
            long allocated = Steady(() =>
            {
                for (int i = 0; i < snippets.Length; i++)
                {
                    GoldenSnippet snippet = snippets[i];
                    CodeLocation location = new() { PhysicalPage = physical, Host = pages + (i * PageSize), Mode = snippet.Mode };
                    CompileMode mode = new(snippet.ExceptionLevel, snippet.Mode.MmuIndex, AlignmentChecked: false, SingleStep: false, Fpcr: 0);
                    for (int offset = snippet.Start; offset < snippet.End; offset = region.GuestEnd)
                    {
                        translator.Translate(location, offset, region);
                        compiler.Add(region, mode, physical + (ulong)offset, snippet.Mode);
                    }

                    physical += PageSize;
                }
            });
            Assert.True(cache.Statistics.Evicted > 1000, "nothing was evicted");
            Assert.Equal(0, allocated);
        }
        finally
        {
            NativeMemory.AlignedFree(pages);
        }
    }

    /// <summary>Slow loads and stores, links on the page and to the next, calls, returns and indirect jumps, operations by the oracle.</summary>
    [Fact]
    public void RunningLinkingAndServing()
    {
        using FlatMachine machine = new(CodeBase, 2 * PageSize);
        using JitExecutor executor = MakeExecutor(machine);
        GuestContext* context = machine.Context;
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        ReadOnlySpan<uint> first =
        [
            0xF9400023, // ldr x3, [x1]
            0xF9000823, // str x3, [x1, #16]
            0x140003FE, // b +0xff8: to the next page
            0xF1000442, // subs x2, x2, #1
            0x54FFFF81, // b.ne to the start
            0xD4200000, // brk
        ];
        ReadOnlySpan<uint> second =
        [
            0x94000004, // bl +0x10
            0x5E280801, // sha1h s1, s0
            0xD63F0100, // blr x8
            0x17FFFC00, // b -0x1000: to the subs
            0xD65F03C0, // ret
        ];
        first.CopyTo(code);
        second.CopyTo(code[(PageSize / 4)..]);
        long allocated = Steady(() =>
        {
            context->X[1] = FlatMachine.DataBase;
            context->X[2] = 100;
            context->X[8] = CodeBase + PageSize + 16;
            context->Pc = CodeBase;
            ExitReason reason = executor.Run(context);
            if (reason != ExitReason.Breakpoint || context->X[2] != 0)
                throw new InvalidOperationException($"ended with {reason} at {context->Pc:x}");
        });
        Assert.True(executor.Counters.MemoryExits > 1000);
        Assert.True(executor.Cache.Statistics.Links > 3);
        Assert.Equal(0, allocated);
    }

    /// <summary>A guest that keeps on changing its code: dropped, translated again, linked again.</summary>
    [Fact]
    public void InvalidatingAndTranslatingAgain()
    {
        using FlatMachine machine = new(CodeBase, 2 * PageSize);
        using JitExecutor executor = MakeExecutor(machine);
        GuestContext* context = machine.Context;
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        code[0] = 0x91000400; // add x0, x0, #1
        code[1] = 0x140003FF; // b to the next page
        long allocated = Steady(() =>
        {
            executor.Invalidate(CodeBase, 4);
            context->Pc = CodeBase;
            executor.Run(context);
            executor.Invalidate(CodeBase + PageSize, 4);
            context->Pc = CodeBase;
            executor.Run(context);
        });
        Assert.True(executor.Cache.Statistics.Invalidated > 100);
        Assert.Equal(0, allocated);
    }

    private static string GoldenFolder => Path.GetFullPath(Path.Combine(VectorDirectory.Path, "..", "Arm64Vm.Translation.Tests", "Golden"));

    private static JitExecutor MakeExecutor(FlatMachine machine) =>
        new(machine, machine, new Translator(new TranslatorOptions { Features = FeatureSet.All }), HostFeatures.Detect(), 1 << 20);

    /// <summary>Bytes that the action allocates once it has run often enough for every table to have grown to its size.</summary>
    private static long Steady(Action action)
    {
        for (int i = 0; i < 100; i++)
            action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
            action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
