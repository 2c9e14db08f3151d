using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>Chunks of the code buffer: given to vCPUs to fill, evicted (first those of which little can be reached, then the oldest), reused when no vCPU can be in them.</summary>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>The largest unit must fit.</summary>
    private const int SmallestChunk = 16 << 10;
    private const int LargestChunk = 256 << 10;

    /// <summary>One of so many parts of the chunks in use is evicted at once.</summary>
    private const int Part = 8;

    /// <summary>A chunk of which less than one of so many parts can be reached goes before older ones.</summary>
    private const int DeadPart = 4;

    /// <summary>Units begin at multiples of 16, each with its number in the four bytes before.</summary>
    private const int ChunkHeader = 16;

    private readonly Chunk[] chunks;
    private readonly int chunkSize;
    private ulong nextSequence;
    private ulong constantsEpoch;

    internal enum ChunkState : byte
    {
        Free,

        /// <summary>A vCPU puts code into it.</summary>
        Filling,
        Full,

        /// <summary>Its units have been removed, but may be running.</summary>
        Evicted,
    }

    internal struct Chunk
    {
        public ChunkState State;

        /// <summary>Units in it, by TranslationUnit.NextInChunk.</summary>
        public int FirstUnit;

        /// <summary>Its pages were made present in both views. The owner's, and nobody else's while it is filled.</summary>
        public bool IsPresent;

        /// <summary>Bytes of its units that can be reached.</summary>
        public int LiveBytes;

        /// <summary>Order in which chunks were given out.</summary>
        public ulong Sequence;

        /// <summary>Evicted: free when every vCPU has announced this epoch.</summary>
        public ulong Epoch;
    }

    /// <summary>Moves when constants and pure operations that code refers to were given up.</summary>
    internal uint ConstantsGeneration { get; private set; }

    /// <summary>
    /// Makes sure that constants and operations of another unit have room. False: everything was evicted, and they can be given out again
    /// only when every vCPU, the caller's too, has come to a unit boundary.
    /// </summary>
    internal bool TryReserveConstants()
    {
        if (!constants.IsCrowded && pureOperations.Count <= PureOperationTable.Capacity / 2)
            return true;
        lock (gate)
        {
            if (!constants.IsCrowded && pureOperations.Count <= PureOperationTable.Capacity / 2)
                return true;
            if (constantsEpoch == 0)
            {
                ConstantsGeneration++;
                RemoveAll(CacheLoss.ConstantsFull);
                constantsEpoch = epoch;
            }

            if (OldestHeld() < constantsEpoch)
                return false;
            constants.Clear();
            pureOperations.Clear();
            constantsEpoch = 0;
            return true;
        }
    }

    /// <summary>Gives a vCPU an empty chunk to fill. False: there is none until vCPUs, perhaps the caller's own, have come to a unit boundary.</summary>
    internal bool TryTakeChunk(CodeWriter writer)
    {
        if (!TryTakeFree(writer, out int chunk, out bool isFirst))
            return false;

        // Most machines fill more than one, and then the whole of it; those that do not are many and small. So are those that were idle and have given back what they had.
        if (!isFirst && !chunks[chunk].IsPresent)
        {
            chunks[chunk].IsPresent = true;
            long start = FirstChunk + ((long)chunk * chunkSize);
            MappingPopulation.ForWriting(buffer.Rw + start, chunkSize);
            MappingPopulation.ForReading(buffer.Rx + start, chunkSize);
        }

        return true;
    }

    private bool TryTakeFree(CodeWriter writer, out int chunk, out bool isFirst)
    {
        chunk = 0;
        isFirst = false;
        lock (gate)
        {
            if (writer.Chunk >= 0 && chunks[writer.Chunk].State == ChunkState.Filling)
                chunks[writer.Chunk].State = ChunkState.Full;
            FreeEvicted();
            _ = TryReleaseRetired();
            KeepToLimit();
            int free = Array.FindIndex(chunks, chunk => chunk.State == ChunkState.Free);
            if (free < 0)
            {
                if (!Array.Exists(chunks, chunk => chunk.State == ChunkState.Evicted))
                    Evict();
                FreeEvicted();
                free = Array.FindIndex(chunks, chunk => chunk.State == ChunkState.Free);
                if (free < 0)
                    return false;
            }

            ref Chunk taken = ref chunks[free];
            taken.State = ChunkState.Filling;
            taken.Sequence = ++nextSequence;
            chunk = free;
            isFirst = nextSequence - sequenceGivenBack <= (sequenceGivenBack == 0 ? 1UL : (ulong)members.Length);
            writer.UseChunk(free, FirstChunk + (free * chunkSize) + ChunkHeader, chunkSize - ChunkHeader);
            return true;
        }
    }

    private int UsedChunks()
    {
        int used = 0;
        foreach (ref readonly Chunk chunk in chunks.AsSpan())
            used += chunk.State != ChunkState.Free ? 1 : 0;
        return used;
    }

    private void Evict()
    {
        for (int count = Math.Max(1, UsedChunks() / Part); count > 0; count--)
        {
            int evicted = NextToEvict();
            if (evicted < 0)
                break;
            int removed = 0;
            for (int i = chunks[evicted].FirstUnit; i >= 0; i = units[i].NextInChunk)
            {
                if (!units[i].IsLive)
                    continue;
                UnlinkFromPage(i);
                Remove(i, CacheLoss.Eviction);
                removed++;
            }

            Statistics.Evicted += removed;
            registry?.CountLoss(CacheLoss.Eviction, 0, removed);

            chunks[evicted].State = ChunkState.Evicted;
            chunks[evicted].Epoch = epoch + 1;
        }

        FinishRemoval();
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

    /// <summary>Frees evicted chunks, with the numbers of their units and sites, that no vCPU can hold anything of.</summary>
    private void FreeEvicted()
    {
        ulong held = OldestHeld();
        for (int i = 0; i < chunks.Length; i++)
        {
            ref Chunk chunk = ref chunks[i];
            if (chunk.State != ChunkState.Evicted || chunk.Epoch > held)
                continue;
            for (int unit = chunk.FirstUnit; unit >= 0;)
            {
                int next = units[unit].NextInChunk;
                Recycle(unit);
                unit = next;
            }

            chunk.FirstUnit = -1;
            chunk.State = ChunkState.Free;
        }
    }

    private void Recycle(int unit)
    {
        for (int site = units[unit].FirstSite; site >= 0;)
        {
            int next = sites[site].NextOfOwner;
            sites[site] = new Backend.X64.Compile.LinkSite { Owner = -1, Target = -1, NextOfOwner = freeSite };
            freeSite = site;
            site = next;
        }

        units[unit] = new TranslationUnit { NextInChunk = freeUnit };
        freeUnit = unit;
    }
}
