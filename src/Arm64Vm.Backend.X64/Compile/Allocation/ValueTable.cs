using System.Numerics;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Where else than in a pool register a value can be found.</summary>
internal enum Backing : byte
{
    None,

    /// <summary>It is a constant.</summary>
    Constant,

    /// <summary>It equals guest register X[Index] (pinned or in memory).</summary>
    GuestX,

    /// <summary>It equals guest register V[Index].</summary>
    GuestV,

    /// <summary>It is in spill slot Index.</summary>
    Spill,

    /// <summary>Flags: it equals the stored NZCV.</summary>
    GuestFlags,

    /// <summary>Flags: what they are computed from lives as long as they do, and they are computed again where they are used.</summary>
    Recompute,

    /// <summary>An address or a part of one, computed where it is used by the host's addressing.</summary>
    Deferred,
}

/// <summary>Allocation state of one IR value.</summary>
internal struct ValueState
{
    /// <summary>Index of the last instruction that uses it; 0 when unused.</summary>
    public ushort LastUse;

    public ushort Uses;

    /// <summary>Pool register (GPR or XMM number) or <see cref="HostAbi.None"/>.</summary>
    public byte Register;

    public Backing Backing;

    /// <summary>Register number or spill slot of the backing.</summary>
    public byte Index;

    /// <summary>Bits 63:32 of the register are known to be zero (I32 only).</summary>
    public bool ZeroUpper;

    /// <summary>Guest register whose pinned host register this value should be computed into, or <see cref="HostAbi.None"/>.</summary>
    public byte Hint;

    /// <summary>Next value backed by the same guest register.</summary>
    public ushort NextAlias;
}

/// <summary>The states of all values of the region being compiled. One per compiler, reused.</summary>
internal sealed class ValueTable
{
    private const int FirstStates = 1024;

    /// <summary>As many as the largest region so far has, as its instructions are.</summary>
    private ValueState[] states = new ValueState[FirstStates];

    public ref ValueState this[int value] => ref states[value];

    /// <summary>Resets [from, to) and counts uses and last uses by one backward walk.</summary>
    public void Prepare(ReadOnlySpan<IrInst> instructions, int from, int to, ReadOnlySpan<byte> pinnedV)
    {
        if (to > states.Length)
            Array.Resize(ref states, (int)BitOperations.RoundUpToPowerOf2((uint)to));
        for (int i = from; i < to; i++)
        {
            states[i] = default;
            states[i].Register = HostAbi.None;
            states[i].Hint = HostAbi.None;
        }

        for (int i = to - 1; i >= from; i--)
        {
            ref readonly IrInst inst = ref instructions[i];
            Use(inst.A, i);
            Use(inst.B, i);
            Use(inst.C, i);
            Use(inst.D, i);
            if (inst.Op is IrOp.SetX or IrOp.SetV)
                Hint(instructions, from, i, inst, pinnedV);
        }
    }

    /// <summary>Lets go of room for large regions.</summary>
    public void GiveBack()
    {
        if (states.Length > FirstStates)
            states = new ValueState[FirstStates];
    }

    private void Use(ushort value, int at)
    {
        if (value == 0)
            return;
        ref ValueState state = ref states[value];
        if (state.LastUse == 0)
            state.LastUse = (ushort)at;
        state.Uses++;
    }

    /// <summary>
    /// A value that is set into a pinned register shortly after its definition is computed there directly, unless something
    /// in between reads the register's old content or may leave (then the old content must still be there).
    /// </summary>
    private void Hint(ReadOnlySpan<IrInst> instructions, int from, int set, in IrInst inst, ReadOnlySpan<byte> pinnedV)
    {
        bool vector = inst.Op == IrOp.SetV;
        if ((vector ? pinnedV[inst.Aux] : HostAbi.PinnedX[inst.Aux]) == HostAbi.None)
            return;
        int definition = inst.A;
        if (definition < from || set - definition > 12)
            return;
        IrOp get = vector ? IrOp.GetV : IrOp.GetX;
        for (int i = definition + 1; i < set; i++)
        {
            ref readonly IrInst between = ref instructions[i];
            bool harmless = between.Op is IrOp.Second or IrOp.SetFlags
                || (IrOps.IsStateWrite(between.Op) && !(between.Op == inst.Op && between.Aux == inst.Aux))
                || (IrOps.IsStateRead(between.Op) && !(between.Op == get && between.Aux == inst.Aux))
                || IrOps.IsPureInteger(between.Op)
                || IrOps.IsVector(between.Op)
                || IrOps.IsFloat(between.Op);
            if (!harmless)
                return;
        }

        states[definition].Hint = inst.Aux;
    }
}
