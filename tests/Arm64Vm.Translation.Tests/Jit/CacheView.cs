using System.Runtime.CompilerServices;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>What tests see of a translation cache's chunks, so that the cache has no members for tests.</summary>
internal static class CacheView
{
    /// <summary>Bytes left in the chunk that an executor is filling.</summary>
    public static int Room(JitExecutor executor) => Writer(executor).End - Writer(executor).Position;

    /// <summary>True where the next chunk that is wanted can be had only by evicting the one with this unit.</summary>
    public static bool IsNextToGo(TranslationCache cache, int unit)
    {
        TranslationCache.Chunk[] chunks = Chunks(cache);
        TranslationCache.Chunk own = chunks.Single(chunk => Holds(cache, chunk, unit));
        return own.State == TranslationCache.ChunkState.Full
            && chunks.All(chunk => chunk.State is TranslationCache.ChunkState.Filling || (chunk.State == TranslationCache.ChunkState.Full && chunk.Sequence >= own.Sequence));
    }

    private static bool Holds(TranslationCache cache, in TranslationCache.Chunk chunk, int unit)
    {
        if (chunk.State is not (TranslationCache.ChunkState.Filling or TranslationCache.ChunkState.Full))
            return false;
        int one = chunk.FirstUnit;
        while (one >= 0 && one != unit)
            one = cache.Unit(one).NextInChunk;
        return one == unit;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "writer")]
    private static extern ref CodeWriter Writer(JitExecutor executor);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "chunks")]
    private static extern ref TranslationCache.Chunk[] Chunks(TranslationCache cache);
}
