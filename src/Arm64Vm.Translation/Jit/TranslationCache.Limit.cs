namespace Arm64Vm.Translation.Jit;

/// <summary>How much memory code and its tables may take, where somebody has said so: beyond, code is evicted although the code buffer has room.</summary>
internal sealed unsafe partial class TranslationCache
{
    private readonly long limit;

    /// <summary>Chunks that vCPUs fill cannot be evicted, however little is in them: there must be as many beside them, or each that is taken would evict the one before.</summary>
    private long WorkingLimit => Math.Max(limit, ((members.Length * 2L) + Part) * chunkSize);

    /// <summary>Bytes that code and tables take.</summary>
    private long UsedBytes => ((long)UsedChunks() * chunkSize) + pages.TableBytes + units.Bytes + sites.Bytes;

    /// <summary>Evicts where another chunk would go beyond the limit; what that frees comes when vCPUs have come to a unit boundary.</summary>
    private void KeepToLimit()
    {
        if (limit == long.MaxValue || UsedBytes + chunkSize <= WorkingLimit || Array.Exists(chunks, chunk => chunk.State == ChunkState.Evicted))
            return;
        Evict();
        RetireEmptyTables();
    }
}
