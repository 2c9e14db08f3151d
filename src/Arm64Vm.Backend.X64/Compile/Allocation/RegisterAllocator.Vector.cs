using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The part of the register allocator for vector registers.</summary>
internal sealed partial class X64Compiler
{
    private Xmm LoadVectorToPool(int value)
    {
        ref ValueState state = ref values[value];
        Xmm register = AllocateXmm();
        switch (state.Backing)
        {
            case Backing.GuestV when HostAbi.PinnedV[state.Index] != HostAbi.None:
                emit.Vex(V.Movaps, register, (Xmm)HostAbi.PinnedV[state.Index]);
                break;
            case Backing.GuestV:
                emit.Vex(V.Movaps, register, HostAbi.V(state.Index));
                break;
            case Backing.Spill:
                emit.Vex(V.Movaps, register, HostAbi.Spill(state.Index));
                break;
            case Backing.Constant:
                LoadConstant(register, value);
                break;
            default:
                throw new InvalidOperationException($"value %{value} ({region[value].Op}) is nowhere");
        }

        state.Register = (byte)register;
        xmmOwner[(int)register] = (ushort)value;
        return register;
    }

    private Xmm AllocateXmm()
    {
        int best = ChoosePoolRegister(HostAbi.PoolXmm, lockedXmm, xmmOwner);
        EvictXmm(best);
        lockedXmm |= 1u << best;
        return (Xmm)best;
    }

    private void EvictXmm(int register)
    {
        int owner = xmmOwner[register];
        if (owner == 0)
            return;
        ref ValueState state = ref values[owner];
        if (state.Backing == Backing.None && state.LastUse >= current)
        {
            int slot = AllocateSpill();
            spillCount++;
            emit.VexStore(V.Movaps, HostAbi.Spill(slot), (Xmm)register);
            state.Backing = Backing.Spill;
            state.Index = (byte)slot;
        }

        state.Register = HostAbi.None;
        xmmOwner[register] = 0;
    }

    /// <summary>A vector register that holds the value; read only, valid for this instruction.</summary>
    private Xmm UseV(int value)
    {
        ref ValueState state = ref values[value];
        Xmm register;
        if (state.Register != HostAbi.None)
            register = (Xmm)state.Register;
        else if (state.Backing == Backing.GuestV && HostAbi.PinnedV[state.Index] != HostAbi.None)
            return (Xmm)HostAbi.PinnedV[state.Index];
        else
            register = LoadVectorToPool(value);
        lockedXmm |= 1u << (int)register;
        return register;
    }

    /// <summary>The memory slot that holds the vector, where there is one and no register does.</summary>
    private bool TryVectorMemory(int value, out Mem memory)
    {
        ref ValueState state = ref values[value];
        memory = default;
        if (state.Register != HostAbi.None)
            return false;
        if (state.Backing == Backing.GuestV && HostAbi.PinnedV[state.Index] == HostAbi.None)
            memory = HostAbi.V(state.Index);
        else if (state.Backing == Backing.Spill)
            memory = HostAbi.Spill(state.Index);
        else if (state.Backing == Backing.Constant)
            memory = ConstantMemory(value);
        else
            return false;
        return true;
    }

    /// <summary>
    /// A vector register to compute the value into. It may be the register of an operand that dies here: an emitter that writes it
    /// before it has read all operands must ask for <see cref="DefineVApart"/> instead.
    /// </summary>
    private Xmm DefineV(int value, int reuse = 0)
    {
        ref ValueState state = ref values[value];
        if (state.Hint != HostAbi.None && CanOverwrite(Backing.GuestV, state.Hint))
        {
            int guest = state.Hint;
            Evacuate(Backing.GuestV, guest, 0);
            SetAlias(value, Backing.GuestV, guest);
            return (Xmm)HostAbi.PinnedV[guest];
        }

        if (reuse != 0 && values[reuse].Register != HostAbi.None && DiesHere(reuse) && region[reuse].Type == IrType.V128)
        {
            byte register = values[reuse].Register;
            xmmOwner[register] = (ushort)value;
            state.Register = register;
            lockedXmm |= 1u << register;
            return (Xmm)register;
        }

        return DefineVInPool(value);
    }

    /// <summary>A vector register to compute the value into that holds none of this instruction's operands.</summary>
    private Xmm DefineVApart(int value)
    {
        ref ValueState state = ref values[value];
        if (state.Hint != HostAbi.None && CanOverwrite(Backing.GuestV, state.Hint) && !IsOperandInGuestV(state.Hint))
        {
            int guest = state.Hint;
            Evacuate(Backing.GuestV, guest, 0);
            SetAlias(value, Backing.GuestV, guest);
            return (Xmm)HostAbi.PinnedV[guest];
        }

        return DefineVInPool(value);
    }

    private bool IsOperandInGuestV(int guest)
    {
        ref IrInst inst = ref region[current];
        return IsBackedByV(inst.A, guest) || IsBackedByV(inst.B, guest) || IsBackedByV(inst.C, guest) || IsBackedByV(inst.D, guest);
    }

    private bool IsBackedByV(int value, int guest) =>
        value != 0 && values[value].Register == HostAbi.None && values[value].Backing == Backing.GuestV && values[value].Index == guest;

    private Xmm DefineVInPool(int value)
    {
        Xmm allocated = AllocateXmm();
        values[value].Register = (byte)allocated;
        xmmOwner[(int)allocated] = (ushort)value;
        return allocated;
    }

    /// <summary>A vector pool register for the duration of this instruction.</summary>
    private Xmm ScratchXmm() => AllocateXmm();
}
