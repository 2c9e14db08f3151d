using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Backend.X64.Profiling;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Every unit that a translation cache makes and loses during a recording, and the way from a host address to the unit that was there.</summary>
/// <remarks>
/// The cache tells of units under its own lock, which is therefore never taken from here; what is marked so belongs to the collecting thread, and the rest is for when
/// the recording has ended. A unit knows the number that it has here.
/// SAFETY: owns the map of the code buffer and the counters; emitted code of the cache may use the counters until the cache is disposed, so
/// this is disposed after it.
/// </remarks>
internal sealed unsafe class BlockRegistry : IDisposable
{
    /// <summary>More blocks than this are not described; they are still translated and run.</summary>
    public const int MaximumBlocks = 400_000;
    public const int MaximumEvents = 200_000;

    /// <summary>Room for so many is ready before the first: a boot of Linux has some 60,000.</summary>
    private const int FirstBlocks = 32_768;

    /// <summary>Units begin at multiples of this in the code buffer.</summary>
    private const int Granule = 16;

    /// <summary>Instead of a number.</summary>
    private const int NotDescribed = -1;

    private readonly Lock _samplesGate = new();
    private readonly RecordingClock _clock;
    private readonly NativeMemoryRegion _map;
    private readonly NativeMemoryRegion _counters = new((long)MaximumBlocks * 2 * UnitCounters.SizeInBytes);
    private readonly NativeMemoryRegion _blocks = RecordingMemory.Reserve((long)MaximumBlocks * sizeof(ProfiledBlock));
    private readonly NativeMemoryRegion _events = RecordingMemory.Reserve((long)MaximumEvents * sizeof(CacheEvent));
    private readonly RecordingMemory _memory = new();
    private readonly Dictionary<int, Dictionary<int, long>> _samples = [];
    private readonly Dictionary<(CacheLoss Cause, ulong Page, ulong Site), (long Count, long Units)> _losses = [];
    private readonly ThreadLocal<ProcessorProfile?> _running = new();
    private readonly ulong _codeBase;
    private readonly long _codeSize;
    private readonly bool _counts;
    private long _nextCounter;
    private int _eventCount;
    private int _mapped;
    private long _droppedLosses;
    private int _count;

    /// <param name="cache">Whose units.</param>
    /// <param name="processors">How many run them.</param>
    /// <param name="counts">Units count how often they are entered.</param>
    /// <param name="counter">The host's time-stamp counter, where it can be used; outlives this.</param>
    public BlockRegistry(TranslationCacheView cache, int processors, bool counts, TimestampCounter? counter)
    {
        _clock = new RecordingClock(counter);
        Processors = processors;
        _codeBase = cache.CodeBase;
        _codeSize = cache.CodeSize;
        _counts = counts;
        _map = RecordingMemory.Reserve(_codeSize / Granule * sizeof(int));
        Advance(_blocks, (long)FirstBlocks * sizeof(ProfiledBlock));
    }

    /// <summary>Units were lost together.</summary>
    /// <param name="Loss">Why.</param>
    /// <param name="Time">As <see cref="Now"/>.</param>
    /// <param name="Page">Where, or 0.</param>
    /// <param name="Units">How many.</param>
    public readonly record struct CacheEvent(CacheLoss Loss, long Time, ulong Page, int Units);

    /// <summary>Where a cache's code is.</summary>
    public readonly record struct TranslationCacheView(ulong CodeBase, long CodeSize);

    public bool Counts => _counts;

    /// <summary>The time, as units are given it.</summary>
    public long Now => _clock.Now;

    public int Processors { get; }

    /// <summary>Host address that offsets of code are from.</summary>
    public ulong CodeBase => _codeBase;

    /// <summary>Bytes of host code, and units, that live.</summary>
    public long LiveBytes { get; private set; }

    public long LiveUnits { get; private set; }

    public long MadeUnits { get; private set; }

    public long LostUnits { get; private set; }

    /// <summary>Of what happened to units (made, lost) beyond <see cref="MaximumEvents"/>, or to units that are not described.</summary>
    public long DroppedEvents => _droppedLosses + Undescribed + Math.Max(0, _count + _eventCount - MaximumEvents);

    /// <summary>Blocks so far; the index of each stays what it is.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Units that were made when there was no room for more blocks.</summary>
    public long Undescribed => MadeUnits - Count;

    public List<CacheEvent> Events
    {
        get
        {
            List<CacheEvent> events = new(_eventCount);
            foreach (ref readonly CacheEvent one in new ReadOnlySpan<CacheEvent>(EventList, _eventCount))
                events.Add(one with { Time = _clock.TicksAt(one.Time) });
            return events;
        }
    }

    public List<(CacheLoss Cause, ulong Page, ulong Site, long Count, long Units)> Losses =>
        [.. _losses.Select(loss => (loss.Key.Cause, loss.Key.Page, loss.Key.Site, loss.Value.Count, loss.Value.Units))];

    /// <summary>The vCPU that the calling thread runs, or null: what it loses the cache is a store of the guest's, and a device's otherwise.</summary>
    public ProcessorProfile? Running
    {
        get => _running.Value;
        set => _running.Value = value;
    }

    /// <summary>Address of counters for a unit that is about to be compiled; 0 where entries are not counted, or there are none left.</summary>
    public long NewCounter()
    {
        if (!_counts)
            return 0;
        long next = Interlocked.Increment(ref _nextCounter) - 1;
        return next < _counters.Size / UnitCounters.SizeInBytes ? (long)_counters.Address + (next * UnitCounters.SizeInBytes) : 0;
    }

    /// <summary>Has memory ready for what comes in the next moments, so that no processor waits for it. On the collecting thread.</summary>
    public void Prepare()
    {
        _memory.Prepare();
        Advance(_blocks, (long)Count * sizeof(ProfiledBlock));
        Advance(_events, (long)Volatile.Read(ref _eventCount) * sizeof(CacheEvent));
        MapNewBlocks();
    }

    /// <summary>A unit becomes reachable. Its number; −1 where there is no room to describe it.</summary>
    public int Add(in RecordedUnit unit)
    {
        MadeUnits++;
        LiveUnits++;
        LiveBytes += unit.Block.HostSize;
        int index = _count;
        if (index == MaximumBlocks)
        {
            Mark(unit.Block, 0);
            return NotDescribed;
        }

        ref ProfiledBlock kept = ref Blocks[index];
        kept = unit.Block;
        kept.KeepGuestCode(_memory, unit.GuestCode, unit.Map, unit.Crossings);
        Volatile.Write(ref _count, index + 1);

        RecordingMemory.Prefetch(Blocks + index + 1, 2);
        _memory.Prefetch();
        return index + 1;
    }

    /// <summary>How long it took until a unit was reachable, in steps of <see cref="Now"/>. By the thread that made it.</summary>
    public void SetMakingTime(int number, long time)
    {
        if (number > 0)
            Blocks[number - 1].MakingTime = time;
    }

    /// <summary>A unit of <paramref name="size"/> bytes has become unreachable. Its code stays where it is for a while.</summary>
    public void Remove(int number, int size, CacheLoss loss)
    {
        if (number == 0)
            return;
        LostUnits++;
        LiveUnits--;
        LiveBytes -= size;
        if (number == NotDescribed)
            return;
        ref ProfiledBlock block = ref Blocks[number - 1];
        block.RemovedAt = _clock.Now;
        block.Loss = loss == CacheLoss.Write ? CauseOfWrite() : loss;
        block.KeepHostCode(_memory, (byte*)_codeBase);
    }

    /// <summary>The recording has ended, and its processors stand: keeps the code of the units that live, and has times of all in ticks of the host's monotonic clock.</summary>
    public void Settle()
    {
        _clock.Settle();
        foreach (ref ProfiledBlock block in new Span<ProfiledBlock>(Blocks, _count))
        {
            block.KeepHostCode(_memory, (byte*)_codeBase);
            block.MadeAt = _clock.TicksAt(block.MadeAt);
            block.MakingTime = _clock.TicksBetween(block.MakingTime);
            if (block.RemovedAt != 0)
                block.RemovedAt = _clock.TicksAt(block.RemovedAt);
        }
    }

    /// <summary>Units went together.</summary>
    /// <param name="loss">Why; a store's kind is found out here.</param>
    /// <param name="page">The physical page, or 0.</param>
    /// <param name="units">How many.</param>
    public void CountLoss(CacheLoss loss, ulong page, int units)
    {
        if (loss == CacheLoss.Write)
            loss = CauseOfWrite();
        ulong site = loss == CacheLoss.Write ? _running.Value!.Site : 0;
        // The guest chooses pages and sites.
        (CacheLoss, ulong, ulong) key = (loss, page, site);
        if (_losses.Count >= MaximumEvents && !_losses.ContainsKey(key))
            key = (loss, 0, 0);
        ref (long Count, long Units) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_losses, key, out _);
        sum = (sum.Count + 1, sum.Units + units);
        if (_eventCount < MaximumEvents)
            EventList[_eventCount++] = new CacheEvent(loss, _clock.Now, page, units);
        else
            _droppedLosses++;
    }

    /// <summary>The block that host code at an address belongs to, and the offset in it; false outside of the code buffer. In shared routines the block is −1. On the collecting thread.</summary>
    public bool TryFind(ulong hostAddress, out int block, out int offset)
    {
        block = -1;
        offset = 0;
        ulong at = hostAddress - _codeBase;
        if (at >= (ulong)_codeSize)
            return false;
        MapNewBlocks();
        int number = ((int*)_map.Address)[(int)at / Granule];
        if (number > 0)
        {
            ref readonly ProfiledBlock found = ref Blocks[number - 1];
            offset = found.OffsetOf((int)at);

            // A sample that was taken before the place got this code may lie in what is left between units.
            if (offset < 0)
                offset = 0;
            else
                block = number - 1;
        }

        return true;
    }

    /// <summary>A block. What is known of its end may change until the recording has ended.</summary>
    public ref readonly ProfiledBlock BlockAt(int block)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Count);
        return ref Blocks[block];
    }

    /// <summary>A sample in a block.</summary>
    public void AddSample(int block, int offset)
    {
        lock (_samplesGate)
        {
            ref Dictionary<int, long>? samples = ref CollectionsMarshal.GetValueRefOrAddDefault(_samples, block, out _);
            CollectionsMarshal.GetValueRefOrAddDefault(samples ??= [], offset, out _)++;
        }
    }

    /// <summary>Samples of a block by the offset in its host code; null: none.</summary>
    public IReadOnlyDictionary<int, long>? SamplesOf(int block)
    {
        lock (_samplesGate)
            return _samples.GetValueOrDefault(block);
    }

    /// <summary>Times that a block was entered; −1: not counted.</summary>
    public static long EntriesOf(in ProfiledBlock block) => block.Counter == 0 ? -1 : CountOf(block, UnitCounters.EntriesOffset);

    /// <summary>One of <see cref="UnitCounters"/>; 0 where nothing is counted.</summary>
    public static long CountOf(in ProfiledBlock block, int offset) => block.Counter == 0 ? 0 : Volatile.Read(ref *(long*)(block.Counter + offset));

    public void Dispose()
    {
        _map.Dispose();
        _blocks.Dispose();
        _events.Dispose();
        _memory.Dispose();
        _counters.Dispose();
        _running.Dispose();
    }

    /// <summary>A block is complete before it is counted.</summary>
    private void MapNewBlocks()
    {
        for (int count = Count; _mapped < count; _mapped++)
            Mark(Blocks[_mapped], _mapped + 1);
    }

    /// <summary>The map says so where a block's code is. What is 0 belongs to none.</summary>
    private void Mark(in ProfiledBlock block, int number)
    {
        PlacesOf(block.CodeOffset, block.HotSize).Fill(number);
        PlacesOf(block.ColdOffset, block.HostSize - block.HotSize).Fill(number);
    }

    /// <summary>The map where so many bytes are.</summary>
    private Span<int> PlacesOf(int offset, int size)
    {
        int first = offset / Granule;
        return new((int*)_map.Address + first, ((offset + size + Granule - 1) / Granule) - first);
    }

    private CacheLoss CauseOfWrite() => _running.Value is { Place: not SamplePlace.Devices } ? CacheLoss.Write : CacheLoss.Dma;

    private static void Advance(NativeMemoryRegion region, long used) => region.MakePresentTo(used + NativeMemoryRegion.PresentStep);

    /// <summary>Outside of the managed heap: a list that grows there by itself would make the collector stop the processor's thread, which adds to it.</summary>
    private CacheEvent* EventList => (CacheEvent*)_events.Address;

    private ProfiledBlock* Blocks => (ProfiledBlock*)_blocks.Address;
}
