using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>How units end: linked jumps on a page, look-ups by page elsewhere, calls and returns paired on the return stack, and exits.</summary>
internal sealed partial class X64Compiler
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
        AddSite(target, field, link);
    }

    /// <summary>Continues at an offset from the unit's page.</summary>
    private void EmitJump(in IrInst inst, int target)
    {
        if (regionMustReturn)
        {
            EmitExit(ExitReason.Lookup, target, 0, 0);
            return;
        }

        if (target <= inst.Pc || regionMustPoll || (inst.Op == IrOp.Jump && inst.Aux != 0))
            EmitPoll(target);
        if (TryFindBlock(target, out Label label))
        {
            emit.Jmp(label);
            return;
        }

        if (IsSamePage(target))
        {
            Label link = emit.NewLabel();
            AddSite(target, emit.JmpPatchable(link), link);
            return;
        }

        EmitFarJump(target);
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

    /// <summary>To a fixed place on another page, as a linked jump that holds for one physical page.</summary>
    /// <remarks>
    /// <code>
    ///                                     unlinked                linked                  linked and removed
    /// look up the page (below)
    /// cmp   [slot.entries], E             E matches nothing       E: of the target        E stays
    /// jne   otherwise                     ask for a link          stub: look up entry     stub: look up entry
    /// jmp   target                        ask for a link          the target              ask for a link
    /// </code>
    /// E of a site never changes once it is set, and only targets with these entries are linked: so a thread that stands between the comparison and the
    /// jump, for however long, goes to code of the page it compared.
    /// </remarks>
    private void EmitFarJump(int target)
    {
        EmitFindPage(target);
        emit.JccTo(Cc.Ne, stubs.MissOfType(0));
        ref PendingSite site = ref AddFarSite(target, emit.CmpPatchable(HostAbi.FetchSlot(Gpr.Rcx, 8), LinkSite.MatchesNothing));
        site.OtherwiseField = emit.JccPatchable(Cc.Ne, site.Link);
        site.Field = emit.JmpPatchable(site.Link);
    }

    /// <summary>As <see cref="EmitFarJump"/>; a call one of whose comparisons fails pushes its return address and looks the target up in a stub.</summary>
    private void EmitFarCall(int target, Label returnPoint)
    {
        Label otherwise = emit.NewLabel();
        EmitFindPage(target);
        emit.Jcc(Cc.Ne, otherwise);
        ref PendingSite site = ref AddFarSite(target, emit.CmpPatchable(HostAbi.FetchSlot(Gpr.Rcx, 8), LinkSite.MatchesNothing));
        site.ReturnPoint = returnPoint;
        site.Otherwise = otherwise;
        emit.Jcc(Cc.Ne, otherwise);
        EmitPushReturn();
        site.Field = emit.CallPatchable(site.Link);
    }

    /// <summary>
    /// Looks for another page in the fetch-side TLB, the page's slot by rcx, and moves PcPage on; rax is the guest address of the target. "Equal" if it is there.
    /// </summary>
    /// <remarks>
    /// <code>
    /// mov   rdx, [PcPage]
    /// add   rdx, page delta
    /// rorx  ecx, edx, 8                   ; slot: bits 12 and up, times 16
    /// and   ecx, (entries − 1) * 16
    /// lea   rax, [rdx + offset]           ; what both kinds of misses want
    /// mov   [PcPage], rdx
    /// or    rdx, [ContextTag]
    /// cmp   rdx, [slot.tag]
    /// </code>
    /// Nothing in the code depends on the address space.
    /// </remarks>
    private void EmitFindPage(int target)
    {
        EmitCount(UnitCounters.PageChangesOffset, Gpr.Rdx);
        emit.Mov(8, Gpr.Rdx, HostAbi.Field(GuestContext.PcPageOffset));
        emit.Alu(AluOp.Add, 8, Gpr.Rdx, target & ~PageMask);
        emit.Rorx(4, Gpr.Rcx, Gpr.Rdx, 8);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, FetchTlb.IndexMask);
        emit.Lea(8, Gpr.Rax, Mem.Base(Gpr.Rdx, target & PageMask));
        emit.Mov(8, HostAbi.Field(GuestContext.PcPageOffset), Gpr.Rdx);
        emit.Alu(AluOp.Or, 8, Gpr.Rdx, HostAbi.Field(GuestContext.ContextTagOffset));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rdx, HostAbi.FetchSlot(Gpr.Rcx, 0));
    }

    /// <summary>SP was written and may have lost its alignment: code for an aligned one does not check at every access.</summary>
    private void EmitCheckStack(in IrInst inst)
    {
        ClobberFlags();
        Label cold = emit.NewLabel();
        emit.Test(1, (Gpr)HostAbi.PinnedX[31], 15);
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
        if (IsSamePage(target))
        {
            Label link = emit.NewLabel();
            EmitPushReturn();
            AddSite(target, emit.CallPatchable(link), link);
        }
        else
        {
            Label returnPoint = emit.NewLabel();
            EmitFarCall(target, returnPoint);
            emit.Bind(returnPoint);
        }

        EmitReturnPoint(inst, returnTarget);
    }

    /// <summary>Pushes the guest return address; the host's call pushes the matching host address above it.</summary>
    private void EmitPushReturn()
    {
        Label full = emit.NewLabel();
        Label ready = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 8, Gpr.Rsp, HostAbi.Field(HostContext.ReturnStackLimitOffset));
        emit.Jcc(Cc.B, full);
        emit.Bind(ready);
        emit.Push(HostAbi.X(30));
        pendingResets[pendingResetCount++] = new PendingReset { Entry = full, Resume = ready };
    }

    /// <summary>Where a paired return arrives, with the guest address in rax: the code page is the caller's again.</summary>
    private void EmitReturnPoint(in IrInst inst, int returnTarget)
    {
        emit.Lea(8, Gpr.Rsp, Mem.Base(Gpr.Rsp, 8));
        if (!IsSamePage(returnTarget))
            emit.Lea(8, Gpr.Rax, Mem.Base(Gpr.Rax, -4));
        emit.Alu(AluOp.And, 8, Gpr.Rax, ~PageMask);
        emit.Mov(8, HostAbi.Field(GuestContext.PcPageOffset), Gpr.Rax);
        EmitJump(inst, returnTarget);
    }

    /// <summary>Goes to the address in rax through the fetch-side TLB; a miss, or a waiting request, leaves.</summary>
    private void EmitIndirect(in IrInst inst, bool isCall)
    {
        int type = inst.Aux;
        EmitCount(UnitCounters.BranchesOffset, Gpr.Rcx);
        if (regionMustReturn)
        {
            emit.JmpTo(stubs.LeaveOfType(type));
            return;
        }

        if (!isCall)
        {
            stubs.EmitFind(emit, type);
            emit.Jmp(Gpr.Rcx);
            return;
        }

        PendingMiss miss = new() { Entry = emit.NewLabel(), Found = emit.NewLabel(), Stub = stubs.CallMissOfType(type) };
        Stubs.EmitFind(emit, type, miss.Entry);
        emit.Bind(miss.Found);
        EmitPushReturn();
        emit.Call(Gpr.Rcx);
        pendingMisses[pendingMissCount++] = miss;
    }

    private void EmitReturn(in IrInst inst)
    {
        MoveIfDifferent(8, Gpr.Rax, Register(inst.A));
        EmitCount(UnitCounters.ReturnsOffset, Gpr.Rcx);
        if (regionMustReturn)
        {
            EmitCount(UnitCounters.ReturnMissesOffset, Gpr.Rcx);
            emit.JmpTo(stubs.LeaveOfType(0));
            return;
        }

        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, Mem.Base(Gpr.Rsp, 8));
        if (Counters == 0)
        {
            emit.JccTo(Cc.Ne, stubs.ReturnMiss);
            emit.Ret();
            return;
        }

        Label predicted = emit.NewLabel();
        emit.Jcc(Cc.E, predicted);
        EmitCount(UnitCounters.ReturnMissesOffset, Gpr.Rcx);
        emit.JmpTo(stubs.ReturnMiss);
        emit.Bind(predicted);
        emit.Ret();
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
