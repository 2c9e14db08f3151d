namespace Arm64Vm.Scheduling;

/// <summary>The transitions of an entity. Each is one compare-and-swap of its state word; nothing else ever writes it.</summary>
/// <remarks>
/// <code>
///                      start                       pick                     run ends with Finished
///           Created ──────────►  Queued  ───────────────────────►  Running ────────────────────► Finished
///                                ▲ ▲ ▲ │ cap used up                │  ▲ │                          ▲
///                 wake, deadline │ │ │ └────────► Throttled         │  │ │ wake                     │
///                                │ │ └─────────────┘ deadline       │  │ ▼                          │
///            Parked ─────────────┘ └────────────────────────────────┤ RunningWoken ─────────────────┘
///               ▲                    run ends: preempted, yield     │  │
///               └───────────────────────────────────────────────────┘  └─► Queued, however the run ends
///                                    run ends: wait
/// </code>
/// The thread that moves an entity <em>to</em> Queued owns it until it has put it into a queue; the one that takes it out of a queue owns it until it
/// has moved it on. So an entity is in one queue at most, and its fields other than the state need no synchronisation of their own.
///
/// No wake-up is lost. The numbers are the order within each thread:
/// requester: (R1) stores its request where Run looks for it; (R2) full fence; (R3) reads the state, and by compare-and-swap moves
/// Parked to Queued or Running to RunningWoken, or finds Queued, RunningWoken or Throttled and does nothing.
/// worker: (W1) moves Queued to Running, a full fence; (W2) runs, looking for requests; (W3) moves Running to Parked.
/// If R3 finds Running before W3, W3 fails and the entity is queued. If R3 comes after W3 it finds Parked and queues it. If R3 finds
/// Queued or Throttled, a W1 is still to come; both sides have a full fence between their store and their load, so the run after that W1 sees R1.
/// If R3 finds RunningWoken, the run ends in Queued, and the same holds for the next W1. Without R2, the load of R3 could be done
/// while R1 is still in the store buffer: R3 finds Queued, W1 and W2 go by without seeing the request, and W3 parks. That is the one lost
/// wake-up that x86-64 allows here, and the reason for the fence.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal static class StateMachine<TPoints>
    where TPoints : struct, IInterleavingPoints
{
    /// <summary>The table of the drawing above.</summary>
    public static bool Allows(EntityState from, EntityState to) => (from, to) switch
    {
        (EntityState.Created, EntityState.Queued) => true,
        (EntityState.Parked, EntityState.Queued) => true,
        (EntityState.Queued, EntityState.Running or EntityState.Throttled) => true,
        (EntityState.Throttled, EntityState.Queued) => true,
        (EntityState.Running, EntityState.RunningWoken or EntityState.Parked or EntityState.Queued or EntityState.Finished) => true,
        (EntityState.RunningWoken, EntityState.Queued or EntityState.Finished) => true,
        _ => false,
    };

    /// <summary>One transition; false when the entity is not in <paramref name="from"/>.</summary>
    /// <remarks>CompareExchange is a full fence on every host, which the protocol needs in both directions.</remarks>
    public static bool TryMove(ref int word, EntityState from, EntityState to)
    {
        TPoints.Reach();
        return Interlocked.CompareExchange(ref word, (int)to, (int)from) == (int)from;
    }

    /// <summary>Notes that there is something to do. True: the entity was parked and is now the caller's, who queues it.</summary>
    public static bool TryWake(ref int word)
    {
        // R2. The caller's request must be visible before the state is read.
        Interlocked.MemoryBarrier();
        while (true)
        {
            TPoints.Reach();
            switch ((EntityState)Volatile.Read(ref word))
            {
                case EntityState.Parked:
                    if (TryMove(ref word, EntityState.Parked, EntityState.Queued))
                        return true;
                    break;
                case EntityState.Running:
                    if (TryMove(ref word, EntityState.Running, EntityState.RunningWoken))
                        return false;
                    break;
                default:
                    return false;
            }
        }
    }

    /// <summary>Ends a run with nothing to do. False: it was woken meanwhile; it is now queued and the caller's.</summary>
    public static bool TryPark(ref int word)
    {
        if (TryMove(ref word, EntityState.Running, EntityState.Parked))
            return true;
        Expect(TryMove(ref word, EntityState.RunningWoken, EntityState.Queued));
        return false;
    }

    /// <summary>Ends a run with more to do, or for good.</summary>
    public static void Leave(ref int word, EntityState to)
    {
        // Only a wake can come between, and only once.
        if (!TryMove(ref word, EntityState.Running, to))
            Expect(TryMove(ref word, EntityState.RunningWoken, to));
    }

    /// <summary>A transition that nobody else can be making.</summary>
    public static void Move(ref int word, EntityState from, EntityState to) => Expect(TryMove(ref word, from, to));

    private static void Expect(bool moved)
    {
        if (!moved)
            throw new InvalidOperationException("An entity of the scheduler is not in the state that its owner left it in.");
    }
}
