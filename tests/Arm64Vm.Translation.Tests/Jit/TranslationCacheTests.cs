using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>What happens when the cache is full.</summary>
public sealed unsafe class TranslationCacheTests : IDisposable
{
    private const int PageSize = 4096;
    private const ulong CodeBase = 0x2000_0000;
    private const ulong Filler = CodeBase + PageSize;
    private const uint Brk = 0xD420_0000;

    private readonly FlatMachine machine = new(CodeBase, 2 * PageSize);
    private readonly JitExecutor executor;

    public TranslationCacheTests()
    {
        executor = new JitExecutor(machine, machine, new Translator(new TranslatorOptions()), HostFeatures.Detect(), 1 << 20);
        Code.Fill(Brk);
    }

    private Span<uint> Code => MemoryMarshal.Cast<byte, uint>(machine.Code);

    private TranslationCache Cache => executor.Cache;

    /// <summary>Found by a benchmark: with fewer than 32 bytes left the emitter refused to start, and the exception ended the guest.</summary>
    [Fact]
    public void AChunkIsFilledToItsLastBytes()
    {
        HashSet<int> rests = [];
        for (int i = 0; i < 48_000; i++)
        {
            int length = 1 + (i * 7 % 13);
            Code.Slice(PageSize / 4, length).Fill(0x9100_0400); // add x0, x0, #1
            Code[(PageSize / 4) + length] = Brk;
            executor.Invalidate(Filler, 64);
            rests.Add(CacheView.Room(executor));
            machine.Context->X[0] = 0;
            Run(Filler);
            Assert.Equal((ulong)length, machine.Context->X[0]);
        }

        Assert.Contains(rests, rest => rest is > 0 and < 64);
        Assert.True(Cache.Statistics.CodeBytes > 1 << 20);
    }

    /// <summary>
    /// A jump asks for its target; translating that evicts the chunk with the jump in it, and the new unit gets the number of the
    /// jump's link site. The link must not be made then: it would tie the new unit to itself.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ALinkIsNotMadeWhenTranslatingItsTargetEvictedTheJump(int start)
    {
        ReadOnlySpan<uint> program =
        [
            0xB4000060, // cbz x0, +12
            0xD1000421, // sub x1, x1, #1
            0xB4000041, // cbz x1, +8
            Brk,
            Brk,
        ];
        program.CopyTo(Code);
        for (int round = 0; round < 20; round++)
        {
            executor.Invalidate(CodeBase, PageSize);
            machine.Context->X[0] = 0;
            Run(CodeBase);
            int first = Cache.Find(CodeBase, Mode);
            FillUntil(() => CacheView.Room(executor) < 80 && CacheView.IsNextToGo(Cache, first));

            machine.Context->X[0] = 1;
            machine.Context->X[1] = (ulong)start;
            long evicted = Cache.Statistics.Evicted;
            Run(CodeBase);
            Assert.True(Cache.Statistics.Evicted > evicted, "nothing was evicted: the test tests nothing");
            Assert.Equal((ulong)start - 1, machine.Context->X[1]);
            Assert.Equal(start == 1 ? CodeBase + 16 : CodeBase + 12, machine.Context->Pc);
        }
    }

    private TranslationMode Mode
    {
        get
        {
            machine.TryFetch(machine.Context, CodeBase, out CodeLocation location);
            return location.Mode;
        }
    }

    private void FillUntil(Func<bool> full)
    {
        Code[PageSize / 4] = Brk;
        do
        {
            executor.Invalidate(Filler, 64);
            Run(Filler);
        }
        while (!full());
    }

    private void Run(ulong address)
    {
        machine.Context->Pc = address;
        Assert.Equal(ExitReason.Breakpoint, executor.Run(machine.Context));
    }

    public void Dispose()
    {
        executor.Dispose();
        machine.Dispose();
    }
}
