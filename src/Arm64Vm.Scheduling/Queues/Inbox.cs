namespace Arm64Vm.Scheduling;

/// <summary>What other threads have for a worker: anyone adds, a taker takes all at once. Intrusive, allocates nothing.</summary>
/// <remarks>
/// A stack whose taker swaps the head for null and reverses what it got, so items come out oldest first.
/// Progress: lock-free; a taker repeats only when somebody has added or taken. Adding is a compare-and-swap, which publishes the link stored before it
/// (release) and is the full fence that the sleeping protocol needs after it; taking is another, which sees it (acquire). A head that was taken and
/// added again while an adder looked away (ABA) is harmless: the adder's link is then that head, which is right.
/// Any number of threads may take; in the product it is the owner, and idle workers when the owner is busy.
/// Once closed it takes nothing any more; the closing thread gets what was there.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class Inbox<TPoints>
    where TPoints : struct, IInterleavingPoints
{
    /// <summary>The head of a closed inbox; never handed out.</summary>
    private readonly ScheduleEntity _closed = ScheduleEntity.Marker();
    private ScheduleEntity? _head;

    /// <summary>True when nothing was there at some moment during the call.</summary>
    public bool IsEmpty
    {
        get
        {
            TPoints.Reach();
            var head = Volatile.Read(ref _head);
            return head is null || head == _closed;
        }
    }

    /// <summary>Adds an entity that the caller owns; false when the inbox is closed.</summary>
    public bool TryAdd(ScheduleEntity entity)
    {
        while (true)
        {
            TPoints.Reach();
            var head = Volatile.Read(ref _head);
            if (head == _closed)
                return false;
            entity.Next = head;
            TPoints.Reach();
            if (Interlocked.CompareExchange(ref _head, entity, head) == head)
                return true;
        }
    }

    /// <summary>Takes all, linked by <see cref="ScheduleEntity.Next"/>, oldest first.</summary>
    public ScheduleEntity? TakeAll()
    {
        while (true)
        {
            TPoints.Reach();
            var head = Volatile.Read(ref _head);
            if (head is null || head == _closed)
                return null;

            // Not a bare exchange: a second taker must not open a closed inbox.
            TPoints.Reach();
            if (Interlocked.CompareExchange(ref _head, null, head) == head)
                return Reverse(head);
        }
    }

    /// <summary>Takes all and refuses what comes later.</summary>
    public ScheduleEntity? Close()
    {
        TPoints.Reach();
        var head = Interlocked.Exchange(ref _head, _closed);
        return head == _closed ? null : Reverse(head);
    }

    private static ScheduleEntity? Reverse(ScheduleEntity? head)
    {
        ScheduleEntity? reversed = null;
        while (head is not null)
        {
            var next = head.Next;
            head.Next = reversed;
            reversed = head;
            head = next;
        }

        return reversed;
    }
}
