using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>The system counter as guest code reads it by itself.</summary>
internal sealed unsafe partial class Vcpu
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private ClockRelation? _relation;

    /// <summary>CNTKCTL_EL1 was written.</summary>
    internal void CounterAccessChanged()
    {
        var access = CounterAccess.None;
        if (_relation != null)
        {
            // EL0PCTEN and EL0VCTEN are bits 0 and 1 (Arm ARM D24.10.16), which is how the flags are numbered.
            var user = CounterAccess.UserPhysical | CounterAccess.UserVirtual;
            access = CounterAccess.Kernel | ((CounterAccess)Slot(SystemSlot.Cntkctl) & user);
        }

        if (_model.HasSynchronizedCounters)
            access |= (CounterAccess)((int)access << 3);
        _context->Counter.Access = access;
    }

    private void ForgetClockRelation()
    {
        _relation = null;
        CounterAccessChanged();
    }

    /// <summary>Takes over a new relation of the clock to the host's timestamp. The run loop calls it whenever it has control.</summary>
    private void FollowClock()
    {
        var relation = _options.Clock?.Relation;
        if (ReferenceEquals(relation, _relation))
            return;
        var scale = (ulong)(((UInt128)_model.TimerFrequency << 32) / NanosecondsPerSecond);
        if (relation == null || (UInt128)scale * NanosecondsPerSecond != (UInt128)_model.TimerFrequency << 32)
        {
            ForgetClockRelation();
            return;
        }

        ref CounterRelation counter = ref _context->Counter;
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
        CounterAccessChanged();
    }
}
