using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The part of the register allocator for general registers.</summary>
internal sealed partial class X64Compiler
{
    private Gpr LoadToPool(int value)
    {
        ref ValueState state = ref values[value];
        Gpr register = AllocateGpr();
        switch (state.Backing)
        {
            case Backing.Constant:
                emit.MovImm(register, ConstantOf(value));
                break;
            case Backing.GuestX when HostAbi.PinnedX[state.Index] != HostAbi.None:
                emit.Mov(8, register, (Gpr)HostAbi.PinnedX[state.Index]);
                break;
            case Backing.GuestX:
                emit.Mov(8, register, HostAbi.X(state.Index));
                break;
            case Backing.Spill:
                emit.Mov(8, register, HostAbi.Spill(state.Index));
                break;
            default:
                throw new InvalidOperationException($"value %{value} ({region[value].Op}) is nowhere");
        }

        state.Register = (byte)register;
        gprOwner[(int)register] = (ushort)value;
        return register;
    }

    /// <summary>A free pool register, evicting the value with the farthest last use if need be; locked for this instruction.</summary>
    private Gpr AllocateGpr()
    {
        int best = ChoosePoolRegister(HostAbi.PoolGpr, lockedGpr, gprOwner);
        EvictGpr(best);
        lockedGpr |= 1u << best;
        return (Gpr)best;
    }

    /// <summary>Frees one particular pool register for this instruction (multiplication, division, compare-exchange).</summary>
    private Gpr AllocateFixedGpr(Gpr register)
    {
        EvictGpr((int)register);
        lockedGpr |= 1u << (int)register;
        return register;
    }

    private void EvictGpr(int register)
    {
        int owner = gprOwner[register];
        if (owner == 0)
            return;
        if (owner == WindowOwner)
        {
            windows.In(register).Register = HostAbi.None;
            gprOwner[register] = 0;
            return;
        }

        ref ValueState state = ref values[owner];
        if (state.Backing == Backing.None && state.LastUse >= current)
        {
            int slot = AllocateSpill();
            spillCount++;
            emit.Mov(8, HostAbi.Spill(slot), (Gpr)register);
            state.Backing = Backing.Spill;
            state.Index = (byte)slot;
        }

        state.Register = HostAbi.None;
        gprOwner[register] = 0;
    }

    /// <summary>A register that holds the value; read only, valid for this instruction.</summary>
    private Gpr Use(int value)
    {
        ref ValueState state = ref values[value];
        Gpr register;
        if (state.Register != HostAbi.None)
            register = (Gpr)state.Register;
        else if (state.Backing == Backing.GuestX && HostAbi.PinnedX[state.Index] != HostAbi.None)
            return (Gpr)HostAbi.PinnedX[state.Index];
        else
            register = LoadToPool(value);
        lockedGpr |= 1u << (int)register;
        return register;
    }

    /// <summary>True where the value is in a register already, pinned or pool.</summary>
    private bool IsInRegister(int value)
    {
        ref ValueState state = ref values[value];
        return state.Register != HostAbi.None || (state.Backing == Backing.GuestX && HostAbi.PinnedX[state.Index] != HostAbi.None);
    }

    /// <summary>The memory slot that holds the value, where there is one and no register does.</summary>
    private bool TryMemory(int value, out Mem memory)
    {
        ref ValueState state = ref values[value];
        memory = default;
        if (state.Register != HostAbi.None)
            return false;
        if (state.Backing == Backing.GuestX && HostAbi.PinnedX[state.Index] == HostAbi.None)
            memory = HostAbi.X(state.Index);
        else if (state.Backing == Backing.Spill)
            memory = HostAbi.Spill(state.Index);
        else
            return false;
        return true;
    }

    /// <summary>The memory slot of a value that is better used from there: for the last time, or where loading it would cost another value its register.</summary>
    private bool TryMemoryOperand(int value, out Mem memory)
    {
        memory = default;
        return (DiesHere(value) || !HasFreeGpr()) && TryMemory(value, out memory);
    }

    private bool HasFreeGpr()
    {
        foreach (byte register in HostAbi.PoolGpr)
        {
            if ((gprOwner[register] == 0 || IsDead(gprOwner[register])) && (lockedGpr & (1u << register)) == 0)
                return true;
        }

        return false;
    }

    /// <summary>A register to compute the value into: the pinned one it will be set to, that of an operand that dies, or a pool register.</summary>
    private Gpr Define(int value, int reuse = 0)
    {
        ref ValueState state = ref values[value];
        if (state.Hint != HostAbi.None && CanOverwrite(Backing.GuestX, state.Hint))
        {
            int guest = state.Hint;
            // Operands of this very instruction may still be read from the register: their aliases end with it.
            Evacuate(Backing.GuestX, guest, 0);
            SetAlias(value, Backing.GuestX, guest);
            return (Gpr)HostAbi.PinnedX[guest];
        }

        if (reuse != 0 && values[reuse].Register != HostAbi.None && DiesHere(reuse) && region[reuse].Type != IrType.V128)
        {
            byte register = values[reuse].Register;
            gprOwner[register] = (ushort)value;
            state.Register = register;
            lockedGpr |= 1u << register;
            // The operand is still in it until the instruction has read it.
            return (Gpr)register;
        }

        Gpr allocated = AllocateGpr();
        state.Register = (byte)allocated;
        gprOwner[(int)allocated] = (ushort)value;
        return allocated;
    }

    /// <summary>A pool register for the duration of this instruction.</summary>
    private Gpr ScratchGpr() => AllocateGpr();
}
