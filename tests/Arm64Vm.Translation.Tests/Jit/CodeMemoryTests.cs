using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>How much memory code and tables take where there is a limit (boot --code-memory).</summary>
public sealed unsafe class CodeMemoryTests : IDisposable
{
    private const int Pages = 192;
    private const int PageSize = 4096;
    private const ulong CodeBase = 0x2000_0000;
    private const uint Brk = 0xD420_0000;
    private const long CacheSize = 16 << 20;
    private const long Limit = 3 << 20;

    /// <summary>Guest instructions of a unit, with the BRK that ends it.</summary>
    private const int UnitLength = 32;

    /// <summary>A unit changes each of these in turn, which are in memory of the host.</summary>
    private const int FirstRegister = 9;
    private const int Registers = 10;

    private readonly FlatMachine machine = new(CodeBase, Pages * PageSize);
    private TranslationCache cache = null!;
    private JitExecutor executor = null!;

    public CodeMemoryTests()
    {
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        for (int i = 0; i < code.Length; i++)
        {
            uint register = (uint)(FirstRegister + (i % UnitLength % Registers));
            code[i] = i % UnitLength == UnitLength - 1 ? Brk : 0xCA08_0400 | (register << 5) | register; // eor xn, xn, x8, lsl #1
        }
    }

    private long Used => cache.Statistics.LiveBytes + cache.TableBytes;

    /// <summary>Code that is made once and not used again leaves; tables of pages without code leave with it.</summary>
    [Fact]
    public void NewCodeDoesNotTakeMoreThanTheLimit()
    {
        Make(Limit);
        long most = 0;
        for (int page = 0; page < Pages; page++)
        {
            RunPage(page);
            most = Math.Max(most, Used);
        }

        Assert.True(cache.Statistics.CodeBytes > Limit, $"{cache.Statistics.CodeBytes} bytes were made: the test tests nothing");
        Assert.True(cache.Statistics.Evicted > 0);
        Assert.InRange(most, Limit / 2, Limit);
        Assert.Equal(Limit, cache.Capacity);
    }

    /// <summary>More code than the limit holds runs round and round.</summary>
    [Fact]
    public void CodeThatIsMadeAgainDoesNotTakeMoreThanTheLimit()
    {
        Make(Limit);
        for (int round = 0; round < 12; round++)
            RunAll();
        Assert.InRange(Used, Limit / 2, Limit);
    }

    [Fact]
    public void WithoutALimitTheRoomForCodeIsUsed()
    {
        Make(limit: null);
        RunAll();
        Assert.Equal(0, cache.Statistics.Evicted);
        Assert.True(Used > Limit);
        Assert.InRange(cache.Capacity, CacheSize / 2, CacheSize * 2);
    }

    /// <summary>Old code stays for younger code that has been overwritten.</summary>
    [Fact]
    public void CodeThatCannotBeReachedGoesFirst()
    {
        const int kept = 24;
        Make(Limit);
        for (int page = 0; page < Pages; page++)
        {
            RunPage(page);
            if (page >= kept)
                executor.Invalidate(CodeBase + ((ulong)page * PageSize), PageSize);
        }

        machine.TryFetch(machine.Context, CodeBase, out CodeLocation location);
        Assert.True(cache.Statistics.CodeBytes > Limit, $"{cache.Statistics.CodeBytes} bytes were made: the test tests nothing");
        Assert.True(cache.Find(CodeBase, location.Mode) >= 0);
    }

    /// <summary>Processors that have made little hold a chunk each, which cannot be evicted: one that works must not evict at every step for that.</summary>
    [Fact]
    public void ChunksThatOthersFillDoNotEvictWhatIsUsed()
    {
        Make(Limit);
        List<(FlatMachine Machine, JitExecutor Executor)> others = [];
        for (int i = 0; i < 12; i++)
        {
            FlatMachine other = new(CodeBase + ((ulong)(i + 1) << 28), PageSize);
            others.Add((other, new JitExecutor(other, other, new Translator(new TranslatorOptions()), HostFeatures.Detect(), cache)));
            other.Context->Pc = CodeBase + ((ulong)(i + 1) << 28);
            Assert.Equal(ExitReason.Breakpoint, others[i].Executor.Run(other.Context));
        }

        for (int round = 0; round < 4; round++)
        {
            for (int page = 0; page < Pages / 4; page++)
                RunPage(page);
        }

        Assert.Equal(0, cache.Statistics.Evicted);
        foreach ((FlatMachine other, JitExecutor executor) in others)
        {
            executor.Dispose();
            other.Dispose();
        }
    }

    /// <summary>Pages are as many as there can be while tables without units are retired: those with code must not be forgotten with the rest.</summary>
    [Fact]
    public void PagesWithCodeAreNotForgotten()
    {
        const ulong some = 0x10_0000_0000, others = 0x20_0000_0000;
        const int empty = 8;
        Make(Limit);
        machine.TryFetch(machine.Context, CodeBase, out CodeLocation location);
        TakeTables(location, some, CodePages.MaximumPages - (Pages * (empty + 1)));
        for (int page = 0; page < Pages && cache.Statistics.Evicted == 0; page++)
        {
            TakeTables(location, others + ((ulong)page * empty * PageSize), empty);
            RunPage(page);
        }

        Assert.True(cache.Statistics.Evicted > 0);
        TakeTables(location, others + (Pages * empty * PageSize), Pages * (empty + 1));
        int found = 0;
        for (int page = 0; page < Pages; page++)
            found += cache.HasCode(CodeBase + ((ulong)page * PageSize)) ? 1 : 0;
        Assert.Equal(cache.Statistics.LiveUnits != 0, found != 0);
    }

    private void TakeTables(CodeLocation location, ulong first, int count)
    {
        for (int i = 0; i < count; i++)
        {
            location.PhysicalPage = first + ((ulong)i * PageSize);
            while (cache.GetTable(location) == null)
            {
            }
        }
    }

    private void Make(long? limit)
    {
        HostFeatures features = HostFeatures.Detect();
        cache = new TranslationCache(CacheSize, features, limit);
        executor = new JitExecutor(machine, machine, new Translator(new TranslatorOptions()), features, cache);
    }

    private void RunAll()
    {
        for (int page = 0; page < Pages; page++)
            RunPage(page);
    }

    private void RunPage(int page)
    {
        for (int offset = 0; offset < PageSize; offset += UnitLength * sizeof(uint))
            Run(CodeBase + (ulong)((page * PageSize) + offset));
    }

    private void Run(ulong address)
    {
        machine.Context->Pc = address;
        machine.Context->X[8] = address;
        machine.Context->X[FirstRegister + 1] = 0;
        Assert.Equal(ExitReason.Breakpoint, executor.Run(machine.Context));

        // Three times in a unit of 31.
        Assert.Equal(address << 1, machine.Context->X[FirstRegister + 1]);
    }

    public void Dispose()
    {
        executor.Dispose();
        cache.Dispose();
        machine.Dispose();
    }
}
