using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>
/// A processor asks for a link, and comes to a unit boundary on the way: what was evicted may be reused from there on, so that the number of the site that
/// asked may be another one's. Found by a reviewer: another unit's jump was linked to what the first one had wanted.
/// </summary>
public sealed unsafe class LinkSiteReuseTests : IDisposable
{
    private const int PageSize = 4096;
    private const int Pages = 8192;
    private const ulong Base = 0x2000_0000;
    private const ulong OtherBase = 0x3000_0000;
    private const uint Brk = 0xD420_0000;
    private const uint Ret = 0xD65F_03C0;
    private const int Length = 32;

    private readonly Memory memory = new(new FlatMachine(Base, Pages * PageSize));
    private readonly FlatMachine other = new(OtherBase, Pages * PageSize);
    private readonly TranslationCache cache = new(64 << 20, HostFeatures.Detect(), 16 << 20);
    private int nextOfOther;

    [Fact]
    public void ASiteThatWasEvictedIsNotLinked()
    {
        FlatMachine machine = memory.Machine;
        using JitExecutor first = Make(memory, machine), second = Make(other, other);
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        for (int i = 3 * 1024; i < code.Length; i++)
            code[i] = i % Length == Length - 1 ? Ret : Eor(9 + (i % Length % 6));

        // At the end of a page, so that the second call's jump is a far one of the unit that the first call returns to.
        ulong caller = Base + PageSize - 8, callee = Base + PageSize, filler = Base + (2 * PageSize);
        code[1022] = 0xAA1E_03F1; // mov x17, x30
        code[1023] = Call(caller + 4, filler);
        code[1024] = 0x9100_0400; // add x0, x0, #1
        code[1025] = Brk;
        code[2048] = 0xD61F_0200; // br x16: to code that is new each time
        code = MemoryMarshal.Cast<byte, uint>(other.Code);
        for (int i = 0; i < code.Length; i++)
        {
            ulong at = OtherBase + ((ulong)i * 4);
            code[i] = (i % 16) switch { 15 => Brk, 14 => Call(at, at + 4 + PageSize), _ => Eor(9) };
        }

        RunOther(second);
        bool reused = false;
        memory.Fetching = address =>
        {
            machine.TryFetch(machine.Context, caller, out CodeLocation location);
            if (reused || address != callee || cache.Statistics.Evicted == 0 || cache.Find(caller, location.Mode) >= 0)
                return;
            reused = true;
            Thread thread = new(() => RunOther(second));
            thread.Start();
            thread.Join();
        };
        for (int i = 0; i < 60_000 && !reused; i++)
        {
            machine.Context->X[16] = Base + (ulong)((3 * PageSize) + (i * Length * 4));
            machine.Context->Pc = caller;
            Run(first, machine.Context);
        }

        Assert.True(reused, "the caller was never evicted under its own call: the test tests nothing");
        CheckLinks();
    }

    private void CheckLinks()
    {
        foreach (ref readonly TranslationUnit unit in cache.Units)
        {
            for (int i = unit.IsLive ? unit.FirstSite : -1; i >= 0; i = cache.Site(i).NextOfOwner)
            {
                if (cache.Site(i).Target < 0)
                    continue;
                ulong target = cache.Unit(cache.Site(i).Target).PhysicalAddress;
                Assert.Equal((ulong)cache.Site(i).TargetOffset, target & 0xFFF);
                Assert.True(cache.Site(i).IsFar || (target & ~0xFFFUL) == (unit.PhysicalAddress & ~0xFFFUL), $"the jump at {unit.PhysicalAddress:x} goes to {target:x}");
            }
        }
    }

    /// <summary>The other processor fills a chunk and a little more, and so takes one that was evicted.</summary>
    private void RunOther(JitExecutor executor)
    {
        long before = cache.Statistics.CodeBytes;
        while (cache.Statistics.CodeBytes - before < 300_000)
        {
            other.Context->Pc = OtherBase + ((ulong)nextOfOther++ * 64);
            Run(executor, other.Context);
        }
    }

    private static void Run(JitExecutor executor, GuestContext* context)
    {
        ExitReason reason;
        while ((reason = executor.Run(context)) == ExitReason.Poll)
            context->Poll = 0;
        Assert.Equal(ExitReason.Breakpoint, reason);
    }

    private JitExecutor Make(ICodeMemory code, IGuestServices services) =>
        new(code, services, new Translator(new TranslatorOptions()), HostFeatures.Detect(), cache);

    private static uint Eor(int register) => 0xCA08_0400 | ((uint)register << 5) | (uint)register; // eor xn, xn, x8, lsl #1

    private static uint Call(ulong from, ulong to) => 0x9400_0000 | ((uint)((long)(to - from) >> 2) & 0x3FF_FFFF);

    public void Dispose()
    {
        cache.Dispose();
        memory.Machine.Dispose();
        other.Dispose();
    }

    /// <summary>Tells of fetches before they are done.</summary>
    private sealed class Memory(FlatMachine machine) : ICodeMemory
    {
        public FlatMachine Machine => machine;

        public Action<ulong>? Fetching { get; set; }

        public bool TryFetch(GuestContext* context, ulong address, out CodeLocation location)
        {
            Fetching?.Invoke(address);
            return machine.TryFetch(context, address, out location);
        }

        public void WatchWrites(ulong physicalPage) => machine.WatchWrites(physicalPage);
    }
}
