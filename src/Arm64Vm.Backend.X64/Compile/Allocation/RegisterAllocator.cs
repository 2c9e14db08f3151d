using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Local register allocation: values live in pinned registers, pool registers, guest memory slots or spill slots.</summary>
/// <remarks>
/// One forward pass. Guest state is written at the instruction that writes it, so that at every exit the guest's registers
/// are exact without tables. The vocabulary: <c>Use</c> gives a register that holds a value and must not be changed,
/// <c>Define</c> a register to compute a result into, <c>Scratch</c> a register for the current instruction only.
/// </remarks>
internal sealed partial class X64Compiler
{
    /// <summary>In <see cref="gprOwner"/>: the register holds a probe window, which may be dropped at any time.</summary>
    private const ushort WindowOwner = ushort.MaxValue;

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
    private int blockStart;

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

    private void SetAlias(int value, Backing backing, int register)
    {
        ref ValueState state = ref values[value];
        state.Backing = backing;
        state.Index = (byte)register;
        ref ushort head = ref AliasesOf(backing, register);
        state.NextAlias = head;
        head = (ushort)value;
    }

    /// <summary>The first of the values that equal a guest register.</summary>
    private ref ushort AliasesOf(Backing backing, int register) => ref (backing == Backing.GuestX ? ref aliasX[register] : ref aliasV[register]);

    /// <summary>Guest register <paramref name="register"/> is about to change: values that equal its old content move to pool registers.</summary>
    private void Evacuate(Backing backing, int register, int except)
    {
        ref ushort head = ref AliasesOf(backing, register);
        int value = head;
        head = 0;
        while (value != 0)
        {
            ref ValueState state = ref values[value];
            int next = state.NextAlias;
            state.NextAlias = 0;
            if (value == except)
            {
                SetAlias(value, backing, register);
            }
            else
            {
                if (state.Register == HostAbi.None && LivesOn(value))
                {
                    if (backing == Backing.GuestX)
                        LoadToPool(value);
                    else
                        LoadVectorToPool(value);
                }

                state.Backing = Backing.None;
            }

            value = next;
        }
    }

    /// <summary>True where no value that is used later equals the old content of a guest register only.</summary>
    private bool CanOverwrite(Backing backing, int register)
    {
        for (int value = AliasesOf(backing, register); value != 0; value = values[value].NextAlias)
        {
            if (LivesOn(value) && values[value].Register == HostAbi.None)
                return false;
        }

        return true;
    }

    /// <summary>A pool register that is not locked: a free one, else that of the value with the farthest last use.</summary>
    private int ChoosePoolRegister(ReadOnlySpan<byte> pool, uint locked, ushort[] owners)
    {
        int best = -1;
        int farthest = -1;
        foreach (byte candidate in pool)
        {
            if ((locked & (1u << candidate)) != 0)
                continue;
            int owner = owners[candidate];
            if (owner == 0 || IsDead(owner))
                return candidate;

            // A value with a backing costs nothing to evict: prefer it over those that need a store, and over windows.
            int cost = owner == WindowOwner
                ? windows.In(candidate).NextUse
                : values[owner].LastUse + (values[owner].Backing != Backing.None ? IrRegion.MaxInstructions : 0);
            if (cost > farthest)
            {
                farthest = cost;
                best = candidate;
            }
        }

        return best >= 0 ? best : throw new InvalidOperationException("all pool registers are locked");
    }

    /// <summary>The owner of a register is a value that is not used any more.</summary>
    private bool IsDead(int owner) => owner != WindowOwner && values[owner].LastUse < current;

    private int AllocateSpill()
    {
        if (spillsInUse0 == ulong.MaxValue && spillsInUse1 == ulong.MaxValue)
            ReclaimSpills();
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

    /// <summary>Frees the slots of values that were kept longer than their last operand.</summary>
    private void ReclaimSpills()
    {
        for (int value = blockStart; value < current; value++)
        {
            ref ValueState state = ref values[value];
            if (state.Backing != Backing.Spill || state.LastUse >= current)
                continue;
            FreeSpill(state.Index);
            state.Backing = Backing.None;
        }
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
