using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Jit;

/// <summary>Records by number. Room is reserved for as many as there can ever be, and becomes memory where it is used, so that a record never moves.</summary>
/// <remarks>
/// Outside of the managed heap: an array that doubles is copied in whole on a processor's thread, and so large an object there makes the garbage collector stop that thread
/// for milliseconds. SAFETY: owns the memory; indexes are checked against the records there are, of which none are left once this is disposed.
/// </remarks>
/// <param name="most">Records that there can be.</param>
internal sealed unsafe class RecordTable<T>(long most) : IDisposable
    where T : unmanaged
{
    /// <summary>Made present together. A small machine takes the first of it page by page.</summary>
    private const long Step = 64 << 10;

    private readonly NativeMemoryRegion memory = new NativeMemoryRegion(most * sizeof(T)).WithSmallPages();
    private long ready = Step;
    private int count;

    /// <summary>Records that are or were in use.</summary>
    public int Count => count;

    /// <summary>Bytes of these, in use or not.</summary>
    public long Bytes => (long)count * sizeof(T);

    public ReadOnlySpan<T> Records => new(memory.Address, count);

    /// <exception cref="ArgumentOutOfRangeException">There is no such record.</exception>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return ref ((T*)memory.Address)[index];
        }
    }

    /// <summary>The number of a new record, which is all zeros.</summary>
    /// <exception cref="InvalidOperationException">There are as many as there can be.</exception>
    public int Add()
    {
        if (count == most)
            throw new InvalidOperationException("more records than there can be");
        long end = (count + 1L) * sizeof(T);
        if (end > ready)
        {
            MappingPopulation.ForWriting(memory.Address + ready, Math.Min(Step, memory.Size - ready));
            ready += Step;
        }

        return count++;
    }

    /// <summary>There are no records any more, and their memory is the host's; bytes that were present.</summary>
    public long GiveBack()
    {
        long present = memory.GiveBack(count == 0 ? 0 : Math.Min(ready, memory.Size));
        count = 0;
        ready = Step;
        return present;
    }

    public void Dispose()
    {
        count = 0;
        memory.Dispose();
    }
}
