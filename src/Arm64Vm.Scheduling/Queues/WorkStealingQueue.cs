using System.Runtime.InteropServices;

namespace Arm64Vm.Scheduling;

/// <summary>The deque of Chase and Lev without its owner's pop: one thread adds at the bottom, any thread takes at the top, oldest first.</summary>
/// <remarks>
/// "Dynamic Circular Work-Stealing Deque", SPAA 2005. The owner takes where thieves do, because entities that use up their quantum
/// must come round in turn; a pop at the bottom would run the same one for ever. That also removes the one race that needs a fence between
/// a store and a load (the owner's pop of the last item).
///
/// Progress: add is wait-free but for growing, take is lock-free: it repeats only when another thread has taken.
/// Memory order: (1) the item is stored before the bottom (release store); (2) a taker reads the top, then the bottom, then the ring,
/// then the item, each load acquire, so it sees the ring and the item that belong to that bottom; (3) the compare-and-swap of the top
/// decides who has the item. A taker may read a slot that the owner has used again, but only after the top has passed it, and then
/// its compare-and-swap fails: indices only grow, so there is no ABA. An old ring is never written again after it has been replaced.
///
/// A slot keeps its reference until it is used again: it must not hold what has to die early.
/// </remarks>
/// <typeparam name="T">What it holds.</typeparam>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class WorkStealingQueue<T, TPoints>
    where T : class
    where TPoints : struct, IInterleavingPoints
{
    private T?[] _ring;
    private QueueEnds _ends;

    /// <param name="capacity">Items that fit at first, a power of two.</param>
    public WorkStealingQueue(int capacity = 64)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(int.IsPow2(capacity), true, nameof(capacity));
        _ring = new T?[capacity];
    }

    /// <summary>Items at some moment during the call.</summary>
    public int Count => (int)Math.Max(0, Volatile.Read(ref _ends.Bottom) - Volatile.Read(ref _ends.Top));

    /// <summary>True when it was empty at some moment during the call.</summary>
    public bool IsEmpty => Volatile.Read(ref _ends.Top) >= Volatile.Read(ref _ends.Bottom);

    /// <summary>Adds an item. The owner only.</summary>
    public void Add(T item)
    {
        var bottom = _ends.Bottom;
        var ring = _ring;
        TPoints.Reach();
        if (bottom - Volatile.Read(ref _ends.Top) >= ring.Length)
            ring = Grow(ring, bottom);
        TPoints.Reach();
        Volatile.Write(ref ring[bottom & (ring.Length - 1)], item);
        TPoints.Reach();
        Volatile.Write(ref _ends.Bottom, bottom + 1);
    }

    /// <summary>Takes the oldest item; null when there is none.</summary>
    public T? Take()
    {
        while (true)
        {
            TPoints.Reach();
            var top = Volatile.Read(ref _ends.Top);
            TPoints.Reach();
            if (top >= Volatile.Read(ref _ends.Bottom))
                return null;
            TPoints.Reach();
            var ring = Volatile.Read(ref _ring);
            TPoints.Reach();
            var item = Volatile.Read(ref ring[top & (ring.Length - 1)]);
            TPoints.Reach();
            if (Interlocked.CompareExchange(ref _ends.Top, top + 1, top) == top)
                return item;
        }
    }

    private T?[] Grow(T?[] old, long bottom)
    {
        var ring = new T?[old.Length * 2];
        for (var i = bottom - old.Length; i < bottom; i++)
            ring[i & (ring.Length - 1)] = old[i & (old.Length - 1)];
        TPoints.Reach();
        Volatile.Write(ref _ring, ring);
        return ring;
    }
}

/// <summary>The two ends of a queue on cache lines of their own: takers write one, the owner the other.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct QueueEnds
{
    [FieldOffset(64)]
    public long Bottom;

    [FieldOffset(192)]
    public long Top;
}
