using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>One vCPU as the translation cache sees it: whether it may hold addresses of code, and of how old code.</summary>
/// <remarks>
/// This is epoch-based reclamation. A vCPU holds addresses of emitted code (its PC, its return stack, a resumable exit, entries it has
/// just read) only between <see cref="Enter"/> and <see cref="Leave"/>. At every unit boundary it drops what it holds and announces the
/// epoch it has seen. What the cache removed at epoch e may be reused when every member is outside or has announced e or later.
/// SAFETY: the context outlives the membership; only its poll word is used, by interlocked operations.
/// </remarks>
internal sealed unsafe class CacheMember
{
    /// <summary>Announced by a vCPU that holds nothing.</summary>
    private const ulong Outside = ulong.MaxValue;

    private readonly GuestContext* context;
    private ulong announced = Outside;
    private int thread;

    internal CacheMember(GuestContext* context) => this.context = context;

    /// <summary>The epoch since which the vCPU has dropped all it held; all ones while it holds nothing.</summary>
    internal ulong Announced => Volatile.Read(ref announced);

    internal bool IsInside => Announced != Outside;

    /// <summary>The vCPU begins to look at the cache, having dropped what it held before <paramref name="epoch"/>.</summary>
    /// <remarks>
    /// The store must be visible before any entry is read: otherwise the cache could see the vCPU outside, reuse code, and the vCPU
    /// could still run it. Hence the exchange, which is a full fence; a cache with one member is only cleaned by that member itself.
    /// </remarks>
    internal void Enter(ulong epoch, bool isAlone)
    {
        thread = Environment.CurrentManagedThreadId;
        if (isAlone)
            Volatile.Write(ref announced, epoch);
        else
            Interlocked.Exchange(ref announced, epoch);
    }

    /// <summary>At a unit boundary: everything held before <paramref name="epoch"/> has been dropped. A store seen late only delays reuse.</summary>
    internal void Announce(ulong epoch) => Volatile.Write(ref announced, epoch);

    internal void Leave() => Volatile.Write(ref announced, Outside);

    /// <summary>Has the vCPU come to a unit boundary soon, if it is inside on another thread; on this one it looks by itself.</summary>
    internal void Interrupt()
    {
        if (IsInside && Volatile.Read(ref thread) != Environment.CurrentManagedThreadId)
            Interlocked.Or(ref context->Poll, (uint)PollReasons.Shootdown);
    }
}
