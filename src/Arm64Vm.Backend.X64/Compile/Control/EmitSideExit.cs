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
    }

    private readonly PendingLeave[] pendingLeaves = new PendingLeave[IrRegion.MaxBlocks];
    private int pendingLeaveCount;

    private void EmitSideExit(in IrInst inst)
    {
        bool flagsInHost = inst.Op == IrOp.LeaveCond && inst.A == inst.B;
        if (inst.B != 0 && !flagsInHost)
            EmitSetFlags(inst.B);
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

        SideExit exit = new(inst.Imm);
        bool stores = flagsInHost && inst.B != 0;
        if (regionMustReturn || regionMustPoll)
        {
            Label stay = emit.NewLabel();
            emit.Jcc(cc.Invert(), stay);
            EmitLeave(exit, stores, flagsForm, inst);
            emit.Bind(stay);
        }
        else if (CountsInstructions || stores)
        {
            ref PendingLeave leave = ref pendingLeaves[pendingLeaveCount++];
            leave = new PendingLeave { Entry = emit.NewLabel(), Exit = exit, StoresFlags = stores, Form = flagsForm };
            emit.Jcc(cc, leave.Entry);
        }
        else
        {
            Label link = emit.NewLabel();
            AddSite(exit.Target, emit.JccPatchable(cc, link), link);
        }
    }

    /// <summary>What happens where an exit is taken; the allocator's and the flags' state stays that of the other way.</summary>
    private void EmitLeave(SideExit exit, bool storesFlags, FlagForm form, in IrInst inst)
    {
        FlagForm kept = flagsForm;
        if (storesFlags)
        {
            flagsForm = form;
            StoreHostFlags(HostAbi.Field(HostContext.FlagsOffset));
        }

        if (CountsInstructions)
            emit.Alu(AluOp.Sub, 8, HostAbi.Field(GuestContext.InstructionsOffset), exit.Rest);
        EmitJump(inst, exit.Target);
        flagsForm = kept;
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
            EmitLeave(leave.Exit, leave.StoresFlags, leave.Form, default);
        }
    }
}
