using System.Numerics;

namespace Arm64Vm.Devices.Gic;

/// <summary>What a CPU interface must carry through a snapshot.</summary>
internal sealed record CpuInterfaceState(
    byte PriorityMask, byte BinaryPoint0, byte BinaryPoint1, bool Enable0, bool Enable1, bool CommonBinaryPoint, bool SplitEnd,
    uint ActivePriorities0, uint ActivePriorities1, uint[] Extra);

/// <summary>Priority masking, preemption and the running priority of one processor: the part that GICv2 and GICv3 have in common (IHI 0069, 4.8).</summary>
/// <remarks>Security is off: two groups, Group 0 for FIQ and Group 1 for IRQ. Belongs to the thread that runs the processor.</remarks>
internal sealed class CpuInterface
{
    public const int Spurious = 1023;
    public const byte IdlePriority = 0xFF;

    /// <summary>7 − preemption bits; Group 1's is one more, as its field is one bit narrower.</summary>
    public const byte MinimumBinaryPoint0 = 2;
    public const byte MinimumBinaryPoint1 = 3;
    private const int PriorityShift = 3;

    public byte PriorityMask;
    public byte BinaryPoint0 = MinimumBinaryPoint0;
    public byte BinaryPoint1 = MinimumBinaryPoint1;
    public bool Enable0;
    public bool Enable1;

    /// <summary>CBPR: Group 1 uses the binary point of Group 0.</summary>
    public bool CommonBinaryPoint;

    /// <summary>EOImode 1: the end of an interrupt only drops the priority; deactivation is a write of its own.</summary>
    public bool SplitEnd;

    /// <summary>Bit n: an interrupt of group priority n × 8 is being handled.</summary>
    public uint ActivePriorities0;
    public uint ActivePriorities1;

    /// <summary>The best pending interrupt that the distributor forwards, or <see cref="Spurious"/>.</summary>
    public int PendingId = Spurious;
    public byte PendingPriority = IdlePriority;
    public bool PendingIsGroup1;

    /// <summary>What the wires to the processor carry.</summary>
    public bool DrivesIrq;
    public bool DrivesFiq;

    /// <summary>Priority being handled; 0xFF when idle.</summary>
    public byte RunningPriority
    {
        get
        {
            uint all = ActivePriorities0 | ActivePriorities1;
            return all == 0 ? IdlePriority : (byte)(BitOperations.TrailingZeroCount(all) << PriorityShift);
        }
    }

    /// <summary>The pending interrupt passes the mask and preempts what runs.</summary>
    public bool IsSignalled =>
        PendingId != Spurious
        && PendingPriority < PriorityMask
        && (RunningPriority == IdlePriority || GroupPriority(PendingPriority, PendingIsGroup1) < RunningPriority);

    /// <summary>The part of a priority that decides preemption (IHI 0069, 4.8.5).</summary>
    public byte GroupPriority(byte priority, bool group1)
    {
        int point = group1 && !CommonBinaryPoint ? BinaryPoint1 - 1 : BinaryPoint0;
        return (byte)(priority & (0xFF << (point + 1)));
    }

    /// <summary>The pending interrupt is taken: its group priority becomes the running one.</summary>
    public void Activate()
    {
        uint bit = 1u << (GroupPriority(PendingPriority, PendingIsGroup1) >> PriorityShift);
        if (PendingIsGroup1)
            ActivePriorities1 |= bit;
        else
            ActivePriorities0 |= bit;
    }

    /// <summary>The end of an interrupt: the running priority of its group drops.</summary>
    public void DropPriority(bool group1)
    {
        if (group1)
            ActivePriorities1 &= ActivePriorities1 - 1;
        else
            ActivePriorities0 &= ActivePriorities0 - 1;
    }

    /// <summary>As after power-on: nothing enabled, everything masked.</summary>
    public void Reset() =>
        Restore(new CpuInterfaceState(0, MinimumBinaryPoint0, MinimumBinaryPoint1, Enable0: false, Enable1: false, CommonBinaryPoint: false, SplitEnd: false, 0, 0, []));

    public CpuInterfaceState Save(uint[] extra) =>
        new(PriorityMask, BinaryPoint0, BinaryPoint1, Enable0, Enable1, CommonBinaryPoint, SplitEnd, ActivePriorities0, ActivePriorities1, extra);

    public void Restore(CpuInterfaceState state)
    {
        PriorityMask = state.PriorityMask;
        BinaryPoint0 = Math.Clamp(state.BinaryPoint0, MinimumBinaryPoint0, (byte)7);
        BinaryPoint1 = Math.Clamp(state.BinaryPoint1, MinimumBinaryPoint0, (byte)7);
        Enable0 = state.Enable0;
        Enable1 = state.Enable1;
        CommonBinaryPoint = state.CommonBinaryPoint;
        SplitEnd = state.SplitEnd;
        ActivePriorities0 = state.ActivePriorities0;
        ActivePriorities1 = state.ActivePriorities1;
    }
}
