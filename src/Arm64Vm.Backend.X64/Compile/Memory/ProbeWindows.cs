using Arm64Vm.Ir;
using Arm64Vm.Ir.Passes;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Finds the accesses of a block that can share one probe of the software TLB: those at constant distances from one base value, or from one base and one scaled index.</summary>
/// <remarks>
/// The first access of a group probes for all bytes of the group and keeps the host address in a register, its window; the others use it.
/// Accesses that are ordered, atomic, or not of one size probe for themselves. Where alignment is checked there are no groups.
/// </remarks>
internal sealed class ProbeWindows
{
    /// <summary>Bytes from the lowest to the end of the highest access of a group: wider ones would leave their page too often.</summary>
    public const int MaxSpan = 256;
    private const int MaxGroups = 64;

    private readonly Group[] groups = new Group[MaxGroups];
    private byte[] groupOf = [];
    private int[] distances = [];
    private ushort[] next = [];
    private int count = 1;
    private int firstOpen = 1;

    /// <summary>Accesses off one base.</summary>
    public struct Group
    {
        /// <summary>What all addresses are constant distances from.</summary>
        public Root Root;
        public bool Unprivileged;

        /// <summary>Some access writes: the probe is for writing, which includes reading.</summary>
        public bool Writes;

        /// <summary>Distances from the root: [Low, High) is what the accesses reach.</summary>
        public long Low;
        public long High;

        /// <summary>The first and the last access.</summary>
        public ushort First;
        public ushort Last;

        /// <summary>Pool register that holds the host address of Low, or <see cref="HostAbi.None"/>.</summary>
        public byte Register;

        /// <summary>The next access of the group behind the one being compiled, 0 behind the last.</summary>
        public ushort NextUse;
    }

    /// <summary>Base + Index × 2^Shift; Index 0: the base alone.</summary>
    public readonly record struct Root(ushort Base, ushort Index, byte Shift);

    public ref Group this[int group] => ref groups[group];

    /// <summary>Number of the group of an access that shares its probe, 0 where it probes for itself.</summary>
    public int GroupOf(int access) => groupOf[access];

    /// <summary>The next access of the same group, or 0.</summary>
    public ushort NextOf(int access) => next[access];

    /// <summary>Distance of a grouped access from its group's root.</summary>
    public int DistanceOf(int access) => distances[access];

    /// <summary>The group whose window is in a pool register.</summary>
    public ref Group In(int register)
    {
        for (int i = 1; i < count; i++)
        {
            if (groups[i].Register == register)
                return ref groups[i];
        }

        throw new InvalidOperationException("no window is in that register");
    }

    /// <summary>Pool registers that hold windows, as in <see cref="MemoryRecord.Windows"/>.</summary>
    public int Live
    {
        get
        {
            int set = 0;
            for (int i = 1; i < count; i++)
            {
                if (groups[i].Register != HostAbi.None)
                    set |= 1 << HostAbi.PoolGpr.IndexOf(groups[i].Register);
            }

            return set;
        }
    }

    /// <summary>Ends all windows; <paramref name="owners"/> says whose the general registers are.</summary>
    public void Drop(ushort[] owners)
    {
        for (int i = 1; i < count; i++)
        {
            if (groups[i].Register == HostAbi.None)
                continue;
            owners[groups[i].Register] = 0;
            groups[i].Register = HostAbi.None;
        }
    }

    /// <summary>Groups the accesses of [from, to).</summary>
    public void Prepare(ReadOnlySpan<IrInst> code, int from, int to, bool enabled)
    {
        count = firstOpen = 1;
        Scratch.Reserve(ref groupOf, code.Length);
        Scratch.Reserve(ref distances, code.Length);
        Scratch.Reserve(ref next, code.Length);
        groupOf.AsSpan(from, to - from).Clear();
        if (!enabled)
            return;
        for (int i = from; i < to; i++)
        {
            ref readonly IrInst inst = ref code[i];
            if (IsPlain(inst))
                Add(code, i);
            else if (inst.Op is IrOp.WriteSystem or IrOp.SystemOperation or IrOp.WritePState)
                firstOpen = count; // may change what addresses mean
        }

        for (int group = 1; group < count; group++)
        {
            if (groups[group].First == groups[group].Last)
                groupOf[groups[group].First] = 0;
        }
    }

    private static bool IsPlain(in IrInst inst) =>
        inst.Op is IrOp.Load or IrOp.Store or IrOp.LoadPair or IrOp.StorePair
        && ((MemoryFlags)inst.Aux & (MemoryFlags.Acquire | MemoryFlags.Release)) == 0;

    private static int BytesOf(in IrInst inst) => inst.Op is IrOp.LoadPair or IrOp.StorePair ? inst.Size * 2 : inst.Size;

    /// <summary>The distance of an access from the root of its address. Sums of two values are taken apart, so that [x, i] and [x, i + 1] have one root.</summary>
    private static long DistanceOf(ReadOnlySpan<IrInst> code, in IrInst inst, out Root root)
    {
        long distance = (long)inst.Imm;
        ushort first = StripConstants(code, inst.A, 0, ref distance);
        ref readonly IrInst sum = ref code[first];
        if (sum.Op != IrOp.Add || sum.Type != IrType.I64)
        {
            root = new Root(first, 0, 0);
            return distance;
        }

        (ushort left, int leftShift) = Unscale(code, sum.A);
        (ushort right, int rightShift) = Unscale(code, sum.B);
        if (leftShift != 0 && rightShift != 0)
        {
            root = new Root(first, 0, 0);
            return distance;
        }

        left = StripConstants(code, left, leftShift, ref distance);
        right = StripConstants(code, right, rightShift, ref distance);
        bool swaps = leftShift != 0 || (rightShift == 0 && left > right);
        root = swaps ? new Root(right, left, (byte)leftShift) : new Root(left, right, (byte)rightShift);
        return distance;
    }

    /// <summary>The value without the constants added to it, which go to the distance, times 2^shift.</summary>
    private static ushort StripConstants(ReadOnlySpan<IrInst> code, ushort value, int shift, ref long distance)
    {
        while (code[value].Op == IrOp.Add && code[value].Type == IrType.I64 && code[code[value].B].Op == IrOp.Const)
        {
            distance += (long)(code[code[value].B].Imm << shift);
            value = code[value].A;
        }

        return value;
    }

    /// <summary>What a value is a multiple of, where it is shifted by a small constant.</summary>
    private static (ushort Value, int Shift) Unscale(ReadOnlySpan<IrInst> code, ushort value)
    {
        ref readonly IrInst shift = ref code[value];
        bool isScale = shift.Op == IrOp.Shl && shift.Type == IrType.I64 && code[shift.B].Op == IrOp.Const && code[shift.B].Imm is >= 1 and <= 4;
        return isScale ? (shift.A, (int)code[shift.B].Imm) : (value, 0);
    }

    private void Add(ReadOnlySpan<IrInst> code, int access)
    {
        ref readonly IrInst inst = ref code[access];
        long low = DistanceOf(code, inst, out Root root);
        if (low != (int)low)
            return;
        long high = low + BytesOf(inst);
        bool unprivileged = ((MemoryFlags)inst.Aux & MemoryFlags.Unprivileged) != 0;
        bool writes = inst.Op is IrOp.Store or IrOp.StorePair;
        next[access] = 0;
        for (int i = count - 1; i >= firstOpen; i--)
        {
            ref Group group = ref groups[i];
            long newLow = Math.Min(group.Low, low), newHigh = Math.Max(group.High, high);
            if (group.Root != root || group.Unprivileged != unprivileged || newHigh - newLow > MaxSpan)
                continue;
            group.Low = newLow;
            group.High = newHigh;
            group.Writes |= writes;
            next[group.Last] = (ushort)access;
            group.Last = (ushort)access;
            groupOf[access] = (byte)i;
            distances[access] = (int)low;
            return;
        }

        if (count == MaxGroups)
            return;
        groups[count] = new Group
        {
            Root = root,
            Unprivileged = unprivileged,
            Writes = writes,
            Low = low,
            High = high,
            First = (ushort)access,
            Last = (ushort)access,
            Register = HostAbi.None,
        };
        groupOf[access] = (byte)count++;
        distances[access] = (int)low;
    }
}
