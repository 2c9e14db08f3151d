using System.Diagnostics;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Profiling;

/// <summary>One vCPU's part in a recording. Its thread writes; others read times at any moment, and counts when it has ended.</summary>
/// <remarks>SAFETY: owns the sample point; the context outlives it; samplers have stopped before it is disposed.</remarks>
internal sealed unsafe class ProcessorProfile : IDisposable
{
    private readonly NativeMemoryRegion _memory = new(sizeof(SamplePoint));
    private readonly ThreadSamplers _samplers;
    private long _since = Stopwatch.GetTimestamp();
    private long _runTime;
    private long _idleTime;
    private long _waitTime;
    private Standing _standing = Standing.Idle;

    public ProcessorProfile(int processor, GuestContext* context, ThreadSamplers samplers, BlockRegistry blocks)
    {
        _samplers = samplers;
        Blocks = blocks;
        Point->Processor = processor;
        Point->Context = context;
    }

    private enum Standing
    {
        /// <summary>On a host thread.</summary>
        Running,

        /// <summary>Nothing to do.</summary>
        Idle,

        /// <summary>Without a host thread.</summary>
        Waiting,
    }

    public BlockRegistry Blocks { get; }

    public int Processor => Point->Processor;

    /// <summary>By reason (<see cref="ProfiledExit"/>), site and process.</summary>
    public CountTable Exits { get; } = new();

    /// <summary>By page and kind, site, and process.</summary>
    public CountTable Misses { get; } = new();

    /// <summary>Times that emitted code was left.</summary>
    public long ExitCount { get; private set; }

    /// <summary>What the thread does while it is not in emitted code.</summary>
    public SamplePlace Place
    {
        get => Point->Place;
        set => Point->Place = value;
    }

    /// <summary>The guest instruction that is being served.</summary>
    public ulong Site
    {
        get => Point->Site;
        set => Point->Site = value;
    }

    private SamplePoint* Point => (SamplePoint*)_memory.Address;

    /// <summary>The calling thread begins to run the vCPU.</summary>
    public void Enter()
    {
        ChangeTo(Standing.Running);
        Point->Place = SamplePlace.RunLoop;
        Blocks.Running = this;
        _samplers.Run(Point);
    }

    /// <summary>The calling thread ends running the vCPU.</summary>
    /// <param name="isIdle">It waits for something, or is switched off; else it would go on.</param>
    public void Leave(bool isIdle)
    {
        _samplers.Run(null);
        Blocks.Running = null;
        ChangeTo(isIdle ? Standing.Idle : Standing.Waiting);
    }

    /// <summary>Emitted code was left at a guest instruction.</summary>
    public void CountExit(uint code, ulong site)
    {
        ExitCount++;
        Exits.Add(site, code, ProcessOf(site));
    }

    /// <summary>A memory access left emitted code.</summary>
    public void CountMiss(bool isWrite, ulong address, ulong site, uint code)
    {
        Site = site;
        CountExit(code, site);
        Misses.Add((address & ~0xFFFUL) | (isWrite ? 1u : 0), site, ProcessOf(site & address));
    }

    /// <summary>A page of code was asked for.</summary>
    public void CountFetch(ulong address) => Misses.Add((address & ~0xFFFUL) | 2, address, ProcessOf(address));

    /// <summary>Ticks of <see cref="Stopwatch"/> until now: on a thread, with nothing to do, and ready without a thread.</summary>
    public (long Run, long Idle, long Wait) Times()
    {
        long since = Volatile.Read(ref _since);
        long open = Math.Max(0, Stopwatch.GetTimestamp() - since);
        Standing standing = _standing;
        return (
            Volatile.Read(ref _runTime) + (standing == Standing.Running ? open : 0),
            Volatile.Read(ref _idleTime) + (standing == Standing.Idle ? open : 0),
            Volatile.Read(ref _waitTime) + (standing == Standing.Waiting ? open : 0));
    }

    /// <summary>Emitted code came back with a code of <see cref="ExitLayout"/>'s or an <see cref="ExitReason"/>. Resumable exits are counted where they are served.</summary>
    public void CountLeaving(GuestContext* context, uint code)
    {
        switch (code)
        {
            case ExitLayout.SlowRequest:
                break;
            case ExitLayout.IndirectRequest:
                CountExit(code, context->Pc);
                break;
            case ExitLayout.LinkRequest:
                CountExit(code, context->PcPage);
                break;
            default:
                CountExit(code, context->PcPage + (ulong)(long)context->Exit.PcDelta);
                break;
        }
    }

    /// <summary>A memory access is about to be done outside emitted code.</summary>
    public void BeginMemory(GuestContext* context, in SlowDescriptor access)
    {
        Place = SamplePlace.Mmu;
        bool isWrite = access.Kind is SlowKind.Store or SlowKind.StorePair or SlowKind.StoreExclusive or SlowKind.Atomic or SlowKind.CompareSwap or SlowKind.ZeroBlock;
        CountMiss(isWrite, context->Exit.Address, context->PcPage + (ulong)(long)access.Pc, ProfiledExit.Of(access.Kind));
    }

    public void EndMemory() => Place = SamplePlace.RunLoop;

    /// <summary>An operation is about to be done outside emitted code.</summary>
    public void CountSystem(GuestContext* context, in SlowDescriptor operation)
    {
        Site = context->PcPage + (ulong)(long)operation.Pc;
        CountExit(ProfiledExit.Of(operation.Kind), Site);
    }

    /// <summary>Sums up what was counted since the last time. On the collecting thread.</summary>
    public void TakeCounts()
    {
        Exits.Take();
        Misses.Take();
    }

    public void Dispose()
    {
        _memory.Dispose();
        Exits.Dispose();
        Misses.Dispose();
    }

    /// <summary>The address space that an address of the lower half belongs to; 0 for the upper half.</summary>
    public ulong ProcessOf(ulong address) => (address >> 55 & 1) != 0 ? 0
        : AddressSpace.Key(Point->Context->Direct[(int)DirectRegister.TranslationBase0], Point->Context->Direct[(int)DirectRegister.TranslationBase1]);

    private void ChangeTo(Standing next)
    {
        long now = Stopwatch.GetTimestamp();
        long passed = now - _since;
        switch (_standing)
        {
            case Standing.Running:
                _runTime += passed;
                break;
            case Standing.Idle:
                _idleTime += passed;
                break;
            default:
                _waitTime += passed;
                break;
        }

        _standing = next;
        Volatile.Write(ref _since, now);
    }
}
