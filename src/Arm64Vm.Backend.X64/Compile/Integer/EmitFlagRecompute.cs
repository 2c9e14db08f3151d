using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Flags that something overwrites before they are used: comparing again is one instruction, saving and restoring them six.</summary>
internal sealed partial class X64Compiler
{
    private enum Recomputation : byte
    {
        None,

        /// <summary>The comparison again: all flags.</summary>
        Compare,

        /// <summary>A test of the result: N and Z.</summary>
        Result,

        /// <summary>The comparison with a constant again, of the result plus the constant: all flags, where the first operand is gone.</summary>
        Sum,
    }

    /// <summary>How a flags value can be had again at the current instruction, for what uses it from here on.</summary>
    private Recomputation HowToRecompute(int flags)
    {
        if (region[flags].Op != IrOp.FlagsOf)
            return Recomputation.None;
        int producer = region[flags].A;
        ref IrInst inst = ref region[producer];
        if (inst.Op is IrOp.SubS or IrOp.AndS && IsAvailable(inst.A) && IsAvailable(inst.B))
            return Recomputation.Compare;
        bool hasResult = inst.Op is IrOp.AddS or IrOp.SubS or IrOp.AndS or IrOp.AndNotS && IsAvailable(producer);
        if (hasResult && OnlyResultIsUsed(flags))
            return Recomputation.Result;
        bool isDifference = hasResult && inst.Op == IrOp.SubS && TryImmediate(inst.B, inst.Type == IrType.I64 ? 8 : 4, out _);
        return isDifference ? Recomputation.Sum : Recomputation.None;
    }

    /// <summary>The value is somewhere, and not about to be overwritten by the result of the current instruction.</summary>
    private bool IsAvailable(int value)
    {
        ref ValueState state = ref values[value];
        if (state.Register != HostAbi.None)
            return gprOwner[state.Register] == value;
        return IsConstant(value) || state.Backing is Backing.GuestX or Backing.Spill;
    }

    /// <summary>All that uses a flags value from here on looks at N or Z alone.</summary>
    private bool OnlyResultIsUsed(int flags)
    {
        int last = values[flags].LastUse;
        for (int i = current; i <= last; i++)
        {
            ref IrInst inst = ref region[i];
            if (inst.A != flags && inst.B != flags && inst.C != flags && inst.D != flags)
                continue;
            bool byCondition = inst.Op is IrOp.BranchCond or IrOp.Select or IrOp.CondCompare or IrOp.CondCompareNegative || (inst.Op == IrOp.LeaveCond && inst.B != flags);
            if (!byCondition || inst.Condition is not (Condition.EQ or Condition.NE or Condition.MI or Condition.PL))
                return false;
        }

        return true;
    }

    /// <summary>Instead of saving flags: what they come from is kept as long as they are. False where that is not there any more.</summary>
    private bool TryRecomputeLater(int flags)
    {
        Recomputation how = HowToRecompute(flags);
        if (how == Recomputation.None)
            return false;
        KeepSources(flags, how, values[flags].LastUse);
        values[flags].Backing = Backing.Recompute;
        values[flags].Index = (byte)how;
        return true;
    }

    /// <summary>What flags are computed again from stays somewhere up to an instruction.</summary>
    private void KeepSources(int flags, Recomputation how, ushort use)
    {
        int producer = region[flags].A;
        if (how != Recomputation.Compare)
        {
            KeepUntil(producer, use);
            return;
        }

        KeepUntil(region[producer].A, use);
        KeepUntil(region[producer].B, use);
    }

    private void KeepUntil(int value, ushort use) => values[value].LastUse = Math.Max(values[value].LastUse, use);

    /// <summary>Computes flags again where that is possible, rather than to load them.</summary>
    private bool TryRecompute(int flags)
    {
        bool isKept = values[flags].Backing == Backing.Recompute;
        Recomputation how = isKept ? (Recomputation)values[flags].Index : HowToRecompute(flags);
        if (how == Recomputation.None)
            return false;
        int producer = region[flags].A;
        int size = region[producer].Type == IrType.I64 ? 8 : 4;
        flagsForm = FlagForm.Arm;
        if (how == Recomputation.Result)
        {
            EmitTestZero(producer, size);
        }
        else if (how == Recomputation.Sum)
        {
            _ = TryImmediate(region[producer].B, size, out int subtrahend);
            emit.Mov(size, HostAbi.Scratch, Use(producer));
            emit.Alu(AluOp.Add, size, HostAbi.Scratch, subtrahend);
            emit.Alu(AluOp.Cmp, size, HostAbi.Scratch, subtrahend);
            flagsForm = FlagForm.Borrow;
        }
        else if (region[producer].Op == IrOp.AndS)
        {
            EmitTest(region[producer], size);
        }
        else
        {
            EmitCompare(region[producer], size);
            flagsForm = FlagForm.Borrow;
        }

        flagsOwner = flags;
        return true;
    }
}
