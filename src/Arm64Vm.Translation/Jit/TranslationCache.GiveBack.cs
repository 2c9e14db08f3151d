using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>Giving memory back to the host while a machine is idle: all its code goes, and what it needs from then on is translated anew into few pages.</summary>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>So much code must have been made since the last time, or it is not worth translating anew what is still in use.</summary>
    private const long EnoughCode = 128 << 10;

    /// <summary><see cref="TranslationCacheStatistics.CodeBytes"/> when memory was given back last.</summary>
    private long codeGivenBack;

    /// <summary>Chunks given out until then.</summary>
    private ulong sequenceGivenBack;

    /// <summary>Bytes of code that were made since some was given back last. Any thread.</summary>
    internal long GrownBytes => Statistics.CodeBytes - Volatile.Read(ref codeGivenBack);

    /// <summary>There is enough to give back. Any thread.</summary>
    internal bool HasGrown => GrownBytes >= EnoughCode;

    /// <summary>First step, of each vCPU on its thread, outside: it does not put code into its chunk any more.</summary>
    internal void CloseChunk(CodeWriter writer)
    {
        lock (gate)
        {
            if (writer.Chunk >= 0 && chunks[writer.Chunk].State == ChunkState.Filling)
                chunks[writer.Chunk].State = ChunkState.Full;
        }

        writer.LeaveChunk();
    }

    /// <summary>Last step: drops all code and tables, and gives their memory back. Any thread that is not inside; bytes that were present.</summary>
    /// <returns>False: a vCPU is inside, or has begun to make code since it closed its chunk. What was dropped until then is free later, as ever.</returns>
    /// <remarks>
    /// SAFETY: as for any removal (<see cref="CacheMember"/>): first everything becomes unreachable, then the epochs move, then the members are looked at. A vCPU that was outside
    /// then drops what it held before it looks at anything here, since the epochs that it sees have moved. A store by another thread finds a page as it was, without units, or not at all.
    /// </remarks>
    internal bool TryGiveBack(out long bytes)
    {
        bytes = 0;
        lock (gate)
        {
            if (!HasGrown)
                return true;

            // A recording shows the machine as it is; what it does to save memory while nobody works with it comes after.
            if (registry is not null || OldestHeld() != ulong.MaxValue || Array.Exists(chunks, chunk => chunk.State == ChunkState.Filling))
                return false;
            DropEverything();

            // A vCPU that has been the only one to run entered without a fence (CacheMember): its store is seen from here on.
            Interlocked.MemoryBarrierProcessWide();
            if (OldestHeld() != ulong.MaxValue)
                return false;

            FreeEvicted();
            bytes = units.GiveBack() + sites.GiveBack();
            freeUnit = -1;
            freeSite = -1;
            ConstantsGeneration++;
            constants.Clear();
            pureOperations.GiveBack();
            constantsEpoch = 0;
            retired.Clear();
            retired.TrimExcess();
            emptyTables.TrimExcess();
            for (int i = 0; i < chunks.Length; i++)
                chunks[i].IsPresent = false;
            sequenceGivenBack = nextSequence;
            codeGivenBack = Statistics.CodeBytes;
            bytes += pages.GiveBack() + buffer.GiveBackFrom(StubBytes);
            return true;
        }
    }

    /// <summary>Nothing can be reached any more; all chunks are evicted and all tables retired.</summary>
    private void DropEverything()
    {
        RemoveAll(CacheLoss.Flush);
        for (int i = 0; i < chunks.Length; i++)
        {
            if (chunks[i].State == ChunkState.Free)
                continue;
            chunks[i].State = ChunkState.Evicted;
            chunks[i].Epoch = epoch + 1;
        }

        RetireTables();
    }
}
