using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>What the host's flags mean while they hold an Arm flags value.</summary>
internal enum FlagForm : byte
{
    /// <summary>CF is Arm's C (addition, logic, restored flags).</summary>
    Arm,

    /// <summary>CF is the inverse of Arm's C (subtraction).</summary>
    Borrow,

    /// <summary>Those of UCOMIS A, B after a floating-point comparison.</summary>
    FloatDirect,

    /// <summary>Those of UCOMIS B, A.</summary>
    FloatSwapped,
}

/// <summary>NZCV: kept in the host's flags as long as possible, saved with LAHF/SETO only where something overwrites them.</summary>
public sealed partial class X64Compiler
{
    private int flagsOwner;
    private FlagForm flagsForm;

    /// <summary>True where the host's flags hold a value that a later instruction uses.</summary>
    private bool FlagsAreLive => flagsOwner != 0 && LivesOn(flagsOwner);

    /// <summary>Called before the host's flags are overwritten; uses the scratch register.</summary>
    private void ClobberFlags()
    {
        if (flagsOwner == 0)
            return;
        if (LivesOn(flagsOwner) && values[flagsOwner].Backing == Backing.None)
        {
            ref ValueState state = ref values[flagsOwner];
            int slot = AllocateSpill();
            StoreHostFlags(HostAbi.Spill(slot));
            state.Backing = Backing.Spill;
            state.Index = (byte)slot;
        }

        flagsOwner = 0;
    }

    /// <summary>Stores the host's flags in the form of <see cref="GuestFlags"/>; they keep their meaning, in the Arm form.</summary>
    private void StoreHostFlags(Mem memory)
    {
        if (flagsForm >= FlagForm.FloatDirect)
            NormalizeFloatFlags(flagsForm);
        if (flagsForm == FlagForm.Borrow)
        {
            emit.Cmc();
            flagsForm = FlagForm.Arm;
        }

        emit.Lahf();
        emit.Setcc(Cc.O, Gpr.Rax);
        emit.Mov(4, memory, Gpr.Rax);
    }

    /// <summary>Loads flags that are in the scratch register (GuestFlags form) into the host's flags.</summary>
    private void LoadHostFlagsFromScratch()
    {
        // AL is 1 for V set: 1 + 0x7F overflows a signed byte, 0 + 0x7F does not. SAHF takes N, Z and C from AH.
        emit.Alu(AluOp.Add, 1, Gpr.Rax, 0x7F);
        emit.Sahf();
    }

    /// <summary>Makes the host's flags hold a flags value.</summary>
    private void UseFlags(int value)
    {
        if (flagsOwner == value)
            return;
        ClobberFlags();
        emit.Mov(4, Gpr.Rax, FlagsMemory(value));
        LoadHostFlagsFromScratch();
        flagsOwner = value;
        flagsForm = FlagForm.Arm;
    }

    private Mem FlagsMemory(int value)
    {
        ref ValueState state = ref values[value];
        return state.Backing switch
        {
            Backing.GuestFlags => HostAbi.Field(GuestContext.FlagsOffset),
            Backing.Spill => HostAbi.Spill(state.Index),
            _ => throw new InvalidOperationException($"flags %{value} are nowhere"),
        };
    }

    /// <summary>The host condition for an Arm condition on the host's current flags. May emit CMC.</summary>
    /// <remarks>
    /// <code>
    /// Arm   Borrow form   Arm form
    /// CS    ae            b
    /// CC    b             ae
    /// HI    a             (cmc) a
    /// LS    be            (cmc) be
    /// </code>
    /// All others do not look at C and are the same in both forms.
    /// </remarks>
    private Cc HostCondition(Condition condition)
    {
        if (flagsForm >= FlagForm.FloatDirect)
            return FloatHostCondition(condition);
        switch (condition)
        {
            case Condition.EQ: return Cc.E;
            case Condition.NE: return Cc.Ne;
            case Condition.CS: return flagsForm == FlagForm.Borrow ? Cc.Ae : Cc.B;
            case Condition.CC: return flagsForm == FlagForm.Borrow ? Cc.B : Cc.Ae;
            case Condition.MI: return Cc.S;
            case Condition.PL: return Cc.Ns;
            case Condition.VS: return Cc.O;
            case Condition.VC: return Cc.No;
            case Condition.GE: return Cc.Ge;
            case Condition.LT: return Cc.L;
            case Condition.GT: return Cc.G;
            case Condition.LE: return Cc.Le;
            default:
                if (flagsForm == FlagForm.Arm)
                {
                    emit.Cmc();
                    flagsForm = FlagForm.Borrow;
                }

                return condition == Condition.HI ? Cc.A : Cc.Be;
        }
    }

    private static bool IsAlways(Condition condition) => condition >= Condition.AL;

    private void EmitSetFlags(in IrInst inst)
    {
        int value = inst.A;
        if (flagsOwner == value)
        {
            DetachGuestFlags(value);
            StoreHostFlags(HostAbi.Field(GuestContext.FlagsOffset));
        }
        else if (values[value].Backing == Backing.GuestFlags)
        {
            return;
        }
        else
        {
            Mem source = FlagsMemory(value);
            DetachGuestFlags(value);
            emit.Mov(4, Gpr.Rax, source);
            emit.Mov(4, HostAbi.Field(GuestContext.FlagsOffset), Gpr.Rax);
        }

        if (values[value].Backing == Backing.Spill)
            FreeSpill(values[value].Index);
        values[value].Backing = Backing.GuestFlags;
        guestFlagsValue = value;
    }

    private int guestFlagsValue;

    /// <summary>The stored NZCV is about to change: a value that equals the old one and is used later is saved elsewhere.</summary>
    private void DetachGuestFlags(int except)
    {
        // Values that equal the stored flags: those read by GetFlags since the last SetFlags, and the last one set.
        for (int i = 0; i < guestFlagReaderCount; i++)
            MoveGuestFlagsToSpill(guestFlagReaders[i], except);
        guestFlagReaderCount = 0;
        MoveGuestFlagsToSpill(guestFlagsValue, except);
        guestFlagsValue = 0;
    }

    private readonly int[] guestFlagReaders = new int[16];
    private int guestFlagReaderCount;

    private void EmitGetFlags()
    {
        values[current].Backing = Backing.GuestFlags;
        if (guestFlagReaderCount < guestFlagReaders.Length)
        {
            guestFlagReaders[guestFlagReaderCount++] = current;
            return;
        }

        // More simultaneous readers than are tracked: give this one a copy of its own.
        values[current].Backing = Backing.None;
        CopyGuestFlagsToSpill(current);
    }

    private void MoveGuestFlagsToSpill(int value, int except)
    {
        if (value == 0 || value == except || !LivesOn(value) || values[value].Backing != Backing.GuestFlags)
            return;
        CopyGuestFlagsToSpill(value);
    }

    private void CopyGuestFlagsToSpill(int value)
    {
        int slot = AllocateSpill();
        // MOV only: the host's flags stay.
        Gpr t = AllocateGpr();
        emit.Mov(4, t, HostAbi.Field(GuestContext.FlagsOffset));
        emit.Mov(4, HostAbi.Spill(slot), t);
        values[value].Backing = Backing.Spill;
        values[value].Index = (byte)slot;
    }

    /// <summary>ADDS, SUBS, ANDS, BICS, ADCS, SBCS: the host's own flag-setting instruction.</summary>
    private void EmitFlagSetting(in IrInst inst, int size)
    {
        int flags = current + 1;
        bool wantsFlags = flags < region.Count && region[flags].Op == IrOp.FlagsOf && region[flags].A == current && values[flags].LastUse != 0;
        bool wantsValue = values[current].Uses > (flags < region.Count && region[flags].Op == IrOp.FlagsOf && region[flags].A == current ? 1 : 0);
        switch (inst.Op)
        {
            case IrOp.AddS:
                ClobberFlags();
                if (IsConstant(inst.A))
                    EmitAddSwapped(inst, size);
                else
                    EmitCommutativeUnclobbered(AluOp.Add, inst, size);
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
                    EmitCommutativeUnclobbered(AluOp.And, inst, size);
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
                UseFlags(inst.C);
                if (flagsForm == FlagForm.Borrow)
                    FlipCarry();
                ReleaseFlagsBeforeArithmetic(inst.C);
                EmitCarryArithmetic(AluOp.Adc, inst, size);
                SetHostFlags(wantsFlags, flags, FlagForm.Arm);
                break;
            default:
                UseFlags(inst.C);
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
        int slot = AllocateSpill();
        StoreHostFlags(HostAbi.Spill(slot));
        values[value].Backing = Backing.Spill;
        values[value].Index = (byte)slot;
        if (flagsForm != wanted)
            FlipCarry();
    }

    /// <summary>d := a op b with carry: moves only between the carry and its use.</summary>
    private void EmitCarryArithmetic(AluOp op, in IrInst inst, int size)
    {
        flagsOwner = 0;
        Gpr b = OperandRegister(inst.B, size);
        Gpr a = Use(inst.A);
        Gpr d = Define(current, inst.A);
        if (d == b && d != a)
        {
            emit.Mov(size, HostAbi.Scratch, a);
            emit.Alu(op, size, HostAbi.Scratch, b);
            emit.Mov(size, d, HostAbi.Scratch);
            return;
        }

        MoveIfDifferent(size, d, a);
        AluByRegister(op, size, d, b, inst.B);
    }

    private void SetHostFlags(bool wanted, int flags, FlagForm form)
    {
        flagsOwner = wanted ? flags : 0;
        flagsForm = form;
    }

    private void EmitAddSwapped(in IrInst inst, int size)
    {
        IrInst swapped = inst;
        (swapped.A, swapped.B) = (inst.B, inst.A);
        EmitCommutativeUnclobbered(AluOp.Add, swapped, size);
    }

    private void EmitCommutativeUnclobbered(AluOp op, in IrInst inst, int size)
    {
        flagsOwner = 0;
        EmitCommutative(op, inst, size);
    }

    private void EmitCompare(in IrInst inst, int size)
    {
        if (TryImmediate(inst.B, size, out int immediate))
        {
            if (values[inst.A].Uses == 1 && TryMemory(inst.A, out Mem memory))
                emit.Alu(AluOp.Cmp, size, memory, immediate);
            else if (immediate == 0)
                emit.Alu(AluOp.Cmp, size, Use(inst.A), 0);
            else
                emit.Alu(AluOp.Cmp, size, Use(inst.A), immediate);
            return;
        }

        Gpr a = Use(inst.A);
        AluWith(AluOp.Cmp, size, a, inst.B);
    }

    private void EmitTest(in IrInst inst, int size)
    {
        int left = inst.A;
        int right = inst.B;
        if (IsConstant(left))
            (left, right) = (right, left);
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
            UseFlags(inst.C);
            ReleaseFlagsBeforeArithmetic(inst.C);
            Cc cc = HostCondition(condition);
            Label constant = emit.NewLabel();
            Label done = emit.NewLabel();
            emit.JccShort(cc.Invert(), constant);
            EmitConditionalCompareOperation(negative, size, a, b, immediateOperand, immediate);
            emit.JmpShort(done);
            emit.Bind(constant);
            uint flags = GuestFlags.FromNzcv((uint)(inst.Imm & 15) << 28);
            if (form == FlagForm.Borrow)
                flags ^= GuestFlags.C;
            emit.MovImm(Gpr.Rax, flags);
            LoadHostFlagsFromScratch();
            emit.Bind(done);
        }

        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = form;
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

    private void EmitSelect(in IrInst inst, int size)
    {
        if (inst.Type == IrType.V128)
        {
            EmitVectorSelect(inst);
            return;
        }

        Condition condition = inst.Condition;
        if (IsAlways(condition))
        {
            Gpr always = Use(inst.A);
            Gpr to = Define(current, inst.A);
            MoveIfDifferent(size, to, always);
            if (to == always)
                emit.Mov(size, to, always);
            return;
        }

        bool isSet = IsConstant(inst.A) && IsConstant(inst.B) && ConstantOf(inst.A) <= 1 && ConstantOf(inst.A) + ConstantOf(inst.B) == 1;
        if (isSet)
        {
            UseFlags(inst.C);
            Cc cc = HostCondition(condition);
            Gpr flag = Define(current);
            emit.Setcc(ConstantOf(inst.A) == 1 ? cc : cc.Invert(), HostAbi.Scratch);
            emit.Movzx(1, flag, HostAbi.Scratch);
            return;
        }

        // MOV, not XOR: loading operands must keep the flags.
        Gpr a = Use(inst.A);
        Gpr b = Use(inst.B);
        UseFlags(inst.C);
        Cc host = HostCondition(condition);
        Gpr d = Define(current, inst.B);
        if (d == a && d != b)
        {
            emit.Cmov(host.Invert(), size, d, b);
            return;
        }

        MoveIfDifferent(size, d, b);
        emit.Cmov(host, size, d, a);
    }

    private void EmitVectorSelect(in IrInst inst)
    {
        Xmm a = UseV(inst.A);
        Xmm b = UseV(inst.B);
        Condition condition = inst.Condition;
        if (IsAlways(condition))
        {
            emit.Vex(V.Movaps, DefineV(current, inst.A), a);
            return;
        }

        UseFlags(inst.C);
        Cc cc = HostCondition(condition);
        Xmm d = DefineV(current);
        Label done = emit.NewLabel();
        if (d == a)
        {
            emit.JccShort(cc, done);
            emit.Vex(V.Movaps, d, b);
        }
        else
        {
            if (d != b)
                emit.Vex(V.Movaps, d, b);
            emit.JccShort(cc.Invert(), done);
            emit.Vex(V.Movaps, d, a);
        }

        emit.Bind(done);
    }

    private void EmitFlagsToNzcv(in IrInst inst)
    {
        int value = inst.A;
        if (flagsOwner == value)
        {
            if (flagsForm == FlagForm.Borrow)
                FlipCarry();
            emit.Lahf();
            emit.Setcc(Cc.O, Gpr.Rax);
        }
        else
        {
            emit.Mov(4, Gpr.Rax, FlagsMemory(value));
        }

        // Gather bits 15, 14, 8 and 0 into a nibble: N Z C V.
        Gpr mask = ScratchGpr();
        Gpr d = Define(current);
        ClobberFlags();
        emit.MovImm(mask, GuestFlags.N | GuestFlags.Z | GuestFlags.C | GuestFlags.V);
        emit.Pext(4, d, Gpr.Rax, mask);
        emit.Shift(ShiftOp.Shl, 4, d, 28);
    }

    private void EmitFlagsFromNzcv(in IrInst inst)
    {
        ClobberFlags();
        Gpr a = Use(inst.A);
        Gpr mask = ScratchGpr();
        emit.Mov(4, Gpr.Rax, a);
        emit.Shift(ShiftOp.Shr, 4, Gpr.Rax, 28);
        emit.MovImm(mask, GuestFlags.N | GuestFlags.Z | GuestFlags.C | GuestFlags.V);
        emit.Pdep(4, Gpr.Rax, Gpr.Rax, mask);
        LoadHostFlagsFromScratch();
        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = FlagForm.Arm;
    }
}
