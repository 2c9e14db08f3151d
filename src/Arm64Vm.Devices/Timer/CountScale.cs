using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Timer;

/// <summary>The system counter: the clock's nanoseconds in counts.</summary>
internal sealed class CountScale(IVirtualClock clock, ulong frequency)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public ulong Count
    {
        get
        {
            ulong now = clock.Nanoseconds;
            return frequency == NanosecondsPerSecond ? now : (ulong)((UInt128)now * frequency / NanosecondsPerSecond);
        }
    }

    /// <summary>The first nanosecond at which <see cref="Count"/> is at least <paramref name="count"/>; null beyond the clock's range.</summary>
    public ulong? TimeOf(ulong count)
    {
        if (frequency == NanosecondsPerSecond)
            return count;
        UInt128 time = (((UInt128)count * NanosecondsPerSecond) + frequency - 1) / frequency;
        return time > ulong.MaxValue ? null : (ulong)time;
    }
}
