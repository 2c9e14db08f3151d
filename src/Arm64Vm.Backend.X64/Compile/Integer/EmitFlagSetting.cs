using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Arithmetic and comparisons that set the flags, unconditionally or by a condition.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>ADDS, SUBS, ANDS, BICS, ADCS, SBCS: the host's own flag-setting instruction.</summary>
    private void EmitFlagSetting(in IrInst inst, int size)
    {
        int flags = current + 1;
        bool wantsFlags = flags < region.Count && region[flags].Op == IrOp.FlagsOf && region[flags].A == current && values[flags].LastUse != 0;
        bool wantsValue = values[current].Uses > (flags < region.Count && region[flags].Op == IrOp.FlagsOf && region[flags].A == current ? 1 : 0);
        switch (inst.Op)
        {
            case IrOp.AddS:
                EmitCommutative(AluOp.Add, inst, size);
                SetHostFlags(wantsFlags, flags, FlagForm.Arm);
                break;
            case IrOp.SubS:
                ClobberFlags();
                if (wantsValue)
                    EmitTwoOperand(AluOp.Sub, inst, size);
                else
                    EmitCompare(inst, size);
                SetHostFlags(wantsFlags, flags, FlagForm.Borrow);
                break;
            case IrOp.AndS:
                ClobberFlags();
                if (wantsValue)
                    EmitCommutative(AluOp.And, inst, size);
                else
                    EmitTest(inst, size);
                SetHostFlags(wantsFlags, flags, FlagForm.Arm);
                break;
            case IrOp.AndNotS:
                EmitAndNot(inst, size);
                // ANDN sets S and Z and clears C and V as BICS does; the AND form with an immediate too.
                SetHostFlags(wantsFlags, flags, FlagForm.Arm);
                break;
            case IrOp.AdcS:
                UseCarry(inst.C);
                if (flagsForm == FlagForm.Borrow)
                    FlipCarry();
                ReleaseFlagsBeforeArithmetic(inst.C);
                EmitCarryArithmetic(AluOp.Adc, inst, size);
                SetHostFlags(wantsFlags, flags, FlagForm.Arm);
                break;
            default:
                UseCarry(inst.C);
                if (flagsForm == FlagForm.Arm)
                    FlipCarry();
                ReleaseFlagsBeforeArithmetic(inst.C);
                EmitCarryArithmetic(AluOp.Sbb, inst, size);
                SetHostFlags(wantsFlags, flags, FlagForm.Borrow);
                break;
        }
    }

    private void FlipCarry()
    {
        emit.Cmc();
        flagsForm = flagsForm == FlagForm.Borrow ? FlagForm.Arm : FlagForm.Borrow;
    }

    /// <summary>Saves a flags value that is consumed now but used again later; LAHF, SETO and MOV leave the host's carry as it is.</summary>
    private void ReleaseFlagsBeforeArithmetic(int value)
    {
        if (!LivesOn(value) || values[value].Backing != Backing.None)
            return;
        FlagForm wanted = flagsForm;
        SaveFlags(value);
        if (flagsForm != wanted)
            FlipCarry();
    }

    /// <summary>d := a op b with carry: moves only between the carry and its use.</summary>
    private void EmitCarryArithmetic(AluOp op, in IrInst inst, int size)
    {
        flagsOwner = 0;
        if (op == AluOp.Adc && !(IsConstant(inst.A) && IsConstant(inst.B)))
            EmitCommutativeOperands(op, inst, size);
        else
            EmitTwoOperand(op, inst, size);
    }

    private void SetHostFlags(bool wanted, int flags, FlagForm form)
    {
        flagsOwner = wanted ? flags : 0;
        flagsForm = form;
    }

    private void EmitCompare(in IrInst inst, int size)
    {
        if (TryImmediate(inst.B, size, out int immediate))
        {
            if (TryMemoryOperand(inst.A, out Mem memory))
                emit.Alu(AluOp.Cmp, size, memory, immediate);
            else
                emit.Alu(AluOp.Cmp, size, Use(inst.A), immediate);
            return;
        }

        Gpr a = Use(inst.A);
        AluWith(AluOp.Cmp, size, a, inst.B);
    }

    private void EmitTest(in IrInst inst, int size)
    {
        (int left, int right) = ConstantLast(inst);
        if (TryImmediate(right, size, out int immediate))
            emit.Test(size, Use(left), immediate);
        else
            emit.Test(size, Use(left), Use(right));
    }

    /// <summary>CCMP and CCMN: compare if the condition holds, else load constant flags; both paths end in the same form.</summary>
    private void EmitCondCompare(in IrInst inst)
    {
        int size = inst.Size;
        bool negative = inst.Op == IrOp.CondCompareNegative;
        FlagForm form = negative ? FlagForm.Arm : FlagForm.Borrow;
        // Operands first: loading them must not happen on one path only.
        Gpr a = Use(inst.A);
        bool immediateOperand = TryImmediate(inst.B, size, out int immediate);
        Gpr b = immediateOperand ? a : Use(inst.B);
        Condition condition = inst.Condition;
        if (IsAlways(condition))
        {
            ClobberFlags();
            EmitConditionalCompareOperation(negative, size, a, b, immediateOperand, immediate);
        }
        else
        {
            Label constant = BeginConditionalCompare(inst);
            EmitConditionalCompareOperation(negative, size, a, b, immediateOperand, immediate);
            EndConditionalCompare(inst, constant, form);
        }

        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = form;
    }

    /// <summary>Goes to the label where the condition does not hold.</summary>
    private Label BeginConditionalCompare(in IrInst inst)
    {
        UseFlags(inst.C);
        ReleaseFlagsBeforeArithmetic(inst.C);
        Cc cc = HostCondition(inst.Condition);
        Label constant = emit.NewLabel();
        emit.JccShort(cc.Invert(), constant);
        return constant;
    }

    /// <summary>The other path: the constant flags, in the form that the comparison leaves.</summary>
    private void EndConditionalCompare(in IrInst inst, Label constant, FlagForm form)
    {
        Label done = emit.NewLabel();
        emit.JmpShort(done);
        emit.Bind(constant);
        uint flags = HostFlags.FromGuest(GuestFlags.FromImmediate(inst.Imm & 15));
        if (form == FlagForm.Borrow)
            flags ^= HostFlags.C;
        emit.MovImm(Gpr.Rax, flags);
        LoadHostFlagsFromScratch();
        emit.Bind(done);
    }

    private void EmitConditionalCompareOperation(bool negative, int size, Gpr a, Gpr b, bool immediateOperand, int immediate)
    {
        if (!negative)
        {
            if (immediateOperand)
                emit.Alu(AluOp.Cmp, size, a, immediate);
            else
                emit.Alu(AluOp.Cmp, size, a, b);
            return;
        }

        emit.Mov(size, HostAbi.Scratch, a);
        if (immediateOperand)
            emit.Alu(AluOp.Add, size, HostAbi.Scratch, immediate);
        else
            emit.Alu(AluOp.Add, size, HostAbi.Scratch, b);
    }
}
