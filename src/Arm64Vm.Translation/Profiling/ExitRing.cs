using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Profiling;

/// <summary>What a vCPU left emitted code for, as it came: its thread adds, and whoever sums up takes.</summary>
/// <remarks>
/// <para>Adding is two stores one behind the other, without a look at anything but the place: half of the exits of a boot are the only ones of their kind for a while, so that
/// a table of sums on the vCPU's thread would mostly be missed, and take the room that guest code and the translator want in the first-level cache. For the same reason an
/// entry is a quarter of a cache line, which the two threads' processors pass to and fro:</para>
/// <code>
///             63..56                55..0
/// first       Code                  Site, which bit 55 extends
/// second      Miss                  Address, likewise
/// or, before the first exit of another address space:
/// first       Space
/// second      SpaceFollows          0
/// </code>
/// <para>SAFETY: owns the memory; both threads have ended with it when it is disposed.</para>
/// </remarks>
internal sealed unsafe class ExitRing : IDisposable
{
    /// <summary>A power of two: 25 ms of one exit each 400 ns.</summary>
    public const int Capacity = 1 << 16;

    private const int WordsOfEntry = 2;
    private const int UpperShift = 56;
    private const ulong SpaceFollows = 0xFFUL << UpperShift;

    private readonly NativeMemoryRegion _memory = RecordingMemory.Reserve((long)Capacity * WordsOfEntry * sizeof(ulong)).MadePresent();
    private readonly ulong* _entries;
    private long _head;
    private ulong _space;
    private long _tail;
    private ulong _readSpace;

    /// <summary>The memory is present, for a fault would cost as much as a hundred exits.</summary>
    public ExitRing() => _entries = (ulong*)_memory.Address;

    /// <summary>What became of an access of the guest's.</summary>
    public enum Miss : byte
    {
        /// <summary>It was none, or is not counted as one.</summary>
        None,
        Read,
        Write,
        Fetch,
    }

    /// <summary>One exit.</summary>
    /// <param name="Site">The guest instruction.</param>
    /// <param name="Address">What it accessed; a tag in its upper byte is not kept.</param>
    /// <param name="Space">Address space of the lower half.</param>
    /// <param name="Code">A <see cref="ProfiledExit"/>.</param>
    /// <param name="Miss">Whether the inline TLB was missed; a fetch is no exit of its own.</param>
    public readonly record struct Exit(ulong Site, ulong Address, ulong Space, byte Code, Miss Miss);

    public delegate void Reader(in Exit exit);

    /// <summary>Adds one; false where there is no room. On the vCPU's thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in Exit exit)
    {
        if (exit.Space != _space)
        {
            if (!TryAdd(exit.Space, SpaceFollows))
                return false;
            _space = exit.Space;
        }

        return TryAdd(Pack(exit.Site, exit.Code), Pack(exit.Address, (byte)exit.Miss));
    }

    /// <summary>Takes what is there. One thread at a time.</summary>
    public void Drain(Reader reader)
    {
        long head = Volatile.Read(ref _head);
        for (long tail = _tail; tail != head; tail++)
        {
            ulong* entry = PlaceOf(tail);
            if (entry[1] == SpaceFollows)
                _readSpace = entry[0];
            else
                reader(new Exit(AddressIn(entry[0]), AddressIn(entry[1]), _readSpace, UpperByte(entry[0]), (Miss)UpperByte(entry[1])));
        }

        Volatile.Write(ref _tail, head);
    }

    public void Dispose() => _memory.Dispose();

    private static ulong Pack(ulong address, byte upper) => (address & ((1UL << UpperShift) - 1)) | ((ulong)upper << UpperShift);

    private static ulong AddressIn(ulong word) => (ulong)((long)(word << (64 - UpperShift)) >> (64 - UpperShift));

    private static byte UpperByte(ulong word) => (byte)(word >> UpperShift);

    private ulong* PlaceOf(long number) => _entries + ((number & (Capacity - 1)) * WordsOfEntry);

    private bool TryAdd(ulong first, ulong second)
    {
        long head = _head;
        if (head - Volatile.Read(ref _tail) == Capacity)
            return false;
        ulong* entry = PlaceOf(head);
        entry[0] = first;
        entry[1] = second;
        Volatile.Write(ref _head, head + 1);
        return true;
    }
}
