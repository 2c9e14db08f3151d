using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Board;

/// <summary>The host's time-stamp counter as a clock's source.</summary>
internal sealed class HostTimestamp : IHostTimestamp
{
    private readonly TimestampCounter _counter;

    private HostTimestamp(TimestampCounter counter) => _counter = counter;

    /// <summary>Null where the host has none that time can be taken from.</summary>
    /// <remarks>Nobody disposes it: a callback of a clock that is going away may still read it. Its page is freed with the last reference.</remarks>
    public static HostTimestamp? TryCreate(HostFeatures host) => TimestampCounter.TryCreate(host) is { } counter ? new HostTimestamp(counter) : null;

    public ulong Read() => _counter.Read();
}
