using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The few hand-placed routines that every unit uses: in, out, and around.</summary>
internal sealed unsafe partial class Stubs
{
    private const uint DefaultMxcsr = 0x1F80;

    /// <summary>Bytes of a call of a stub.</summary>
    private const int CallBytes = 5;

    /// <summary>PSTATE.BTYPE of BLR, where the processor has branch targets.</summary>
    private const int CallType = 2;

    private readonly long[] leaves = new long[FetchTlb.Types];
    private readonly long[] branchMisses = new long[FetchTlb.Types];
    private readonly long[] callMisses = new long[FetchTlb.Types];

    /// <summary>Emits the stubs at [rw, rw + capacity).</summary>
    /// <remarks>SAFETY: the caller owns both views of the place for as long as any unit may run.</remarks>
    /// <param name="rw">Writable view of the place.</param>
    /// <param name="rx">Executable view of the place.</param>
    /// <param name="capacity">Bytes available there.</param>
    /// <param name="upper">Guest registers are in the upper vector registers too; the same for all units that use these stubs.</param>
    public Stubs(byte* rw, byte* rx, int capacity, bool upper)
    {
        UsesUpperVectors = upper;
        X64Emitter emit = new();
        emit.Reset(rw, rx, capacity);
        Label defaultMode = emit.NewLabel();
        Label exit = emit.NewLabel();

        // At offset 0: where the empty entries of dense tables lead.
        Label indirect = emit.NewLabel();
        for (int type = 0; type < (int)FetchTlb.Types; type++)
            branchMisses[type] = EmitMiss(emit, type, isCalled: false, capacity, indirect);
        foreach (int type in (ReadOnlySpan<int>)[0, CallType])
            callMisses[type] = EmitMiss(emit, type, isCalled: true, capacity, indirect);
        emit.Bind(indirect);
        leaves[0] = Here(emit);
        emit.Mov(8, HostAbi.Field(GuestContext.PcOffset), Gpr.Rax);
        emit.MovImm(Gpr.Rax, ExitLayout.IndirectRequest);
        emit.Jmp(exit);

        emit.Align(16);
        Enter = Here(emit);
        EmitEnter(emit);
        emit.Align(16);
        Resume = Here(emit);
        EmitResume(emit);
        emit.Align(16);
        emit.Bind(exit);
        Exit = Here(emit);
        EmitExit(emit, defaultMode);

        emit.Align(16);
        SlowExit = Here(emit);
        emit.Pop(HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Resume));
        emit.Mov(8, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Address), Gpr.Rax);
        foreach (byte register in HostAbi.PoolGpr)
            emit.Mov(8, HostAbi.HostGpr(register), (Gpr)register);
        foreach (byte register in HostAbi.PoolXmm)
            emit.VexStore(V.Movaps, HostAbi.HostXmm(register), (Xmm)register);
        emit.MovImm(Gpr.Rax, ExitLayout.SlowRequest);
        emit.Jmp(exit);

        emit.Align(16);
        PollExit = Here(emit);
        emit.Mov(4, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.PcDelta), Gpr.Rax);
        emit.MovImm(Gpr.Rax, (ulong)ExitReason.Poll);
        emit.Jmp(exit);

        emit.Align(16);
        LinkExit = Here(emit);
        emit.Pop(HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Site));
        emit.MovImm(Gpr.Rax, ExitLayout.LinkRequest);
        emit.Jmp(exit);

        // Not the address that the innermost call expected: nothing on the return stack can be trusted any more. Or there was none.
        emit.Align(16);
        ReturnMiss = Here(emit);
        emit.Mov(8, Gpr.Rsp, HostAbi.Field(HostContext.ReturnStackBaseOffset));
        EmitFind(emit, type: 0);
        emit.Jmp(Gpr.Rcx);

        FarJump = Here(emit);
        EmitFindEntry(emit);
        emit.Jmp(Gpr.Rcx);

        emit.Align(16);
        FarCall = Here(emit);
        EmitPushFarReturn(emit);
        EmitFind(emit, type: 0);
        emit.Jmp(Gpr.Rcx);

        emit.Align(16);
        FarCallUnlinked = Here(emit);
        EmitPushFarReturn(emit);
        // The site's number is right before the call.
        emit.Alu(AluOp.Sub, 8, Gpr.Rdx, CallBytes + sizeof(int));
        emit.Mov(8, HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Site), Gpr.Rdx);
        emit.MovImm(Gpr.Rax, ExitLayout.LinkRequest);
        emit.Jmp(exit);

        EmitProbes(emit);
        emit.Align(16);
        emit.Bind(defaultMode);
        emit.Dword(DefaultMxcsr);
        Size = emit.Position;
        if (emit.Overflowed)
            throw new InvalidOperationException("the stubs do not fit their place");
    }

    /// <summary>Native function: void enter(GuestContext*) → exit code in eax. Goes to the context's Entry.</summary>
    public long Enter { get; }

    /// <summary>As an Entry: restores what <see cref="SlowExit"/> saved and continues behind its record.</summary>
    public long Resume { get; }

    /// <summary>Leaves with the code in eax.</summary>
    public long Exit { get; }

    /// <summary>Called with a record behind the call: leaves, resumable.</summary>
    public long SlowExit { get; }

    /// <summary>Leaves to answer a request; eax is the offset from the page to go on at.</summary>
    public long PollExit { get; }

    /// <summary>Called with the number of the link site behind the call, in four bytes: leaves, asking for a link.</summary>
    public long LinkExit { get; }

    /// <summary>A return to the address in rax that the return stack did not predict; also where its last pair leads.</summary>
    public long ReturnMiss { get; }

    /// <summary>A jump to another page that found its page in the fetch-side TLB, the slot by rcx, but not the entries that it is linked for: to the address in rax.</summary>
    public long FarJump { get; }

    /// <summary>Called, by a call of another page that did not find it or the entries that it is linked for: pushes the guest return address below the host's, then goes to the address in rax.</summary>
    public long FarCall { get; }

    /// <summary>Called, as <see cref="FarCall"/>, by a call that was never linked, with its site's number before the call: leaves, asking for a link.</summary>
    public long FarCallUnlinked { get; }

    /// <summary>Guest registers are in the upper vector registers too (<see cref="HostAbi.PinnedVectors"/>).</summary>
    public bool UsesUpperVectors { get; }

    public int Size { get; }

    /// <summary>Leaves always, to look for code; the target is in rax, and the branch was of PSTATE.BTYPE <paramref name="type"/>.</summary>
    public long LeaveOfType(int type) => leaves[type];

    /// <summary>
    /// Looks for the page of the target, in rax, in the second level of the fetch-side TLB and goes there; leaves where it is not there, its code is not, or a request waits.
    /// Of branches with PSTATE.BTYPE <paramref name="type"/>.
    /// </summary>
    public long MissOfType(int type) => branchMisses[type];

    /// <summary>Called: as <see cref="MissOfType"/>, but returns with the host address of the target in rcx. Of BLR, whose type is 0 or 2.</summary>
    public long CallMissOfType(int type) => callMisses[type];

    /// <summary>The host address of the code at the guest address in rax to rcx, by way of the fetch-side TLB; moves PcPage on. A miss, or a waiting request, looks further in a stub, and may leave.</summary>
    /// <param name="emit">Where to.</param>
    /// <param name="type">PSTATE.BTYPE of the jump: those of different types have slots of their own, so that a target found suits the type.</param>
    internal void EmitFind(X64Emitter emit, int type)
    {
        EmitFindPage(emit, type);
        emit.JccTo(Cc.Ne, MissOfType(type));
        emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.PollOffset), 0);
        emit.JccTo(Cc.Ne, MissOfType(type));
        EmitFindEntry(emit);
    }

    /// <summary>As <see cref="EmitFind(X64Emitter, int)"/>, with the miss elsewhere.</summary>
    internal static void EmitFind(X64Emitter emit, int type, Label miss)
    {
        EmitFindPage(emit, type);
        emit.Jcc(Cc.Ne, miss);
        emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.PollOffset), 0);
        emit.Jcc(Cc.Ne, miss);
        EmitFindEntry(emit);
    }

    /// <summary>The slot of the page of the address in rax by rcx; "equal" if it has that page. Moves PcPage on.</summary>
    private static void EmitFindPage(X64Emitter emit, int type)
    {
        emit.Rorx(4, Gpr.Rcx, Gpr.Rax, 8);
        if (type != 0)
            emit.Alu(AluOp.Add, 4, Gpr.Rcx, type * FetchTlb.TypeStride);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, FetchTlb.IndexMask);
        emit.Mov(8, Gpr.Rdx, Gpr.Rax);
        // The two lowest bits stay: a misaligned address finds nothing.
        emit.Alu(AluOp.And, 8, Gpr.Rdx, ~0xFFC);
        emit.Mov(8, HostAbi.Field(GuestContext.PcPageOffset), Gpr.Rdx);
        emit.Alu(AluOp.Or, 8, Gpr.Rdx, HostAbi.Field(GuestContext.ContextTagOffset));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rdx, HostAbi.FetchSlot(Gpr.Rcx, 0));
    }

    /// <summary>From the slot by rcx to the host address, in rcx, of the code at the guest address in rax.</summary>
    private static void EmitFindEntry(X64Emitter emit)
    {
        emit.Mov(8, Gpr.Rcx, HostAbi.FetchSlot(Gpr.Rcx, 8));
        emit.Mov(4, Gpr.Rdx, Gpr.Rax);
        emit.Alu(AluOp.And, 4, Gpr.Rdx, 0xFFC);
        emit.Mov(4, Gpr.Rcx, Mem.Index(Gpr.Rcx, Gpr.Rdx, 1, 0));
        emit.Alu(AluOp.Add, 8, Gpr.Rcx, HostAbi.Field(HostContext.CodeBaseOffset));
    }

    /// <summary>Puts the guest return address below the host's, which is on the return stack and goes to rdx as well.</summary>
    private static void EmitPushFarReturn(X64Emitter emit)
    {
        Label ready = emit.NewLabel();
        emit.Pop(Gpr.Rdx);
        emit.Alu(AluOp.Cmp, 8, Gpr.Rsp, HostAbi.Field(HostContext.ReturnStackLimitOffset));
        emit.Jcc(Cc.Ae, ready);
        emit.Mov(8, Gpr.Rsp, HostAbi.Field(HostContext.ReturnStackBaseOffset));
        emit.Bind(ready);
        emit.Push(HostAbi.X(30));
        emit.Push(Gpr.Rdx);
    }

    /// <summary>What a miss in the fetch-side TLB does, with the target in rax; changes rcx and rdx.</summary>
    /// <remarks>
    /// Empty entries of dense tables lead here too: the second level has their page, and for a code offset in the stubs again, so that is left alone.
    /// </remarks>
    /// <param name="emit">Where to.</param>
    /// <param name="type">PSTATE.BTYPE of the branch.</param>
    /// <param name="isCalled">Returns with the host address of the target in rcx, instead of going there.</param>
    /// <param name="stubsEnd">Code offsets below are those of stubs.</param>
    /// <param name="leave">Leaves, with the target in rax.</param>
    private long EmitMiss(X64Emitter emit, int type, bool isCalled, int stubsEnd, Label leave)
    {
        long start = Here(emit);
        Label missed = type == 0 && !isCalled ? leave : emit.NewLabel();
        emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.PollOffset), 0);
        emit.Jcc(Cc.Ne, missed);
        emit.Mov(8, Gpr.Rdx, Gpr.Rax);
        emit.Alu(AluOp.And, 8, Gpr.Rdx, ~0xFFC);
        emit.Mov(8, HostAbi.Field(GuestContext.PcPageOffset), Gpr.Rdx);
        emit.Alu(AluOp.Or, 8, Gpr.Rdx, HostAbi.Field(GuestContext.ContextTagOffset));
        emit.Mov(8, Gpr.Rcx, Gpr.Rax);
        emit.Shift(ShiftOp.Shr, 8, Gpr.Rcx, 12);
        if (type != 0)
            emit.Alu(AluOp.Add, 4, Gpr.Rcx, type * FetchTlb.TypeSalt);
        emit.ImulImm(4, Gpr.Rcx, Gpr.Rcx, OuterTlb.Multiplier);
        emit.Shift(ShiftOp.Shr, 4, Gpr.Rcx, FetchTlb.OuterShift);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, FetchTlb.OuterMask);
        emit.Alu(AluOp.Cmp, 8, Gpr.Rdx, HostAbi.FetchSlot(Gpr.Rcx, FetchTlb.SizeInBytes));
        emit.Jcc(Cc.Ne, missed);

        emit.Push(HostAbi.FetchSlot(Gpr.Rcx, FetchTlb.SizeInBytes + 8));
        emit.Rorx(4, Gpr.Rcx, Gpr.Rax, 8);
        if (type != 0)
            emit.Alu(AluOp.Add, 4, Gpr.Rcx, type * FetchTlb.TypeStride);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, FetchTlb.IndexMask);
        emit.Mov(8, HostAbi.FetchSlot(Gpr.Rcx, 0), Gpr.Rdx);
        emit.Pop(Gpr.Rdx);
        emit.Mov(8, HostAbi.FetchSlot(Gpr.Rcx, 8), Gpr.Rdx);
        emit.Mov(4, Gpr.Rcx, Gpr.Rax);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, 0xFFC);
        emit.Mov(4, Gpr.Rcx, Mem.Index(Gpr.Rdx, Gpr.Rcx, 1, 0));
        emit.Alu(AluOp.Cmp, 4, Gpr.Rcx, stubsEnd);
        emit.Jcc(Cc.B, missed);
        emit.Alu(AluOp.Add, 8, Gpr.Rcx, HostAbi.Field(HostContext.CodeBaseOffset));
        if (isCalled)
        {
            emit.Ret();
            emit.Bind(missed);
            emit.Lea(8, Gpr.Rsp, Mem.Base(Gpr.Rsp, 8));
            if (type == 0)
                emit.Jmp(leave);
            else
                emit.JmpTo(leaves[type]);
            return start;
        }

        emit.Jmp(Gpr.Rcx);
        if (type != 0)
        {
            emit.Bind(missed);
            leaves[type] = Here(emit);
            emit.MovImm(4, HostAbi.Field(GuestContext.BranchTypeOffset), type);
            emit.Jmp(leave);
        }

        return start;
    }

    private static long Here(X64Emitter emit) => (long)emit.RxAddress(emit.Position);

    private void EmitEnter(X64Emitter emit)
    {
        ReadOnlySpan<byte> pinnedV = HostAbi.PinnedVectors(UsesUpperVectors);
        emit.Push(Gpr.Rbx);
        emit.Push(Gpr.Rbp);
        emit.Push(Gpr.R12);
        emit.Push(Gpr.R13);
        emit.Push(Gpr.R14);
        emit.Push(Gpr.R15);
        emit.Lea(8, HostAbi.Context, Mem.Base(Gpr.Rdi, HostAbi.ContextBias));
        emit.Mov(8, HostAbi.Field(HostContext.StackPointerOffset), Gpr.Rsp);
        emit.Ldmxcsr(HostAbi.Field(HostContext.ModeOffset));
        for (int i = 0; i < 32; i++)
        {
            if (HostAbi.PinnedX[i] != HostAbi.None)
                emit.Mov(8, (Gpr)HostAbi.PinnedX[i], HostAbi.X(i));
            if (pinnedV[i] != HostAbi.None)
                emit.Vex(V.Movaps, (Xmm)pinnedV[i], HostAbi.V(i));
        }

        emit.Mov(8, Gpr.Rsp, HostAbi.Field(HostContext.ReturnStackOffset));
        emit.Jmp(HostAbi.Field(HostContext.EntryOffset));
    }

    private static void EmitResume(X64Emitter emit)
    {
        foreach (byte register in HostAbi.PoolGpr)
            emit.Mov(8, (Gpr)register, HostAbi.HostGpr(register));
        foreach (byte register in HostAbi.PoolXmm)
            emit.Vex(V.Movaps, (Xmm)register, HostAbi.HostXmm(register));
        emit.Jmp(HostAbi.Field(GuestContext.ExitOffset + ExitLayout.Resume));
    }

    private void EmitExit(X64Emitter emit, Label defaultMode)
    {
        ReadOnlySpan<byte> pinnedV = HostAbi.PinnedVectors(UsesUpperVectors);
        for (int i = 0; i < 32; i++)
        {
            if (HostAbi.PinnedX[i] != HostAbi.None)
                emit.Mov(8, HostAbi.X(i), (Gpr)HostAbi.PinnedX[i]);
            if (pinnedV[i] != HostAbi.None)
                emit.VexStore(V.Movaps, HostAbi.V(i), (Xmm)pinnedV[i]);
        }

        emit.Stmxcsr(HostAbi.Field(HostContext.ModeOffset));
        emit.Mov(8, HostAbi.Field(HostContext.ReturnStackOffset), Gpr.Rsp);
        emit.Mov(8, Gpr.Rsp, HostAbi.Field(HostContext.StackPointerOffset));
        emit.Ldmxcsr(Mem.Rip(defaultMode));
        emit.Pop(Gpr.R15);
        emit.Pop(Gpr.R14);
        emit.Pop(Gpr.R13);
        emit.Pop(Gpr.R12);
        emit.Pop(Gpr.Rbp);
        emit.Pop(Gpr.Rbx);
        emit.Ret();
    }
}
