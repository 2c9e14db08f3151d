using System.Runtime.InteropServices;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>A broadcast TLBI and its DSB among 64 processors of which few run: filed, seen by those that run, waited for.</summary>
/// <remarks>All on one thread, so what is measured is the work, not how long others take to come to a unit boundary. What the TLBs do about it is not in it.</remarks>
[MemoryDiagnoser]
public unsafe class ShootdownBenchmarks
{
    private const int Existing = 64;

    private readonly DomainMember[] members = new DomainMember[Existing];
    private GuestContext* context;
    private ShareabilityDomain domain = null!;

    [Params(1, 2, 16)]
    public int Running { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        // SAFETY: freed in Cleanup, after the last use of the members; they touch the poll word only, so one serves all.
        context = (GuestContext*)NativeMemory.AlignedAlloc((nuint)sizeof(GuestContext), 4096);
        NativeMemory.Clear(context, (nuint)sizeof(GuestContext));
        domain = new ShareabilityDomain();
        for (int i = 0; i < Existing; i++)
            members[i] = domain.Join(context);
        for (int i = 0; i < Running; i++)
            members[i].TryEnter();
    }

    [GlobalCleanup]
    public void Cleanup() => NativeMemory.AlignedFree(context);

    /// <summary>The first processor's TLBI and DSB; the others that run leave, carry it out and enter again.</summary>
    [Benchmark]
    public long BroadcastAndWait()
    {
        DomainMember poster = members[0];
        long number = domain.Post(new Shootdown(ShootdownKind.Address, 0x1000), poster);
        for (int i = 1; i < Running; i++)
        {
            DomainMember member = members[i];
            member.Leave();
            while (!member.TryEnter())
                CarryOut(member);
        }

        poster.WaitFor(number);
        CarryOut(poster);
        context->Poll = 0;
        return number;
    }

    private static void CarryOut(DomainMember member)
    {
        while (member.TryNext(out _))
            member.Complete();
    }
}
