using System.Runtime.InteropServices;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>What the host's memory model does to the two halves of a wake-up, on real threads: store buffering (SB).</summary>
/// <remarks>
/// requester: request := 1; look at the state. worker: state := Running; look at the request. Forbidden: the requester sees the old state and
/// the worker no request, for then nobody serves it. Each round both start together; the control leaves out the requester's fence and must show the forbidden outcome,
/// or the test says that it can show nothing here.
/// </remarks>
public class LitmusTests
{
    private const int Rounds = 400_000;

    [Fact]
    public void ARequestIsSeenByTheRequesterOrByTheWorker()
    {
        Assert.SkipUnless(Environment.ProcessorCount > 1, "one processor shows no reordering");
        var control = 0;
        for (var attempt = 0; attempt < 5 && control == 0; attempt++)
            control = Run(Look, Rounds);
        var found = Run(LookAsTheProductDoes, Rounds);
        Assert.Equal(0, found);
        Assert.SkipWhen(control == 0, "inconclusive: without the fence nothing was reordered either; the host is too busy to run two threads at once");
    }

    private delegate bool Looker(ref int word);

    /// <summary>The control: no fence between the request and the look.</summary>
    private static bool Look(ref int word) => Volatile.Read(ref word) != (int)EntityState.Queued;

    /// <summary>From Queued, nothing is handed out and nothing changes; what counts is that Running was seen, which the call turns into RunningWoken.</summary>
    private static bool LookAsTheProductDoes(ref int word)
    {
        StateMachine<NoPoints>.TryWake(ref word);
        return Volatile.Read(ref word) == (int)EntityState.RunningWoken;
    }

    /// <summary>How often neither saw the other.</summary>
    private static int Run(Looker look, int rounds)
    {
        var cells = new Cells();
        var missed = 0;
        var worker = new Thread(() =>
        {
            for (var round = 1; round <= rounds; round++)
            {
                Meet(ref cells.WorkerAt, ref cells.RequesterAt, round);
                StateMachine<NoPoints>.Move(ref cells.State, EntityState.Queued, EntityState.Running);
                cells.WorkerSaw = Volatile.Read(ref cells.Request) != 0;
                Meet(ref cells.WorkerDone, ref cells.RequesterDone, round);
            }
        });
        worker.Start();
        for (var round = 1; round <= rounds; round++)
        {
            Volatile.Write(ref cells.Request, 0);
            Interlocked.Exchange(ref cells.State, (int)EntityState.Queued);
            Meet(ref cells.RequesterAt, ref cells.WorkerAt, round);
            Volatile.Write(ref cells.Request, 1);
            var saw = look(ref cells.State);
            Meet(ref cells.RequesterDone, ref cells.WorkerDone, round);
            if (!saw && !cells.WorkerSaw)
                missed++;
        }

        worker.Join();
        return missed;
    }

    private static void Meet(ref int mine, ref int other, int round)
    {
        Volatile.Write(ref mine, round);
        for (var spins = 0; Volatile.Read(ref other) < round; spins++)
        {
            // The other thread may not be on a processor.
            if (spins > 2000)
                Thread.Yield();
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 768)]
    private sealed class Cells
    {
        [FieldOffset(0)]
        public int Request;

        [FieldOffset(128)]
        public int State;

        [FieldOffset(256)]
        public int WorkerAt;

        [FieldOffset(384)]
        public int RequesterAt;

        [FieldOffset(512)]
        public int WorkerDone;

        [FieldOffset(516)]
        public bool WorkerSaw;

        [FieldOffset(640)]
        public int RequesterDone;
    }
}
