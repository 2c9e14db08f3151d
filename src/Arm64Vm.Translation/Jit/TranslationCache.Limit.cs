namespace Arm64Vm.Translation.Jit;

/// <summary>How much memory code and its tables may take, where somebody has said so: beyond, code is evicted although the code buffer has room.</summary>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>One of so many parts of the chunks in use is evicted at once.</summary>
    private const int Part = 8;

    /// <summary>A chunk of which less than one of so many parts can be reached goes before older ones.</summary>
    private const int DeadPart = 4;

    private readonly long limit;

    /// <summary>Chunks that vCPUs fill cannot be evicted, however little is in them: there must be as many beside them, or each that is taken would evict the one before.</summary>
    private long WorkingLimit => Math.Max(limit, ((members.Length * 2L) + Part) * chunkSize);

    /// <summary>Bytes that code and tables take.</summary>
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
        if (limit == long.MaxValue || UsedBytes + chunkSize <= WorkingLimit || Array.Exists(chunks, chunk => chunk.State == ChunkState.Evicted))
            return;
        EvictOldest(Math.Max(1, UsedChunks() / Part));
        RetireEmptyTables();
    }

    /// <summary>The full chunk to evict next, or −1: one of which little can be reached still, else the oldest.</summary>
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
}
