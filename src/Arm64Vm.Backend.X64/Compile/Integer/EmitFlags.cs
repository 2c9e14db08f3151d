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
internal sealed partial class X64Compiler
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
            SaveFlags(flagsOwner);
        flagsOwner = 0;
    }

    /// <summary>Saves the flags that the host's hold in a spill slot: all of them, or C alone where nothing else of them is used, which one instruction does.</summary>
    private void SaveFlags(int value)
    {
        if (TryRecomputeLater(value))
            return;
        int slot = AllocateSpill();
        if (flagsForm < FlagForm.FloatDirect && OnlyCarryIsUsed(value))
            emit.Setcc(flagsForm == FlagForm.Borrow ? Cc.Ae : Cc.B, HostAbi.Field(HostContext.SpillOffset + (slot * 16) + (HostFlags.CarryBit / 8)));
        else
            StoreHostFlags(HostAbi.Spill(slot));
        values[value].Backing = Backing.Spill;
        values[value].Index = (byte)slot;
    }

    /// <summary>All that uses a flags value from here on are additions and subtractions with carry.</summary>
    private bool OnlyCarryIsUsed(int value)
    {
        int last = values[value].LastUse;
        for (int i = current; i <= last; i++)
        {
            ref IrInst inst = ref region[i];
            bool uses = inst.A == value || inst.B == value || inst.C == value || inst.D == value;
            if (uses && inst.Op is not (IrOp.AdcS or IrOp.SbcS))
                return false;
        }

        return true;
    }

    /// <summary>Makes the host's carry that of a flags value; the other flags only where the host's hold the value already.</summary>
    private void UseCarry(int value)
    {
        if (flagsOwner == value)
            return;
        if (values[value].Backing == Backing.Recompute)
        {
            UseFlags(value);
            return;
        }

        ClobberFlags();
        emit.Bt(4, FlagsMemory(value), HostFlags.CarryBit);
        flagsOwner = value;
        flagsForm = FlagForm.Arm;
    }

    /// <summary>Stores the host's flags in the form of <see cref="HostFlags"/>; they keep their meaning, in the Arm form.</summary>
    private void StoreHostFlags(Mem memory)
    {
        flagStoreCount++;
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

    /// <summary>Loads flags that are in the scratch register (HostFlags form) into the host's flags.</summary>
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
        if (TryRecompute(value))
            return;
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
            Backing.GuestFlags => HostAbi.Field(HostContext.FlagsOffset),
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

    /// <summary>The stored NZCV := a flags value.</summary>
    private void EmitSetFlags(int value)
    {
        if (values[value].Backing == Backing.Recompute)
            UseFlags(value);
        if (flagsOwner == value)
        {
            DetachGuestFlags(value);
            StoreHostFlags(HostAbi.Field(HostContext.FlagsOffset));
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
            emit.Mov(4, HostAbi.Field(HostContext.FlagsOffset), Gpr.Rax);
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
        emit.Mov(4, t, HostAbi.Field(HostContext.FlagsOffset));
        emit.Mov(4, HostAbi.Spill(slot), t);
        values[value].Backing = Backing.Spill;
        values[value].Index = (byte)slot;
    }

    private void EmitFlagsToNzcv(in IrInst inst)
    {
        int value = inst.A;
        if (values[value].Backing == Backing.Recompute)
            UseFlags(value);
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
        emit.MovImm(mask, HostFlags.N | HostFlags.Z | HostFlags.C | HostFlags.V);
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
        emit.MovImm(mask, HostFlags.N | HostFlags.Z | HostFlags.C | HostFlags.V);
        emit.Pdep(4, Gpr.Rax, Gpr.Rax, mask);
        LoadHostFlagsFromScratch();
        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = FlagForm.Arm;
    }
}
