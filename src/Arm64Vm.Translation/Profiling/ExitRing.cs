using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Profiling;

/// <summary>What a vCPU left emitted code for, as it came: its thread adds, and whoever sums up takes.</summary>
/// <remarks>
/// Adding is four stores one behind the other, without a look at anything but the place: half of the exits of a boot are the only ones of their kind for a while, so that
/// a table of sums on the vCPU's thread would mostly be missed, and take the room that guest code and the translator want in the first-level cache.
/// SAFETY: owns the memory; both threads have ended with it when it is disposed.
/// </remarks>
internal sealed unsafe class ExitRing : IDisposable
{
    /// <summary>A power of two: 25 ms of one exit each 400 ns.</summary>
    public const int Capacity = 1 << 16;

    private readonly NativeMemoryRegion _memory = RecordingMemory.Reserve((long)Capacity * sizeof(Exit));
    private readonly Exit* _exits;
    private long _head;
    private long _tail;

    /// <summary>The memory is made present here, for a fault would cost as much as a hundred exits.</summary>
    public ExitRing()
    {
        MappingPopulation.ForWriting(_memory.Address, _memory.Size);
        _exits = (Exit*)_memory.Address;
    }

    /// <summary>What became of an access of the guest's.</summary>
    public enum Miss : uint
    {
        /// <summary>It was none, or is not counted as one.</summary>
        None,
        Read,
        Write,
        Fetch,
    }

    /// <summary>One exit.</summary>
    /// <param name="Site">The guest instruction.</param>
    /// <param name="Address">What it accessed.</param>
    /// <param name="Space">Address space of the lower half.</param>
    /// <param name="Code">A <see cref="ProfiledExit"/>.</param>
    /// <param name="Miss">Whether the inline TLB was missed; a fetch is no exit of its own.</param>
    public readonly record struct Exit(ulong Site, ulong Address, ulong Space, uint Code, Miss Miss);

    public delegate void Reader(in Exit exit);

    /// <summary>Adds one; false where there is no room. On the vCPU's thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in Exit exit)
    {
        long head = _head;
        if (head - Volatile.Read(ref _tail) == Capacity)
            return false;
        _exits[head & (Capacity - 1)] = exit;
        Volatile.Write(ref _head, head + 1);
        return true;
    }

    /// <summary>Takes what is there. One thread at a time.</summary>
    public void Drain(Reader reader)
    {
        long head = Volatile.Read(ref _head);
        for (long tail = _tail; tail != head; tail++)
            reader(_exits[tail & (Capacity - 1)]);
        Volatile.Write(ref _tail, head);
    }

    public void Dispose() => _memory.Dispose();
}
