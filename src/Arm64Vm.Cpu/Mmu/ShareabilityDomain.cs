using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>What the processors of a shareability domain are to do to their TLBs.</summary>
internal enum ShootdownKind : byte
{
    All,
    Asid,
    Address,
    Range,

    /// <summary>Write entries that lead to a host page are dropped: it is about to get code.</summary>
    WatchWrites,
}

/// <summary>One request.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Address">Virtual address, or the host address of a page.</param>
/// <param name="Length">Bytes, of a range.</param>
/// <param name="Asid">Null: every ASID.</param>
internal readonly record struct Shootdown(ShootdownKind Kind, ulong Address = 0, ulong Length = 0, ushort? Asid = null);

/// <summary>The processors that share memory: broadcast TLB maintenance (Arm ARM D8.14) without stopping anyone who need not stop.</summary>
/// <remarks>
/// <para>Requests go into one log, a ring with a number for each; every processor carries out those it has not seen when it comes to a
/// unit boundary or is about to enter guest code. Who has fallen behind by more than the ring drops everything instead.</para>
/// <para>The protocol. Poster: (1) writes the request and its number; (2) a full fence; (3) reads each member's <c>inside</c>, and sets a bit of the
/// poll word of those that are. Member: (1) sets <c>inside</c>, an exchange and so a full fence; (2) compares the log's head with what it has
/// seen, and enters only if they are equal. So either the poster sees the member inside and interrupts it, or the member sees the request.
/// A poster that must wait (DSB, a page that gets code) waits for members that are inside and have not seen its request; it counts as outside
/// meanwhile, so two that wait do not wait for each other, and carries out what came before it goes on.</para>
/// <para>Posting and waiting cost a look at each member that exists, and time only for those that run. Any number of posters, one reader for each member.</para>
/// </remarks>
internal sealed class ShareabilityDomain
{
    private const int Capacity = 1024;

    /// <summary>Made with the second member: one alone posts nothing.</summary>
    private Entry[] _log = [];
    private readonly Lock _gate = new();
    private DomainMember[] _members = [];
    private long _head;

    private struct Entry
    {
        /// <summary>The request's number plus one, when it is complete.</summary>
        public long Number;
        public Shootdown Request;
    }

    /// <summary>More than one processor: requests must be posted, and guest code entered through <see cref="DomainMember.TryEnter"/>.</summary>
    public bool IsShared => _members.Length > 1;

    /// <summary>The number of the next request.</summary>
    public long Head => Volatile.Read(ref _head);

    // SAFETY: the context outlives the membership; only its poll word is used.
    public unsafe DomainMember Join(GuestContext* context)
    {
        DomainMember member = new(this, context);
        lock (_gate)
        {
            if (_members.Length != 0 && _log.Length == 0)
                _log = new Entry[Capacity];
            _members = [.. _members, member];
        }

        return member;
    }

    public void Leave(DomainMember member)
    {
        lock (_gate)
            _members = Array.FindAll(_members, other => other != member);
    }

    /// <summary>Files a request for all members but <paramref name="poster"/>; returns what to <see cref="Wait"/> for.</summary>
    public long Post(in Shootdown request, DomainMember? poster)
    {
        long number = Interlocked.Increment(ref _head) - 1;
        ref Entry entry = ref _log[number & (Capacity - 1)];

        // Not complete while the request is written: a reader waits, or finds that it was overtaken.
        Volatile.Write(ref entry.Number, 0);
        entry.Request = request;
        Interlocked.Exchange(ref entry.Number, number + 1);
        foreach (DomainMember member in _members)
        {
            if (member != poster && member.IsInside)
                member.Interrupt();
        }

        return number + 1;
    }

    /// <summary>Waits until no other member can be in guest code that began before it saw the requests up to <paramref name="count"/>.</summary>
    public void Wait(long count, DomainMember waiting)
    {
        foreach (DomainMember member in _members)
        {
            if (member == waiting)
                continue;
            SpinWait spin = default;
            while (member.IsInside && member.Seen < count)
                spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>The request with a number; false where it has been overwritten.</summary>
    public bool TryGet(long number, [MaybeNullWhen(false)] out Shootdown request)
    {
        ref Entry entry = ref _log[number & (Capacity - 1)];
        SpinWait spin = default;
        long found;
        while ((found = Volatile.Read(ref entry.Number)) < number + 1)
        {
            if (Head - number > Capacity)
                break;
            spin.SpinOnce(sleep1Threshold: -1); // its poster is between two instructions
        }

        request = entry.Request;
        Interlocked.MemoryBarrier();
        return found == number + 1 && Volatile.Read(ref entry.Number) == number + 1 && Head - number < Capacity;
    }
}
