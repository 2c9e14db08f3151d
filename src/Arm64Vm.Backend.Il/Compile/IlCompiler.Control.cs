using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>How blocks end: jumps inside the region, the next unit's slot, the jump cache, and exits.</summary>
/// <remarks>
/// The method returns the unit to go on with to the executor's loop, so the stack does not grow. A slot for another page holds for one mapping
/// of the page jumped from, named by its address and context.
/// </remarks>
internal sealed partial class IlCompiler
{
    private readonly List<int> returnSites = [];

    private void CompileTerminator(in IrInst inst)
    {
        int low = (int)inst.Imm, high = (int)(inst.Imm >> 32);
        switch (inst.Op)
        {
            case IrOp.Jump or IrOp.Call:
                EmitJump(inst, low);
                break;
            case >= IrOp.BranchCond and <= IrOp.BranchBitSet:
                PushDecision(inst, inst.Op);
                EmitBranch(inst, low, high);
                break;
            case IrOp.CallRegister or IrOp.JumpRegister or IrOp.Return:
                EmitIndirect(inst);
                break;
            default:
                EmitExit(inst);
                break;
        }
    }

    /// <summary>Pushes not zero where a conditional branch is taken.</summary>
    private void PushDecision(in IrInst inst, IrOp branch)
    {
        switch (branch)
        {
            case IrOp.BranchCond:
                PushCondition(inst.A, inst.Condition);
                break;
            case IrOp.BranchZero or IrOp.BranchNonZero:
                PushTested(inst);
                PushConstant(inst.Size == 8, 0);
                il.Emit(branch == IrOp.BranchZero ? OpCodes.Ceq : OpCodes.Cgt_Un);
                break;
            default:
                EmitTestBit(inst, branch);
                break;
        }
    }

    /// <summary>A branch forward out of the middle of a block. Flags that only its target needs are stored here.</summary>
    private void CompileSideExit(in IrInst inst)
    {
        SideExit exit = new(inst.Imm);
        int block = FindBlock(region.Blocks, exit.Target);
        PushDecision(inst, SideExit.Branch(inst.Op));
        if (inst.B == 0 && block >= 0 && !mustReturn && mode is { StepsUnits: false, CountsInstructions: false })
        {
            il.Emit(OpCodes.Brtrue, blockLabels[block]);
            return;
        }

        IlLabel stay = il.DefineLabel();
        il.Emit(OpCodes.Brfalse, stay);
        if (inst.B != 0)
            StoreFlags(inst.B);
        if (mode.CountsInstructions)
            AddToField(GuestContext.InstructionsOffset, -exit.Rest);
        EmitJump(inst, exit.Target);
        il.MarkLabel(stay);
    }

    private void PushTested(in IrInst inst)
    {
        if (inst.Size == 8)
            PushWide(inst.A);
        else
            PushNarrow(inst.A);
    }

    private void EmitTestBit(in IrInst inst, IrOp branch)
    {
        bool wide = region[inst.A].Type == IrType.I64;
        Push(inst.A);
        PushConstant(wide, 1UL << inst.Aux);
        il.Emit(OpCodes.And);
        PushConstant(wide, 0);
        il.Emit(branch == IrOp.BranchBitClear ? OpCodes.Ceq : OpCodes.Cgt_Un);
    }

    /// <summary>Goes to one of two places by the number on the stack.</summary>
    private void EmitBranch(in IrInst inst, int taken, int otherwise)
    {
        IlLabel yes = il.DefineLabel();
        int block = FindBlock(region.Blocks, taken);
        if (!mustReturn && !mode.StepsUnits && block >= 0 && taken > inst.Pc)
        {
            il.Emit(OpCodes.Brtrue, blockLabels[block]);
            EmitJump(inst, otherwise);
            return;
        }

        il.Emit(OpCodes.Brtrue, yes);
        EmitJump(inst, otherwise);
        il.MarkLabel(yes);
        EmitJump(inst, taken);
    }

    private void EmitJump(in IrInst inst, int target)
    {
        if (mustReturn || mode.StepsUnits)
        {
            Leave(ExitReason.Lookup, target);
            return;
        }

        if (target <= inst.Pc)
            EmitPoll(target);
        int block = FindBlock(region.Blocks, target);
        if (block >= 0)
            il.Emit(OpCodes.Br, blockLabels[block]);
        else
            EmitLink(target);
    }

    /// <summary>Leaves if a request waits, or if the code of this unit is no longer that of the guest: on every backward jump.</summary>
    private void EmitPoll(int target)
    {
        IlLabel leave = il.DefineLabel();
        PushField(GuestContext.PollOffset);
        il.Emit(OpCodes.Volatile);
        il.Emit(OpCodes.Ldind_U4);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Volatile);
        il.Emit(OpCodes.Ldfld, Methods.Stale);
        il.Emit(OpCodes.Or);
        il.Emit(OpCodes.Brtrue, leave);
        cold.Add(() =>
        {
            il.MarkLabel(leave);
            Leave(ExitReason.Poll, target);
        });
    }

    /// <summary>Goes to the unit in this jump's slot.</summary>
    private void EmitLink(int target)
    {
        int site = jumps.Count;
        jumps.Add(target);
        IlLabel unlinked = il.DefineLabel();
        bool crosses = (uint)target >= 4096;
        IlLocal next = TakeLocal(typeof(IlUnit));
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, Methods.Targets);
        il.Emit(OpCodes.Ldc_I4, site);
        il.Emit(OpCodes.Ldelem_Ref);
        il.Emit(OpCodes.Stloc, next);
        il.Emit(OpCodes.Ldloc, next);
        il.Emit(OpCodes.Brfalse, unlinked);
        if (crosses)
        {
            PushField(GuestContext.PcPageOffset);
            il.Emit(OpCodes.Ldind_I8);
            PushField(GuestContext.ContextTagOffset);
            il.Emit(OpCodes.Ldind_I8);
            il.Emit(OpCodes.Xor);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, Methods.Guards);
            il.Emit(OpCodes.Ldc_I4, site);
            il.Emit(OpCodes.Ldelem_I8);
            il.Emit(OpCodes.Bne_Un, unlinked);
            AddToField(GuestContext.PcPageOffset, target & ~4095);
        }

        il.Emit(OpCodes.Ldloc, next);
        il.Emit(OpCodes.Ret);
        FreeLocal(next);
        cold.Add(() =>
        {
            il.MarkLabel(unlinked);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, site);
            il.Emit(OpCodes.Ldc_I4, target);
            Call(Methods.Link);
            il.Emit(OpCodes.Ret);
        });
    }

    private void AddToField(int offset, long delta)
    {
        PushField(offset);
        il.Emit(OpCodes.Dup);
        il.Emit(OpCodes.Ldind_I8);
        il.Emit(OpCodes.Ldc_I8, delta);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stind_I8);
    }

    private void EmitIndirect(in IrInst inst)
    {
        bool leaves = mustReturn || mode.StepsUnits;
        if (!leaves && inst.Op == IrOp.Return)
            EmitReturnsInside(inst);
        if (!leaves)
            il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        Push(inst.A);
        il.Emit(OpCodes.Ldc_I4, inst.Op == IrOp.Return ? 0 : (int)inst.Aux);
        Call(leaves ? Methods.IndirectMiss : Methods.Indirect);
        il.Emit(OpCodes.Ret);
    }

    /// <summary>Returns to behind calls of this region stay inside, so that a function which calls itself does.</summary>
    private void EmitReturnsInside(in IrInst inst)
    {
        if (returnSites.Count == 0)
            return;
        IlLocal delta = TakeLocal(typeof(ulong));
        PushWide(inst.A);
        PushField(GuestContext.PcPageOffset);
        il.Emit(OpCodes.Ldind_I8);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Stloc, delta);
        foreach (int site in returnSites)
        {
            IlLabel other = il.DefineLabel();
            il.Emit(OpCodes.Ldloc, delta);
            il.Emit(OpCodes.Ldc_I8, (long)site);
            il.Emit(OpCodes.Bne_Un, other);
            EmitPoll(site);
            il.Emit(OpCodes.Br, blockLabels[FindBlock(region.Blocks, site)]);
            il.MarkLabel(other);
        }

        FreeLocal(delta);
    }

    /// <summary>Finds the blocks behind calls.</summary>
    private void PrepareReturns()
    {
        const int Most = 6;
        returnSites.Clear();
        foreach (ref readonly IrBlock block in region.Blocks)
        {
            ref IrInst last = ref region[block.End - 1];
            int site = (int)(last.Imm >> 32);
            if (last.Op == IrOp.Call && returnSites.Count < Most && FindBlock(region.Blocks, site) >= 0 && !returnSites.Contains(site))
                returnSites.Add(site);
        }
    }

    private void EmitExit(in IrInst inst) =>
        Leave((ExitReason)inst.Aux, inst.Pc + (inst.Op == IrOp.ExitAfter ? 4 : 0), inst.Imm, inst.A);

    private void Leave(ExitReason reason, int pcDelta, ulong payload = 0, int value = 0)
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, (int)reason);
        il.Emit(OpCodes.Ldc_I4, pcDelta);
        il.Emit(OpCodes.Ldc_I8, (long)payload);
        if (value != 0)
            Push(value);
        else
            il.Emit(OpCodes.Ldc_I8, 0L);
        Call(Methods.Leave);
        il.Emit(OpCodes.Ret);
    }
}
