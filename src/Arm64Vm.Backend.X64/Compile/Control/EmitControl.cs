using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>How units end: linked jumps, calls and returns paired on the return stack, the jump cache, and exits.</summary>
public sealed partial class X64Compiler
{
    /// <summary>The unit changed the processor's mode: whatever follows must be looked up by the run loop.</summary>
    private bool regionMustReturn;

    /// <summary>The region may have unmasked interrupts: its jump looks for waiting requests and pending interrupts.</summary>
    private bool regionMustPoll;

    private void CompileTerminator(in IrInst inst)
    {
        int low = (int)inst.Imm;
        int high = (int)(inst.Imm >> 32);
        switch (inst.Op)
        {
            case IrOp.Jump:
                EmitJump(inst, low);
                break;
            case IrOp.BranchCond:
                if (IsAlways(inst.Condition))
                {
                    EmitJump(inst, low);
                    break;
                }

                UseFlags(inst.A);
                EmitBranch(inst, HostCondition(inst.Condition), low, high);
                break;
            case IrOp.BranchZero:
            case IrOp.BranchNonZero:
                EmitTestZero(inst.A, inst.Size);
                EmitBranch(inst, inst.Op == IrOp.BranchZero ? Cc.E : Cc.Ne, low, high);
                break;
            case IrOp.BranchBitClear:
            case IrOp.BranchBitSet:
                EmitTestBit(inst.A, inst.Aux);
                EmitBranch(inst, BitCondition(inst.Op, inst.Aux), low, high);
                break;
            case IrOp.Call:
                EmitCall(inst, low, high);
                break;
            case IrOp.CallRegister:
                emit.Mov(8, Gpr.Rax, Use(inst.A));
                EmitIndirect(inst, isCall: true);
                EmitReturnPoint(inst, high);
                break;
            case IrOp.JumpRegister:
                emit.Mov(8, Gpr.Rax, Use(inst.A));
                EmitIndirect(inst, isCall: false);
                break;
            case IrOp.Return:
                EmitReturn(inst);
                break;
            case IrOp.Exit:
                EmitExit((ExitReason)inst.Aux, inst.Pc, inst.Imm, inst.A);
                break;
            default:
                EmitExit((ExitReason)inst.Aux, inst.Pc + 4, inst.Imm, inst.A);
                break;
        }
    }

    private void EmitTestZero(int value, int size)
    {
        if (TryMemory(value, out Mem memory))
        {
            emit.Alu(AluOp.Cmp, size, memory, 0);
            return;
        }

        Gpr register = Use(value);
        emit.Test(size, register, register);
    }

    private void EmitTestBit(int value, int bit)
    {
        if (TryMemory(value, out Mem memory))
        {
            emit.Mov(8, Gpr.Rax, memory);
            TestBit(Gpr.Rax, bit);
            return;
        }

        TestBit(Use(value), bit);
    }

    private void TestBit(Gpr register, int bit)
    {
        if (bit < 31)
            emit.Test(4, register, 1 << bit);
        else
            emit.Bt(8, register, bit);
    }

    /// <summary>TEST answers in ZF, BT in CF.</summary>
    private static Cc BitCondition(IrOp op, int bit)
    {
        bool set = op == IrOp.BranchBitSet;
        return bit < 31 ? (set ? Cc.Ne : Cc.E) : (set ? Cc.B : Cc.Ae);
    }

    private void EmitBranch(in IrInst inst, Cc cc, int taken, int fallThrough)
    {
        if (!regionMustReturn && IsPlainForward(inst, taken))
        {
            EmitConditionalLink(cc, taken);
        }
        else
        {
            Label skip = emit.NewLabel();
            emit.Jcc(cc.Invert(), skip);
            EmitJump(inst, taken);
            emit.Bind(skip);
        }

        EmitJump(inst, fallThrough);
    }

    private static bool IsSamePage(int target) => (uint)target < 4096;

    private static bool IsPlainForward(in IrInst inst, int target) => IsSamePage(target) && target > inst.Pc;

    private bool TryFindBlock(int target, out Label label)
    {
        ReadOnlySpan<IrBlock> blocks = region.Blocks;
        for (int i = 0; i < blocks.Length; i++)
        {
            if (blocks[i].GuestOffset == target)
            {
                label = blockLabels[i];
                return true;
            }
        }

        label = default;
        return false;
    }

    private void EmitConditionalLink(Cc cc, int target)
    {
        if (TryFindBlock(target, out Label label))
        {
            emit.Jcc(cc, label);
            return;
        }

        Label link = emit.NewLabel();
        int field = emit.JccPatchable(cc, link);
        AddSite(LinkKind.SamePage, target, field, link);
    }

    /// <summary>Continues at an offset from the unit's page.</summary>
    private void EmitJump(in IrInst inst, int target)
    {
        if (regionMustReturn)
        {
            EmitExit(ExitReason.Lookup, target, 0, 0);
            return;
        }

        if (target <= inst.Pc || regionMustPoll)
            EmitPoll(target);
        if (TryFindBlock(target, out Label label))
        {
            emit.Jmp(label);
            return;
        }

        Label link = emit.NewLabel();
        if (IsSamePage(target))
        {
            AddSite(LinkKind.SamePage, target, emit.JmpPatchable(link), link);
            return;
        }

        int site = EmitCrossPageGuard(target, link);
        pendingSites[site].Field = emit.JmpPatchable(link);
    }

    /// <summary>Leaves if a request waits: on every backward jump, so that no loop can lock out the run loop.</summary>
    private void EmitPoll(int target)
    {
        Label cold = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.PollOffset), 0);
        emit.Jcc(Cc.Ne, cold);
        if (regionMustPoll)
        {
            emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.PendingInterruptsOffset), 0);
            emit.Jcc(Cc.Ne, cold);
        }

        pendingPolls[pendingPollCount++] = new PendingPoll { Entry = cold, Target = target };
    }

    /// <summary>
    /// Guards a jump to another page: the link holds for one mapping of the unit's page, named by PcTag. Moves PcPage and PcTag on.
    /// </summary>
    private int EmitCrossPageGuard(int target, Label link)
    {
        int pageDelta = target & ~PageMask;
        Label tag = emit.NewLabel();
        Label miss = emit.NewLabel();
        emit.Mov(8, Gpr.Rax, HostAbi.Field(GuestContext.PcTagOffset));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, Mem.Rip(tag));
        int missField = emit.JccPatchable(Cc.Ne, link);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, pageDelta);
        emit.Mov(8, HostAbi.Field(GuestContext.PcTagOffset), Gpr.Rax);
        emit.Alu(AluOp.Add, 8, HostAbi.Field(GuestContext.PcPageOffset), pageDelta);
        int site = AddSite(LinkKind.CrossPage, target, 0, link);
        pendingSites[site].MissField = missField;
        pendingSites[site].Tag = tag;
        pendingSites[site].Miss = miss;
        return site;
    }

    /// <summary>SP was written and may have lost its alignment: code for an aligned one does not check at every access.</summary>
    private void EmitCheckStack(in IrInst inst)
    {
        ClobberFlags();
        Label cold = emit.NewLabel();
        emit.Test(1, HostAbi.X(31), 15);
        emit.Jcc(Cc.Ne, cold);
        pendingPolls[pendingPollCount++] = new PendingPoll { Entry = cold, Target = inst.Pc + 4 };
    }

    private void EmitCall(in IrInst inst, int target, int returnTarget)
    {
        if (regionMustReturn)
        {
            EmitExit(ExitReason.Lookup, target, 0, 0);
            return;
        }

        if (target <= inst.Pc)
            EmitPoll(target);
        Label link = emit.NewLabel();
        int site = -1;
        if (!IsSamePage(target))
            site = EmitCrossPageGuard(target, link);
        EmitPushReturn();
        int field = emit.CallPatchable(link);
        if (site >= 0)
            pendingSites[site].Field = field;
        else
            AddSite(LinkKind.SamePage, target, field, link);
        EmitReturnPoint(inst, returnTarget);
    }

    /// <summary>Pushes the guest return address; the host's call pushes the matching host address above it.</summary>
    private void EmitPushReturn()
    {
        Label full = emit.NewLabel();
        Label ready = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 8, Gpr.Rsp, HostAbi.Field(GuestContext.ReturnStackLimitOffset));
        emit.Jcc(Cc.B, full);
        emit.Bind(ready);
        emit.Push(HostAbi.X(30));
        pendingResets[pendingResetCount++] = new PendingReset { Entry = full, Resume = ready };
    }

    /// <summary>Where a paired return arrives: the code page is the caller's again.</summary>
    private void EmitReturnPoint(in IrInst inst, int returnTarget)
    {
        emit.Pop(Gpr.Rax);
        if (!IsSamePage(returnTarget))
            emit.Lea(8, Gpr.Rax, Mem.Base(Gpr.Rax, -4));
        emit.Alu(AluOp.And, 8, Gpr.Rax, ~PageMask);
        emit.Mov(8, HostAbi.Field(GuestContext.PcPageOffset), Gpr.Rax);
        emit.Alu(AluOp.Xor, 8, Gpr.Rax, HostAbi.Field(GuestContext.ContextTagOffset));
        emit.Mov(8, HostAbi.Field(GuestContext.PcTagOffset), Gpr.Rax);
        EmitJump(inst, returnTarget);
    }

    /// <summary>Goes to the address in rax through the jump cache; a miss, or a waiting request, leaves.</summary>
    private void EmitIndirect(in IrInst inst, bool isCall)
    {
        int type = inst.Op == IrOp.Return ? 0 : inst.Aux;
        if (regionMustReturn)
        {
            emit.JmpTo(stubs.MissOfType(type));
            return;
        }

        if (isCall)
            EmitPushReturn();
        emit.Mov(8, Gpr.Rcx, Gpr.Rax);
        emit.Alu(AluOp.Xor, 8, Gpr.Rcx, HostAbi.Field(GuestContext.ContextTagOffset));
        // Branches of different types have slots of their own, so that a target found suits the type.
        emit.Lea(4, Gpr.Rdx, Mem.Scaled(Gpr.Rax, 4, type * GuestContext.JumpCacheTypeStride));
        emit.Alu(AluOp.And, 4, Gpr.Rdx, (GuestContext.JumpCacheEntries - 1) * GuestContext.JumpCacheEntrySize);
        int cache = GuestContext.JumpCacheOffset - HostAbi.ContextBias;
        emit.Alu(AluOp.Cmp, 8, Gpr.Rcx, Mem.Index(HostAbi.Context, Gpr.Rdx, 1, cache));
        long miss = isCall ? stubs.IndirectCallMiss : stubs.MissOfType(type);
        emit.JccTo(Cc.Ne, miss);
        emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.PollOffset), 0);
        emit.JccTo(Cc.Ne, miss);
        emit.Alu(AluOp.And, 8, Gpr.Rax, ~PageMask);
        emit.Alu(AluOp.And, 8, Gpr.Rcx, ~PageMask);
        emit.Mov(8, HostAbi.Field(GuestContext.PcPageOffset), Gpr.Rax);
        emit.Mov(8, HostAbi.Field(GuestContext.PcTagOffset), Gpr.Rcx);
        Mem entry = Mem.Index(HostAbi.Context, Gpr.Rdx, 1, cache + 8);
        if (isCall)
            emit.Call(entry);
        else
            emit.Jmp(entry);
    }

    private void EmitReturn(in IrInst inst)
    {
        emit.Mov(8, Gpr.Rax, Register(inst.A));
        if (regionMustReturn)
        {
            emit.JmpTo(stubs.IndirectMiss);
            return;
        }

        Label miss = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, Mem.Base(Gpr.Rsp, 8));
        emit.Jcc(Cc.Ne, miss);
        emit.Ret();
        // Not the address that the innermost call expected: nothing on the return stack can be trusted any more.
        emit.Bind(miss);
        emit.Mov(8, Gpr.Rsp, HostAbi.Field(GuestContext.ReturnStackBaseOffset));
        EmitIndirect(inst, isCall: false);
    }

    private void EmitExit(ExitReason reason, int pcDelta, ulong payload, int value)
    {
        if (value != 0)
            emit.Mov(8, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Address), Use(value));
        emit.MovImm(4, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.PcDelta), pcDelta);
        if (payload <= int.MaxValue)
        {
            emit.MovImm(8, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Payload), (int)payload);
        }
        else
        {
            emit.MovImm(Gpr.Rax, payload);
            emit.Mov(8, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Payload), Gpr.Rax);
        }

        emit.MovImm(Gpr.Rax, (ulong)reason);
        emit.JmpTo(stubs.Exit);
    }
}
