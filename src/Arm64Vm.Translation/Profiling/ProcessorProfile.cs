using System.Diagnostics;
using System.Runtime.CompilerServices;
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
    private readonly Lock _summing = new();
    private readonly ExitRing _exits = new();
    private readonly ExitRing.Reader _count;
    private readonly SamplePoint* _point;
    private readonly GuestContext* _context;
    private long _since;
    private long _runTime;
    private long _idleTime;
    private long _waitTime;
    private Standing _standing = Standing.Idle;

    /// <param name="start">Ticks of <see cref="Stopwatch"/> when the recording began: the vCPU has been idle since.</param>
    public ProcessorProfile(int processor, GuestContext* context, ThreadSamplers samplers, BlockRegistry blocks, long start)
    {
        _since = start;
        _samplers = samplers;
        Blocks = blocks;
        _count = Count;
        _point = (SamplePoint*)_memory.Address;
        _context = context;
        _point->Processor = processor;
        _point->Context = context;
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

    public int Processor => _point->Processor;

    /// <summary>By reason (<see cref="ProfiledExit"/>), site and process.</summary>
    public CountTable Exits { get; } = new();

    /// <summary>By page and kind, site, and process.</summary>
    public CountTable Misses { get; } = new();

    /// <summary>Times that emitted code was left.</summary>
    public long ExitCount { get; private set; }

    /// <summary>What the thread does while it is not in emitted code.</summary>
    public SamplePlace Place
    {
        get => _point->Place;
        set => _point->Place = value;
    }

    /// <summary>The guest instruction that is being served.</summary>
    public ulong Site
    {
        get => _point->Site;
        set => _point->Site = value;
    }

    /// <summary>The calling thread begins to run the vCPU.</summary>
    public void Enter()
    {
        _point->Place = SamplePlace.RunLoop;
        Blocks.Running = this;

        // The first time this makes the thread's timer: until it ticks the time is no running time, which is counted by its ticks.
        _samplers.Run(_point);
        ChangeTo(Standing.Running);
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
        Note(site, 0, code, ExitRing.Miss.None);
    }

    /// <summary>A memory access left emitted code.</summary>
    public void CountMiss(bool isWrite, ulong address, ulong site, uint code)
    {
        Site = site;
        ExitCount++;
        Note(site, address, code, isWrite ? ExitRing.Miss.Write : ExitRing.Miss.Read);
    }

    /// <summary>A page of code was asked for.</summary>
    public void CountFetch(ulong address) => Note(address, address, 0, ExitRing.Miss.Fetch);

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

    /// <summary>Sums up what was counted since the last time. On any thread.</summary>
    public void TakeCounts()
    {
        lock (_summing)
        {
            _exits.Drain(_count);
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _exits.Dispose();
        Exits.Dispose();
        Misses.Dispose();
    }

    /// <summary>The address space that an address of the lower half belongs to; 0 for the upper half.</summary>
    public ulong ProcessOf(ulong address) => SpaceOf(address, Space);

    /// <summary>The address space of the lower half.</summary>
    private ulong Space => AddressSpace.Key(_context->Direct[(int)DirectRegister.TranslationBase0], _context->Direct[(int)DirectRegister.TranslationBase1]);

    private static ulong SpaceOf(ulong address, ulong lower) => (address >> 55 & 1) != 0 ? 0 : lower;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Note(ulong site, ulong address, uint code, ExitRing.Miss miss)
    {
        while (!_exits.TryAdd(new ExitRing.Exit(site, address, Space, (byte)code, miss)))
            TakeCounts();
    }

    private void Count(in ExitRing.Exit exit)
    {
        if (exit.Miss != ExitRing.Miss.Fetch)
            Exits.Add(exit.Site, exit.Code, SpaceOf(exit.Site, exit.Space));
        if (exit.Miss != ExitRing.Miss.None)
            Misses.Add((exit.Address & ~0xFFFUL) | KindOf(exit.Miss), exit.Site, SpaceOf(exit.Site & exit.Address, exit.Space));
    }

    /// <summary>As a profile numbers them.</summary>
    private static ulong KindOf(ExitRing.Miss miss) => (ulong)miss - (ulong)ExitRing.Miss.Read;

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
