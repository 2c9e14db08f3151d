using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Jit;

/// <summary>How much memory code and its tables may take: a limit that grows only where evicting costs time.</summary>
/// <remarks>
/// Most of what a machine has translated it does not run any more: a compiler that has ended, a boot. So code is evicted, oldest first, once code and tables reach the limit,
/// although the code buffer has room. What is evicted and then made again is counted, and so is the time: where making again took more than
/// <see cref="TolerableShare"/> of it each time that the cache was filled anew, <see cref="InARow"/> times, the machine works with more code than the limit holds, and the limit grows.
/// Before the oldest go chunks of which little can be reached still.
/// What was evicted lately is remembered in two filters of bits, by address and mode, of which the older is emptied when the cache was filled anew some times: now and then a unit is taken for
/// another one that was evicted, which errs towards growing, as it does that a unit from disk counts like one that is translated.
/// </remarks>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>Bytes of code and tables that a machine may take at first.</summary>
    public const long DefaultLimit = 92L << 20;

    /// <summary>Of the time, what making evicted code again may take.</summary>
    private const double TolerableShare = 0.1;

    /// <summary>Less often is programs that are started again.</summary>
    private const int InARow = 4;

    /// <summary>Seconds for an instruction, on the hosts measured (docs/performance.md).</summary>
    private const double TranslationTime = 0.5e-6;

    /// <summary>One of so many parts of the chunks in use is evicted at once.</summary>
    private const int Part = 8;

    /// <summary>How often the cache is filled anew before the older filter is emptied: code that takes turns with so many times as much is still known.</summary>
    private const int Memory = 4;

    private const int FilterBits = 24;

    /// <summary>A chunk of which less than one of so many parts can be reached goes before others.</summary>
    private const int DeadPart = 4;

    private readonly TimeProvider? clock;
    private readonly long firstLimit;
    private NativeMemoryRegion? evictedLately;
    private NativeMemoryRegion? evictedBefore;
    private int evictions;
    private int dear;
    private long lookedAt;
    private long madeAgain;

    /// <summary>Bytes that code and tables may take now.</summary>
    public long Limit { get; private set; }

    /// <summary>Chunks that vCPUs fill cannot be evicted, however little is in them: there must be as many beside them, or each that is taken would evict the one before.</summary>
    private long WorkingLimit => Math.Max(Limit, ((members.Length * 2L) + Part) * chunkSize);

    /// <summary>Bytes that they take.</summary>
    private long UsedBytes => ((long)UsedChunks() * chunkSize) + pages.TableBytes + units.Bytes + sites.Bytes;

    private int UsedChunks()
    {
        int used = 0;
        foreach (ref readonly Chunk chunk in chunks.AsSpan())
            used += chunk.State != ChunkState.Free ? 1 : 0;
        return used;
    }

    /// <summary>Evicts where another chunk would go beyond the limit; what that frees comes when vCPUs have come to a unit boundary.</summary>
    private void KeepToLimit()
    {
        if (UsedBytes + chunkSize <= WorkingLimit || Array.Exists(chunks, chunk => chunk.State == ChunkState.Evicted))
            return;
        if (IsTooDear())
        {
            Limit += Limit / 2;
            if (UsedBytes + chunkSize <= WorkingLimit)
                return;
        }

        EvictOldest(Math.Max(1, UsedChunks() / Part));
        RetireEmptyTables();
    }

    /// <summary>The full chunk to evict next, or −1.</summary>
    private int NextToEvict()
    {
        int dead = -1, oldest = -1;
        for (int i = 0; i < chunks.Length; i++)
        {
            if (chunks[i].State != ChunkState.Full)
                continue;
            TakeOlder(ref oldest, i);
            if (chunks[i].LiveBytes < chunkSize / DeadPart)
                TakeOlder(ref dead, i);
        }

        return dead >= 0 ? dead : oldest;
    }

    private void TakeOlder(ref int chunk, int other)
    {
        if (chunk < 0 || chunks[other].Sequence < chunks[chunk].Sequence)
            chunk = other;
    }

    private ref Chunk ChunkOf(in TranslationUnit unit) => ref chunks[(unit.CodeOffset - FirstChunk) / chunkSize];

    /// <summary>When as much has been evicted as there is: looks at what was made again since the last time, and begins to count anew.</summary>
    private bool IsTooDear()
    {
        if (clock is null || evictions++ % Part != 0)
            return false;
        long now = clock.GetTimestamp();
        double seconds = clock.GetElapsedTime(lookedAt, now).TotalSeconds * Math.Max(1, members.Length);
        bool isDear = evictions > 1 && madeAgain * TranslationTime > seconds * TolerableShare;
        dear = isDear ? dear + 1 : 0;
        bool isTooDear = dear == InARow;
        if (isTooDear)
            dear = 0;
        lookedAt = now;
        madeAgain = 0;
        if (evictions % (Part * Memory) == 1)
        {
            evictedBefore?.Dispose();
            (evictedBefore, evictedLately) = (evictedLately, null);
        }

        return isTooDear;
    }

    private void NoteEvicted(in TranslationUnit unit)
    {
        if (clock is null)
            return;
        evictedLately ??= new NativeMemoryRegion(1L << (FilterBits - 3)).WithSmallPages();
        FilterByte(evictedLately, unit, out byte bit) |= bit;
    }

    private void NoteMade(in TranslationUnit unit, int guestInstructions)
    {
        if (Take(evictedLately, unit) | Take(evictedBefore, unit))
            madeAgain += guestInstructions;
    }

    /// <summary>The unit was evicted, as far as a filter says; it is no more.</summary>
    private static bool Take(NativeMemoryRegion? filter, in TranslationUnit unit)
    {
        if (filter is null)
            return false;
        ref byte bits = ref FilterByte(filter, unit, out byte bit);
        bool found = (bits & bit) != 0;
        bits &= (byte)~bit;
        return found;
    }

    // SAFETY: the index has FilterBits bits, and the region a bit for each; under the cache's lock.
    private static ref byte FilterByte(NativeMemoryRegion filter, in TranslationUnit unit, out byte bit)
    {
        ulong hash = ((unit.PhysicalAddress >> 2) ^ ((ulong)unit.Mode.Bits << 32)) * 0x9E3779B97F4A7C15UL >> (64 - FilterBits);
        bit = (byte)(1 << (int)(hash & 7));
        return ref filter.Address[hash >> 3];
    }

    private void ForgetEvicted()
    {
        evictedLately?.Dispose();
        evictedBefore?.Dispose();
        evictedLately = evictedBefore = null;
        evictions = 0;
        dear = 0;
        madeAgain = 0;
        Limit = firstLimit;
    }
}
