using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The part of the register allocator for vector registers.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>The current instruction's code has EVEX forms: its operands, result and temporaries may be upper registers.</summary>
    private bool mayUseUpper;

    /// <summary>Host register of guest V0–V31, or <see cref="HostAbi.None"/>.</summary>
    private ReadOnlySpan<byte> PinnedV => HostAbi.PinnedVectors(stubs.UsesUpperVectors);

    /// <summary>The pinned register of a guest's, where the current instruction can use it.</summary>
    private bool TryPinned(int guest, out Xmm register)
    {
        byte pinned = PinnedV[guest];
        register = (Xmm)pinned;
        return pinned != HostAbi.None && (mayUseUpper || !HostAbi.IsUpper(pinned));
    }

    /// <summary>The pinned register that the value is to be set to, where it can be computed there.</summary>
    private bool TryHinted(in ValueState state, out Xmm register)
    {
        register = default;
        return state.Hint != HostAbi.None && TryPinned(state.Hint, out register) && CanOverwrite(Backing.GuestV, state.Hint);
    }

    private Xmm LoadVectorToPool(int value)
    {
        ref ValueState state = ref values[value];
        Xmm register = AllocateXmm();
        switch (state.Backing)
        {
            case Backing.GuestV when PinnedV[state.Index] != HostAbi.None:
                emit.Vex(V.Movaps, register, (Xmm)PinnedV[state.Index]);
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
        else if (state.Backing == Backing.GuestV && TryPinned(state.Index, out Xmm pinned))
            return pinned;
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
        if (state.Backing == Backing.GuestV && PinnedV[state.Index] == HostAbi.None)
            memory = HostAbi.V(state.Index);
        else if (state.Backing == Backing.Spill)
            memory = HostAbi.Spill(state.Index);
        else if (state.Backing == Backing.Constant)
            memory = ConstantMemory(value);
        else
            return false;
        return true;
    }

    /// <summary>Puts a value that is only in an upper register into its slot in the context as well, for an instruction that cannot reach the register.</summary>
    private bool TryStoreUpper(int value, out Mem memory)
    {
        ref ValueState state = ref values[value];
        memory = default;
        if (state.Register != HostAbi.None || state.Backing != Backing.GuestV || !HostAbi.IsUpper(PinnedV[state.Index]))
            return false;
        memory = HostAbi.V(state.Index);
        emit.VexStore(V.Movaps, memory, (Xmm)PinnedV[state.Index]);
        return true;
    }

    /// <summary>A vector register to compute the value into. It may be the register of an operand that dies here.</summary>
    private Xmm DefineV(int value, int reuse = 0)
    {
        ref ValueState state = ref values[value];
        if (TryHinted(state, out Xmm pinned))
        {
            int guest = state.Hint;
            Evacuate(Backing.GuestV, guest, 0);
            SetAlias(value, Backing.GuestV, guest);
            return pinned;
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
