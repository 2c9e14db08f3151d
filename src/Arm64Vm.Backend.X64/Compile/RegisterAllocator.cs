using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Local register allocation: values live in pinned registers, pool registers, guest memory slots or spill slots.</summary>
/// <remarks>
/// One forward pass. Guest state is written at the instruction that writes it, so that at every exit the guest's registers
/// are exact without tables. The vocabulary: <c>Use</c> gives a register that holds a value and must not be changed,
/// <c>Define</c> a register to compute a result into, <c>Scratch</c> a register for the current instruction only.
/// </remarks>
public sealed partial class X64Compiler
{
    private readonly ValueTable values = new();
    private readonly ushort[] gprOwner = new ushort[16];
    private readonly ushort[] xmmOwner = new ushort[16];
    private readonly ushort[] aliasX = new ushort[32];
    private readonly ushort[] aliasV = new ushort[32];
    private ulong spillsInUse0;
    private ulong spillsInUse1;
    private uint lockedGpr;
    private uint lockedXmm;
    private int current;

    private void ResetAllocator()
    {
        Array.Clear(gprOwner);
        Array.Clear(xmmOwner);
        Array.Clear(aliasX);
        Array.Clear(aliasV);
        spillsInUse0 = spillsInUse1 = 0;
        lockedGpr = lockedXmm = 0;
    }

    /// <summary>True where the value is used by a later instruction than the current one.</summary>
    private bool LivesOn(int value) => values[value].LastUse > current;

    private bool DiesHere(int value) => values[value].LastUse <= current;

    // ---- Backings ----------------------------------------------------------------------------------------------------

    private void SetAlias(int value, Backing backing, int register)
    {
        ref ValueState state = ref values[value];
        state.Backing = backing;
        state.Index = (byte)register;
        ref ushort head = ref (backing == Backing.GuestX ? ref aliasX[register] : ref aliasV[register]);
        state.NextAlias = head;
        head = (ushort)value;
    }

    /// <summary>Guest register <paramref name="register"/> is about to change: values that equal its old content move to pool registers.</summary>
    private void EvacuateX(int register, int except)
    {
        int value = aliasX[register];
        aliasX[register] = 0;
        while (value != 0)
        {
            ref ValueState state = ref values[value];
            int next = state.NextAlias;
            state.NextAlias = 0;
            if (value == except)
            {
                SetAlias(value, Backing.GuestX, register);
            }
            else
            {
                if (state.Register == HostAbi.None && LivesOn(value))
                    LoadToPool(value);
                state.Backing = Backing.None;
            }

            value = next;
        }
    }

    private void EvacuateV(int register, int except)
    {
        int value = aliasV[register];
        aliasV[register] = 0;
        while (value != 0)
        {
            ref ValueState state = ref values[value];
            int next = state.NextAlias;
            state.NextAlias = 0;
            if (value == except)
            {
                SetAlias(value, Backing.GuestV, register);
            }
            else
            {
                if (state.Register == HostAbi.None && LivesOn(value))
                    LoadVectorToPool(value);
                state.Backing = Backing.None;
            }

            value = next;
        }
    }

    // ---- General purpose registers -------------------------------------------------------------------------------

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
        int best = -1;
        int farthest = -1;
        foreach (byte candidate in HostAbi.PoolGpr)
        {
            if ((lockedGpr & (1u << candidate)) != 0)
                continue;
            int owner = gprOwner[candidate];
            if (owner == 0)
            {
                best = candidate;
                break;
            }

            // A value with a backing costs nothing to evict: prefer it over those that need a store.
            int cost = values[owner].LastUse + (values[owner].Backing != Backing.None ? IrRegion.MaxInstructions : 0);
            if (cost > farthest)
            {
                farthest = cost;
                best = candidate;
            }
        }

        if (best < 0)
            throw new InvalidOperationException("all general purpose registers are locked");
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
        ref ValueState state = ref values[owner];
        if (state.Backing == Backing.None && state.LastUse >= current)
        {
            int slot = AllocateSpill();
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

    /// <summary>A register to compute the value into: the pinned one it will be set to, that of an operand that dies, or a pool register.</summary>
    private Gpr Define(int value, int reuse = 0)
    {
        ref ValueState state = ref values[value];
        if (state.Hint != HostAbi.None && CanOverwriteX(state.Hint))
        {
            int guest = state.Hint;
            // Operands of this very instruction may still be read from the register: their aliases end with it.
            EvacuateX(guest, 0);
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

    /// <summary>True where no value that is used later equals the old content of guest register <paramref name="guest"/> only.</summary>
    private bool CanOverwriteX(int guest)
    {
        for (int value = aliasX[guest]; value != 0; value = values[value].NextAlias)
        {
            if (LivesOn(value) && values[value].Register == HostAbi.None)
                return false;
        }

        return true;
    }

    private bool CanOverwriteV(int guest)
    {
        for (int value = aliasV[guest]; value != 0; value = values[value].NextAlias)
        {
            if (LivesOn(value) && values[value].Register == HostAbi.None)
                return false;
        }

        return true;
    }

    /// <summary>A pool register for the duration of this instruction.</summary>
    private Gpr ScratchGpr() => AllocateGpr();

    // ---- Vector registers --------------------------------------------------------------------------------------------

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
        int best = -1;
        int farthest = -1;
        foreach (byte candidate in HostAbi.PoolXmm)
        {
            if ((lockedXmm & (1u << candidate)) != 0)
                continue;
            int owner = xmmOwner[candidate];
            if (owner == 0)
            {
                best = candidate;
                break;
            }

            int cost = values[owner].LastUse + (values[owner].Backing != Backing.None ? IrRegion.MaxInstructions : 0);
            if (cost > farthest)
            {
                farthest = cost;
                best = candidate;
            }
        }

        if (best < 0)
            throw new InvalidOperationException("all vector registers are locked");
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
        if (state.Hint != HostAbi.None && CanOverwriteV(state.Hint))
        {
            int guest = state.Hint;
            EvacuateV(guest, 0);
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
        if (state.Hint != HostAbi.None && CanOverwriteV(state.Hint) && !IsOperandInGuestV(state.Hint))
        {
            int guest = state.Hint;
            EvacuateV(guest, 0);
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

    // ---- Spills and the end of an instruction ----------------------------------------------------------------------

    private int AllocateSpill()
    {
        if (spillsInUse0 != ulong.MaxValue)
        {
            int slot = System.Numerics.BitOperations.TrailingZeroCount(~spillsInUse0);
            spillsInUse0 |= 1UL << slot;
            return slot;
        }

        if (spillsInUse1 == ulong.MaxValue)
            throw new InvalidOperationException("out of spill slots");
        int high = System.Numerics.BitOperations.TrailingZeroCount(~spillsInUse1);
        spillsInUse1 |= 1UL << high;
        return 64 + high;
    }

    private void FreeSpill(int slot)
    {
        if (slot < 64)
            spillsInUse0 &= ~(1UL << slot);
        else
            spillsInUse1 &= ~(1UL << (slot - 64));
    }

    /// <summary>Frees what the current instruction was the last to use.</summary>
    private void ReleaseOperands(in IrInst inst)
    {
        lockedGpr = 0;
        lockedXmm = 0;
        Release(inst.A);
        Release(inst.B);
        Release(inst.C);
        Release(inst.D);
        // A result that nobody uses must not keep its register.
        if (inst.Type != IrType.Void && values[current].LastUse == 0)
            ReleaseValue(current);
    }

    private void Release(int value)
    {
        if (value != 0 && values[value].LastUse <= current)
            ReleaseValue(value);
    }

    private void ReleaseValue(int value)
    {
        ref ValueState state = ref values[value];
        if (state.Register != HostAbi.None)
        {
            ushort[] owners = region[value].Type == IrType.V128 ? xmmOwner : gprOwner;
            if (owners[state.Register] == value)
                owners[state.Register] = 0;
            state.Register = HostAbi.None;
        }

        if (state.Backing == Backing.Spill)
        {
            FreeSpill(state.Index);
            state.Backing = Backing.None;
        }
    }

    private ulong ConstantOf(int value) => region[value].Type == IrType.I32 ? (uint)region[value].Imm : region[value].Imm;

    private bool IsConstant(int value) => region[value].Op == IrOp.Const;

    /// <summary>True where the value is a constant that fits a sign-extended 32-bit immediate of an operation of <paramref name="size"/> bytes.</summary>
    private bool TryImmediate(int value, int size, out int immediate)
    {
        immediate = 0;
        if (!IsConstant(value))
            return false;
        ulong constant = region[value].Imm;
        immediate = (int)constant;
        return size == 4 || (long)constant == immediate;
    }
}
