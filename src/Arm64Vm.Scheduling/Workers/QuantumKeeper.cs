namespace Arm64Vm.Scheduling;

/// <summary>Watches the time for workers that are busy running something: preempts what has run for its quantum, lets a busy worker see to its deadlines, and tells what runs of its own alarm.</summary>
/// <remarks>One thread per pool. It sleeps until the alarm of a worker rings, which costs that worker a system call and no thread switch; see <see cref="Worker{TPoints}.Remind"/>.</remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class QuantumKeeper<TPoints>(Pool<TPoints> pool, WorkerAlarms alarms)
    where TPoints : struct, IInterleavingPoints
{
    private bool _stopped;

    public WorkerAlarms Alarms => alarms;

    /// <summary>Ends the loop. Any thread.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopped, true);
        alarms.Stop();
    }

    /// <summary>The keeper's thread.</summary>
    public void Loop()
    {
        while (!Volatile.Read(ref _stopped))
            Turn(alarms.Wait());
    }

    /// <summary>Looks at the workers whose alarms have rung.</summary>
    public void Turn(ulong rung)
    {
        foreach (var slot in pool.Workers)
        {
            if (slot is { } worker && (rung & (1ul << worker.Index)) != 0)
                worker.Rung();
        }
    }
}
