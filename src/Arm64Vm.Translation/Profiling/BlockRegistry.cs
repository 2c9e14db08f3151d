using System.Diagnostics;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Backend.X64.Profiling;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Every unit that a translation cache makes and loses during a recording, and the way from a host address to the unit that was there.</summary>
/// <remarks>
/// Members are safe from any thread; the cache calls in under its own lock, which is therefore never taken from here.
/// SAFETY: owns the map of the code buffer and the counters; emitted code of the cache may use the counters until the cache is disposed, so
/// this is disposed after it.
/// </remarks>
internal sealed unsafe class BlockRegistry : IDisposable
{
    /// <summary>More blocks than this are not described; they are still translated and run.</summary>
    public const int MaximumBlocks = 400_000;
    public const int MaximumEvents = 200_000;

    /// <summary>Units begin at multiples of this in the code buffer.</summary>
    private const int Granule = 16;

    private readonly Lock _gate = new();
    private readonly NativeMemoryRegion _map;
    private readonly NativeMemoryRegion _counters = new((long)MaximumBlocks * 2 * UnitCounters.SizeInBytes);
    private readonly List<ProfiledBlock> _blocks = [];
    private readonly Dictionary<(ulong Physical, uint Mode), Made> _made = [];
    private readonly Dictionary<(CacheLoss Cause, ulong Page, ulong Site), (long Count, long Units)> _losses = [];
    private readonly List<CacheEvent> _events = [];
    private readonly ThreadLocal<ProcessorProfile?> _running = new();
    private readonly ulong _codeBase;
    private readonly long _codeSize;
    private readonly bool _counts;
    private readonly long[] _againAfter = new long[(int)CacheLoss.TablesFull + 1];
    private long _nextCounter;

    /// <param name="cache">Whose units.</param>
    /// <param name="counts">Units count how often they are entered.</param>
    public BlockRegistry(TranslationCacheView cache, bool counts)
    {
        _codeBase = cache.CodeBase;
        _codeSize = cache.CodeSize;
        _counts = counts;
        _map = new NativeMemoryRegion(_codeSize / Granule * sizeof(int));
    }

    /// <summary>A unit was made or units were lost.</summary>
    public readonly record struct CacheEvent(CacheLoss Loss, long Time, long Length, int Processor, ulong Address, int Block, int Size);

    /// <summary>Where a cache's code is.</summary>
    public readonly record struct TranslationCacheView(ulong CodeBase, long CodeSize);

    /// <summary>What was made of an address and mode so far.</summary>
    public record struct Made(ulong Hash, ulong VirtualAddress, long Again, long AgainTime, CacheLoss Loss);

    public bool Counts => _counts;

    /// <summary>Host address that offsets of code are from.</summary>
    public ulong CodeBase => _codeBase;

    /// <summary>Bytes of host code, and units, that live.</summary>
    public long LiveBytes { get; private set; }

    public long LiveUnits { get; private set; }

    public long MadeUnits { get; private set; }

    public long LostUnits { get; private set; }

    public long DroppedEvents { get; private set; }

    /// <summary>The blocks so far; an index stays what it is.</summary>
    public List<ProfiledBlock> Blocks
    {
        get
        {
            lock (_gate)
                return [.. _blocks];
        }
    }

    /// <summary>The blocks that came since <paramref name="seen"/> of them were looked at.</summary>
    public List<ProfiledBlock> BlocksFrom(ref int seen)
    {
        lock (_gate)
        {
            List<ProfiledBlock> fresh = _blocks[seen..];
            seen = _blocks.Count;
            return fresh;
        }
    }

    public List<CacheEvent> Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    public List<(CacheLoss Cause, ulong Page, ulong Site, long Count, long Units)> Losses
    {
        get
        {
            lock (_gate)
                return [.. _losses.Select(loss => (loss.Key.Cause, loss.Key.Page, loss.Key.Site, loss.Value.Count, loss.Value.Units))];
        }
    }

    /// <summary>Addresses and modes that were translated again from the same bytes.</summary>
    public List<(ulong Physical, uint Mode, Made Made)> Again
    {
        get
        {
            lock (_gate)
                return [.. _made.Where(made => made.Value.Again > 0).Select(made => (made.Key.Physical, made.Key.Mode, made.Value))];
        }
    }

    /// <summary>Units made again from the same bytes, by why the cache had lost them.</summary>
    public long AgainAfter(CacheLoss loss)
    {
        lock (_gate)
            return _againAfter[(int)loss];
    }

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

    /// <summary>A unit has become reachable.</summary>
    public void Add(ProfiledBlock block)
    {
        lock (_gate)
        {
            MadeUnits++;
            LiveUnits++;
            LiveBytes += block.HostCode.Length;
            int index = _blocks.Count < MaximumBlocks ? _blocks.Count : -1;
            if (index >= 0)
                _blocks.Add(block);
            new Span<int>((int*)_map.Address + (block.CodeOffset / Granule), (block.HostCode.Length + Granule - 1) / Granule).Fill(index + 1);
            NoteAgain(block);
            AddEvent(new CacheEvent(CacheLoss.None, block.MadeAt, block.MakingTime, block.Processor, block.VirtualAddress, index, block.HostCode.Length));
        }
    }

    /// <summary>A unit of <paramref name="size"/> bytes at an offset in the code buffer has become unreachable. Its code stays where it is for a while.</summary>
    public void Remove(int codeOffset, int size, CacheLoss loss)
    {
        lock (_gate)
        {
            int index = IndexAt(codeOffset);
            if (index == UnknownUnit)
                return;
            LostUnits++;
            LiveUnits--;
            LiveBytes -= size;
            if (index < 0 || _blocks[index].RemovedAt != 0)
                return;
            ProfiledBlock block = _blocks[index];
            block.RemovedAt = Stopwatch.GetTimestamp();
            block.Loss = loss == CacheLoss.Write ? CauseOfWrite() : loss;
            CollectionsMarshal.GetValueRefOrNullRef(_made, (block.PhysicalAddress, block.Mode.Bits)).Loss = block.Loss;
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
        lock (_gate)
        {
            ref (long Count, long Units) sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_losses, (loss, page, site), out _);
            sum = (sum.Count + 1, sum.Units + units);
            AddEvent(new CacheEvent(loss, Stopwatch.GetTimestamp(), 0, -1, page, -1, units));
        }
    }

    /// <summary>The block that host code at an address belongs to, and the offset in it; false outside of the code buffer. In shared routines the block is −1.</summary>
    public bool TryFind(ulong hostAddress, out int block, out int offset)
    {
        block = -1;
        offset = 0;
        ulong at = hostAddress - _codeBase;
        if (at >= (ulong)_codeSize)
            return false;
        lock (_gate)
        {
            int index = IndexAt((int)at);
            if (index >= 0)
            {
                block = index;
                offset = (int)at - _blocks[index].CodeOffset;
            }
        }

        return true;
    }

    public ProfiledBlock BlockAt(int block)
    {
        lock (_gate)
            return _blocks[block];
    }

    /// <summary>A sample in a block.</summary>
    public ProfiledBlock AddSample(int block, int offset, int weight)
    {
        lock (_gate)
        {
            ProfiledBlock found = _blocks[block];
            CollectionsMarshal.GetValueRefOrAddDefault(found.Samples ??= [], offset, out _) += weight;
            return found;
        }
    }

    /// <summary>Times that a block was entered; −1: not counted.</summary>
    public static long EntriesOf(ProfiledBlock block) => block.Counter == 0 ? -1 : CountOf(block, UnitCounters.EntriesOffset);

    /// <summary>One of <see cref="UnitCounters"/>; 0 where nothing is counted.</summary>
    public static long CountOf(ProfiledBlock block, int offset) => block.Counter == 0 ? 0 : Volatile.Read(ref *(long*)(block.Counter + offset));

    public void Dispose()
    {
        _map.Dispose();
        _counters.Dispose();
        _running.Dispose();
    }

    private const int UnknownUnit = int.MinValue;

    /// <summary>−1: a block beyond the most that are described; <see cref="UnknownUnit"/>: nothing was made there.</summary>
    private int IndexAt(int codeOffset)
    {
        int entry = ((int*)_map.Address)[codeOffset / Granule];
        return entry == 0 ? UnknownUnit : entry - 1;
    }

    private CacheLoss CauseOfWrite() => _running.Value is { Place: not SamplePlace.Devices } ? CacheLoss.Write : CacheLoss.Dma;

    private void NoteAgain(ProfiledBlock block)
    {
        ulong hash = 14695981039346656037;
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(block.GuestCode))
            hash = (hash ^ word) * 1099511628211;
        ref Made made = ref CollectionsMarshal.GetValueRefOrAddDefault(_made, (block.PhysicalAddress, block.Mode.Bits), out bool exists);
        made.VirtualAddress = block.VirtualAddress;
        if (exists && made.Hash == hash)
        {
            made.Again++;
            made.AgainTime += block.MakingTime;
            _againAfter[(int)made.Loss]++;
        }

        made.Hash = hash;
    }

    private void AddEvent(in CacheEvent one)
    {
        if (_events.Count < MaximumEvents)
            _events.Add(one);
        else
            DroppedEvents++;
    }
}
