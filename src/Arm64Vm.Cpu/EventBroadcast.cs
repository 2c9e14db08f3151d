using System.Numerics;

namespace Arm64Vm.Cpu;

/// <summary>The event that SEV sends to every processor of a machine (Arm ARM D1.6.1).</summary>
/// <remarks>
/// To send is to count: a processor's event register is set while the count is another than the one it saw last, so the cost does not
/// grow with the processors that run. Those that wait in WFE have a bit in <c>_sleepers</c>. Order on both sides, with full barriers between:
/// the sender counts, then looks at the bits; a sleeper sets its bit, then looks at the count.
/// </remarks>
/// <param name="processors">How many processors there are.</param>
internal sealed class EventBroadcast(int processors)
{
    private readonly ulong[] _sleepers = new ulong[(processors + 63) / 64];
    private readonly Vcpu?[] _vcpus = new Vcpu?[processors];
    private ulong _sent;

    /// <summary>Events sent so far.</summary>
    internal ulong Sent => Volatile.Read(ref _sent);

    /// <summary>SEV.</summary>
    public void Send()
    {
        Interlocked.Increment(ref _sent);
        for (int word = 0; word < _sleepers.Length; word++)
        {
            for (ulong rest = Volatile.Read(ref _sleepers[word]); rest != 0; rest &= rest - 1)
                _vcpus[(word * 64) + BitOperations.TrailingZeroCount(rest)]?.LookAgain();
        }
    }

    internal void Register(Vcpu vcpu) => _vcpus[vcpu.Index] = vcpu;

    /// <summary>The processor is about to wait for an event.</summary>
    internal void Sleep(int index) => Interlocked.Or(ref _sleepers[index / 64], 1UL << (index & 63));

    internal void Awake(int index) => Interlocked.And(ref _sleepers[index / 64], ~(1UL << (index & 63)));
}
