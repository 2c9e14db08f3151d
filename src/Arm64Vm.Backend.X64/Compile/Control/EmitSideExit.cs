using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Side exits: one conditional jump on the hot path, everything else behind it.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>The way out of a side exit that has something to do before it jumps.</summary>
    private struct PendingLeave
    {
        public Label Entry;
        public SideExit Exit;

        /// <summary>The host's flags hold what is to be stored in NZCV, in this form.</summary>
        public bool StoresFlags;
        public FlagForm Form;

        /// <summary>What is to be stored in NZCV otherwise, if anything.</summary>
        public StaleFlags Stale;
    }

    private readonly PendingLeave[] pendingLeaves = new PendingLeave[IrRegion.MaxBlocks];
    private int pendingLeaveCount;

    private void EmitSideExit(in IrInst inst)
    {
        bool flagsInHost = inst.Op == IrOp.LeaveCond && inst.A == inst.B;
        staleFlags = 0;
        if (!flagsInHost && inst.B != 0)
        {
            // Where accesses behind the exit want them too, what they came from would have to be kept for those as well.
            if (LivesOn(inst.B))
                EmitSetFlags(inst.B);
            else
                BeginStaleFlags(inst.B);
        }

        Cc cc;
        switch (inst.Op)
        {
            case IrOp.LeaveCond:
                UseFlags(inst.A);
                cc = HostCondition(inst.Condition);
                break;
            case IrOp.LeaveZero or IrOp.LeaveNonZero:
                ClobberFlags();
                EmitTestZero(inst.A, inst.Size);
                cc = inst.Op == IrOp.LeaveZero ? Cc.E : Cc.Ne;
                break;
            default:
                ClobberFlags();
                EmitTestBit(inst.A, inst.Aux);
                cc = BitCondition(SideExit.Branch(inst.Op), inst.Aux);
                break;
        }

        PendingLeave leave = new() { Entry = emit.NewLabel(), Exit = new SideExit(inst.Imm), StoresFlags = flagsInHost && inst.B != 0, Form = flagsForm, Stale = FindStaleFlags() };
        staleFlags = 0;
        if (regionMustReturn || regionMustPoll)
        {
            Label stay = emit.NewLabel();
            emit.Jcc(cc.Invert(), stay);
            EmitLeave(leave, inst);
            emit.Bind(stay);
        }
        else if (CountsInstructions || leave.StoresFlags || leave.Stale.Size != 0)
        {
            emit.Jcc(cc, leave.Entry);
            pendingLeaves[pendingLeaveCount++] = leave;
        }
        else
        {
            AddSite(leave.Exit.Target, emit.JccPatchable(cc, leave.Entry), leave.Entry);
        }
    }

    /// <summary>What happens where an exit is taken; the allocator's and the flags' state stays that of the other way.</summary>
    private void EmitLeave(in PendingLeave leave, in IrInst inst)
    {
        SideExit exit = leave.Exit;
        (FlagForm kept, int counted) = (flagsForm, flagStoreCount);
        if (leave.StoresFlags)
        {
            flagsForm = leave.Form;
            StoreHostFlags(HostAbi.Field(HostContext.FlagsOffset));
        }

        EmitStaleFlags(leave.Stale, keepsScratch: false);

        if (CountsInstructions)
            emit.Alu(AluOp.Sub, 8, HostAbi.Field(GuestContext.InstructionsOffset), exit.Rest);
        EmitJump(inst, exit.Target);

        // Stores are counted for those who come to the end of the unit.
        (flagsForm, flagStoreCount) = (kept, counted);
    }

    private void EmitLeaves()
    {
        // Where the mode had changed before an exit, that exit is not among these.
        if (pendingLeaveCount != 0)
            regionMustReturn = regionMustPoll = false;
        for (int i = 0; i < pendingLeaveCount; i++)
        {
            ref PendingLeave leave = ref pendingLeaves[i];
            emit.Bind(leave.Entry);
            EmitLeave(leave, default);
        }
    }
}
