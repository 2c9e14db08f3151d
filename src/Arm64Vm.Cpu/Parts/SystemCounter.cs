using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Parts;

/// <summary>The system counter as one processor sees it: its relation to the clock and, for guest code that reads it by itself, to the host's timestamp; its event stream.</summary>
// SAFETY: the context outlives this object, and the processor's thread alone writes the counter's part of it.
internal sealed unsafe class SystemCounter(GuestContext* context, IVirtualClock? clock, CpuModel model)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>CNTKCTL_EL1.EVNTEN: the counter sends events. EVNTDIR: on falling edges of the bit that EVNTI names. EVNTIS: of the counter without its low 8 bits.</summary>
    private const ulong EventStreamEnable = 1 << 2;
    private const ulong EventStreamFalling = 1 << 3;
    private const ulong EventStreamScaled = 1 << 17;

    private ClockRelation? _relation;
    private ulong _control;

    /// <summary>CNTKCTL_EL1 was written, or reset.</summary>
    public void ControlChanged(ulong control)
    {
        _control = control;
        var access = CounterAccess.None;
        if (_relation != null)
        {
            // EL0PCTEN and EL0VCTEN are bits 0 and 1 (Arm ARM D24.10.16), which is how the flags are numbered.
            var user = CounterAccess.UserPhysical | CounterAccess.UserVirtual;
            access = CounterAccess.Kernel | ((CounterAccess)control & user);
        }

        if (model.HasSynchronizedCounters)
            access |= (CounterAccess)((int)access << 3);
        context->Counter.Access = access;
    }

    /// <summary>Takes over a new relation of the clock to the host's timestamp. The run loop calls it whenever it has control.</summary>
    public void FollowClock()
    {
        var relation = clock?.Relation;
        if (!ReferenceEquals(relation, _relation))
            TakeOver(relation);
    }

    /// <summary>The first nanosecond of the clock at which the virtual count is at least <paramref name="count"/>; null where it is never.</summary>
    public ulong? TimeOf(ulong count)
    {
        UInt128 frequency = model.TimerFrequency;
        UInt128 time = (((UInt128)count * NanosecondsPerSecond) + frequency - 1) / frequency;
        return time > ulong.MaxValue ? null : (ulong)time;
    }

    /// <summary>When the counter's event stream sends its next event; null while it is off (Arm ARM D12.2.3).</summary>
    public ulong? NextStreamEvent()
    {
        if ((_control & EventStreamEnable) == 0 || clock == null)
            return null;
        int bit = (int)((_control >> 4) & 15) + ((_control & EventStreamScaled) != 0 ? 8 : 0);
        ulong count = (ulong)((UInt128)clock.Nanoseconds * model.TimerFrequency / NanosecondsPerSecond);
        ulong edge = (_control & EventStreamFalling) != 0 ? 0 : 1UL << bit;

        // The first count above this one whose low bits are the edge's.
        ulong period = 2UL << bit;
        return TimeOf(count + period - ((count - edge) & (period - 1)));
    }

    private void TakeOver(ClockRelation? relation)
    {
        var scale = (ulong)(((UInt128)model.TimerFrequency << 32) / NanosecondsPerSecond);
        if (relation == null || (UInt128)scale * NanosecondsPerSecond != (UInt128)model.TimerFrequency << 32)
        {
            _relation = null;
            ControlChanged(_control);
            return;
        }

        ref CounterRelation counter = ref context->Counter;
        ulong nanoseconds = relation.Nanoseconds;
        if (_relation is { } old && old.Era == relation.Era)
        {
            // What the guest read under the old rate since the clock changed it must not lie in the future.
            ulong now = relation.Source.Read();
            ulong reached = counter.Nanoseconds + (old.At(now) - old.Nanoseconds);
            ulong next = relation.At(now);
            if (reached > next)
                nanoseconds += reached - next;
        }

        counter.Timestamp = relation.Timestamp;
        counter.Multiplier = relation.Multiplier;
        counter.Nanoseconds = nanoseconds;
        counter.Scale = scale;
        _relation = relation;
        ControlChanged(_control);
    }
}
