using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>One processor in its <see cref="ShareabilityDomain"/>: whether it is in guest code, and which requests it has carried out.</summary>
/// <remarks>The owner's thread calls everything but what is marked for any thread.</remarks>
// SAFETY: the context outlives the membership; other threads touch only its poll word.
internal sealed unsafe class DomainMember(ShareabilityDomain domain, GuestContext* context)
{
    private int _inside;
    private long _seen = domain.Head;

    public ShareabilityDomain Domain => domain;

    /// <summary>In guest code, or serving it in the middle of a unit. Any thread.</summary>
    public bool IsInside => Volatile.Read(ref _inside) != 0;

    /// <summary>Requests before this number have been carried out. Any thread.</summary>
    public long Seen => Volatile.Read(ref _seen);

    /// <summary>True where requests wait.</summary>
    public bool IsBehind => domain.Head != _seen;

    /// <summary>Has the processor come to a unit boundary. Any thread.</summary>
    public void Interrupt() => Interlocked.Or(ref context->Poll, (uint)PollReasons.Shootdown);

    /// <summary>About to enter guest code; false where requests must be carried out first.</summary>
    public bool TryEnter()
    {
        Interlocked.Exchange(ref _inside, 1);
        if (!IsBehind)
            return true;
        Leave();
        return false;
    }

    public void Leave() => Volatile.Write(ref _inside, 0);

    /// <summary>Waits for the others, counting as outside, and comes back inside whether or not requests have come.</summary>
    public void WaitFor(long count)
    {
        Leave();
        domain.Wait(count, this);
        Interlocked.Exchange(ref _inside, 1);
    }

    /// <summary>The next request to carry out; false where there is none. Null: some were missed, so everything is to be dropped.</summary>
    public bool TryNext(out Shootdown? request)
    {
        request = null;
        long head = domain.Head;
        if (_seen == head)
            return false;
        if (domain.TryGet(_seen, out Shootdown next))
        {
            request = next;
            _pending = _seen + 1;
        }
        else
        {
            _pending = head;
        }

        return true;
    }

    /// <summary>The request that <see cref="TryNext"/> gave has been carried out.</summary>
    public void Complete() => Volatile.Write(ref _seen, _pending);

    private long _pending;
}
