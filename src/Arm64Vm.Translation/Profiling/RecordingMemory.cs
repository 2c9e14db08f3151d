using System.Runtime.Intrinsics.X86;
using Arm64Vm.Backend.X64.Memory;
using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Translation.Profiling;

/// <summary>What a recording keeps as bytes: it only grows, and goes as a whole. One thread at a time.</summary>
/// <remarks>
/// Outside of the managed heap, whose collections would stop the guest, and in huge pages where the host has them: a fault for each small page
/// would cost the guest several percent of a boot.
/// SAFETY: owns the memory; spans into it are used before it is disposed.
/// </remarks>
internal sealed unsafe class RecordingMemory : IDisposable
{
    private const int ChunkSize = 4 << 20;

    private readonly List<NativeMemoryRegion> _chunks = [];
    private NativeMemoryRegion? _spare;
    private byte* _next;
    private long _left;

    /// <summary>The first chunk is ready at once.</summary>
    public RecordingMemory()
    {
        Prepare();
        TakeChunk(0);
    }

    /// <summary>Reserves memory of which whole pages are filled one after the other.</summary>
    public static NativeMemoryRegion Reserve(long size)
    {
        var region = new NativeMemoryRegion(size);
        Madvise(region.Address, (nuint)region.Size, AdviseHugePage); // Where the host refuses, small pages do.
        return region;
    }

    /// <summary>Makes the next chunk ready. On any thread.</summary>
    public void Prepare()
    {
        if (Volatile.Read(ref _spare) is not null)
            return;
        NativeMemoryRegion chunk = Reserve(ChunkSize).MadePresent();
        if (Interlocked.CompareExchange(ref _spare, chunk, null) is not null)
            chunk.Dispose();
    }

    /// <summary>Keeps a copy.</summary>
    public byte* Keep(ReadOnlySpan<byte> bytes)
    {
        byte* place = Take(bytes.Length);
        bytes.CopyTo(new Span<byte>(place, bytes.Length));
        return place;
    }

    /// <summary>Room for so many bytes, aligned to eight.</summary>
    public byte* Take(int size)
    {
        size = (size + 7) & ~7;
        if (size > _left)
            TakeChunk(size);
        byte* place = _next;
        _next += size;
        _left -= size;
        return place;
    }

    /// <summary>What will be taken next is wanted soon.</summary>
    public void Prefetch() => Prefetch(_next, 3);

    /// <summary>Memory that was made ready on another processor comes into the cache before it is waited for.</summary>
    public static void Prefetch(void* address, int lines)
    {
        const int CacheLine = 64;
        if (!Sse.IsSupported)
            return;
        for (int line = 0; line < lines; line++)
            Sse.Prefetch0((byte*)address + (line * CacheLine));
    }

    private void TakeChunk(int size)
    {
        NativeMemoryRegion chunk = (size <= ChunkSize ? Interlocked.Exchange(ref _spare, null) : null) ?? Reserve(Math.Max(size, ChunkSize));
        _chunks.Add(chunk);
        _next = chunk.Address;
        _left = chunk.Size;
    }

    public void Dispose()
    {
        foreach (NativeMemoryRegion chunk in _chunks)
            chunk.Dispose();
        _chunks.Clear();
        _spare?.Dispose();
        _left = 0;
    }
}
