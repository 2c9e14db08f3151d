namespace Arm64Vm.Scheduling.Tests;

/// <summary>Alarms that never ring by themselves; what they are set to can be read.</summary>
internal sealed class NotedAlarms(ulong now = 0) : WorkerAlarms
{
    private readonly ulong[] _times = new ulong[64];

    /// <summary>The time that the alarm of a place was set to last; 0: never.</summary>
    public ulong this[int place] => _times[place];

    public override void Open(int place)
    {
    }

    public override void Set(int place, ulong nanoseconds) => _times[place] = nanoseconds == Off ? Off : now + nanoseconds;

    public override ulong Wait() => throw new NotSupportedException("nobody waits here");

    public override void Stop()
    {
    }

    public override void Dispose()
    {
    }
}
