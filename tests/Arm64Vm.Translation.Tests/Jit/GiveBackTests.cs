using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Profiling;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>A cache gives all its memory back, and code runs on.</summary>
public sealed unsafe class GiveBackTests : IDisposable
{
    private const int PageSize = 4096;
    private const ulong CodeBase = 0x2000_0000;
    private const ulong Filler = CodeBase + PageSize;
    private const uint Brk = 0xD420_0000;

    private readonly FlatMachine machine = new(CodeBase, 2 * PageSize);
    private readonly TranslationCache cache = new(8 << 20);
    private readonly JitExecutor executor;

    public GiveBackTests()
    {
        executor = MakeExecutor(machine);
        Code.Fill(Brk);
        ReadOnlySpan<uint> program =
        [
            0x9100_0400, // add x0, x0, #1
            0x9400_0003, // bl +12
            0xB4FF_FFC0, // cbz x0, -8
            Brk,
            0x4E08_0C00, // dup v0.2d, x0
            0x8B00_0021, // add x1, x1, x0
            0xD65F_03C0, // ret
        ];
        program.CopyTo(Code);
    }

    private Span<uint> Code => MemoryMarshal.Cast<byte, uint>(machine.Code);

    [Fact]
    public void CodeRunsOnAfterItWasGivenBack()
    {
        Grow();
        Run(executor, machine);
        long units = cache.Statistics.Units;
        Assert.NotEqual(0, cache.Statistics.LiveUnits);

        executor.GiveBack(machine.Context, code: true);
        Assert.True(cache.TryGiveBack(out long bytes));
        Assert.True(bytes > 100_000, $"{bytes}");
        Assert.Equal((0, 0, 0), (cache.Statistics.LiveUnits, cache.Statistics.LiveBytes, cache.TableBytes));
        Assert.False(cache.HasCode(CodeBase));

        for (int i = 0; i < 3; i++)
            Run(executor, machine);
        Assert.InRange(cache.Statistics.Units - units, 1, 8);
        Assert.True(cache.HasCode(CodeBase));
    }

    /// <summary>What little is made afterwards stays where it is.</summary>
    [Fact]
    public void NothingIsGivenBackTwice()
    {
        Grow();
        executor.GiveBack(machine.Context, code: true);
        Assert.True(cache.TryGiveBack(out _));
        Run(executor, machine);
        long units = cache.Statistics.LiveUnits;
        Assert.False(cache.HasGrown);
        executor.GiveBack(machine.Context, code: false);
        Assert.True(cache.TryGiveBack(out long bytes));
        Assert.Equal((0, units), (bytes, cache.Statistics.LiveUnits));
        Run(executor, machine);
        Assert.Equal(units, cache.Statistics.LiveUnits);
    }

    /// <summary>A store to code that was translated anew is seen.</summary>
    [Fact]
    public void CodeThatChangesAfterwardsIsTranslatedAnew()
    {
        Run(executor, machine);
        Grow();
        executor.GiveBack(machine.Context, code: true);
        Assert.True(cache.TryGiveBack(out _));

        // Changed while there is no code of the page, and again when there is.
        Code[0] = 0x9100_0800; // add x0, x0, #2
        executor.Invalidate(CodeBase, 4);
        Assert.Equal(2UL, Advance());
        Code[0] = 0x9100_0C00; // add x0, x0, #3
        executor.Invalidate(CodeBase, 4);
        Assert.Equal(3UL, Advance());
    }

    /// <summary>The second processor has not closed its chunk: it has made code since, or does not take part.</summary>
    [Fact]
    public void NothingGoesWhileAnotherProcessorMakesCode()
    {
        using var other = new FlatMachine(CodeBase, 2 * PageSize);
        machine.Code.CopyTo(other.Code);
        using var second = MakeExecutor(other);
        Grow();
        Run(second, other);
        executor.GiveBack(machine.Context, code: true);
        long units = cache.Statistics.LiveUnits;
        Assert.False(cache.TryGiveBack(out _));
        Assert.Equal(units, cache.Statistics.LiveUnits);

        second.GiveBack(other.Context, code: true);
        Assert.True(cache.TryGiveBack(out _));
        Run(second, other);
        Run(executor, machine);
    }

    /// <summary>A processor that is inside may run what would go.</summary>
    [Fact]
    public void NothingGoesWhileAProcessorIsInside()
    {
        Grow();
        executor.GiveBack(machine.Context, code: true);
        using var other = new FlatMachine(CodeBase, PageSize);
        CacheMember member = cache.Join(other.Context);
        member.Enter(cache.Epoch, isAlone: false);
        Assert.False(cache.TryGiveBack(out _));
        member.Leave();
        Assert.True(cache.TryGiveBack(out _));
        cache.Leave(member);
        Run(executor, machine);
    }

    [Fact]
    public void NothingGoesWhileItIsRecorded()
    {
        Grow();
        using var registry = new BlockRegistry(cache.View, processors: 1, counts: false, counter: null);
        cache.Registry = registry;
        executor.GiveBack(machine.Context, code: true);
        long units = cache.Statistics.LiveUnits;
        Assert.False(cache.TryGiveBack(out _));
        Assert.Equal(units, cache.Statistics.LiveUnits);
        cache.Registry = null;
        Assert.True(cache.TryGiveBack(out _));
    }

    /// <summary>Chunk after chunk is filled and given back, and none is lost.</summary>
    [Fact]
    public void AllRoomCanBeUsedAgain()
    {
        for (int i = 0; i < 40; i++)
        {
            Grow();
            executor.GiveBack(machine.Context, code: true);
            Assert.True(cache.TryGiveBack(out _));
            Run(executor, machine);
        }

        Assert.Equal(0, cache.Statistics.Evicted);
    }

    private JitExecutor MakeExecutor(FlatMachine flat) =>
        new(flat, flat, new Translator(new TranslatorOptions()), HostFeatures.Detect(), cache);

    /// <summary>Makes code until there is enough to give back.</summary>
    private void Grow()
    {
        Code.Slice(PageSize / 4, 64).Fill(0x9100_0442); // add x2, x2, #1
        while (!cache.HasGrown)
        {
            executor.Invalidate(Filler, 64);
            machine.Context->Pc = Filler;
            Assert.Equal(ExitReason.Breakpoint, executor.Run(machine.Context));
        }
    }

    private ulong Advance()
    {
        ulong before = machine.Context->X[0];
        Run(executor, machine);
        return machine.Context->X[0] - before;
    }

    private static void Run(JitExecutor one, FlatMachine flat)
    {
        ulong sum = flat.Context->X[1];
        flat.Context->Pc = CodeBase;
        Assert.Equal(ExitReason.Breakpoint, one.Run(flat.Context));
        Assert.Equal(CodeBase + 12, flat.Context->Pc);
        Assert.Equal(sum + flat.Context->X[0], flat.Context->X[1]);
        Assert.Equal(flat.Context->X[0], flat.Context->GetV(0).Hi);
    }

    public void Dispose()
    {
        executor.Dispose();
        cache.Dispose();
        machine.Dispose();
    }
}
