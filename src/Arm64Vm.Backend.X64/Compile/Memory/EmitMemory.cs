using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Guest memory accesses: an inline probe of the software TLB, and a slow exit beside it.</summary>
/// <remarks>
/// <code>
/// lea   rax, [va]
/// rorx  ecx, eax, 8                   ; TLB index: bits 12 and up, times 16
/// and   ecx, (entries − 1) * 16
/// sub   rax, [r15 + rcx + tag]        ; offset in the page the entry is for
/// cmp   rax, 4096 − size              ; unsigned: another page, and an access that leaves the page, are both above
/// ja    cold
/// mov   rcx, [r15 + rcx + host]       ; host address of the page
/// mov   dst, [rax + rcx]              ; the sum costs no instruction of its own in a chain of loads
/// </code>
/// Accesses that are more than a move have the sum in rax.
/// An empty entry's tag is a page that has another index, so no address that probes the entry is within it.
/// Where alignment is checked, a test of the low bits comes first.
/// </remarks>
internal sealed partial class X64Compiler
{
    private const int PageMask = 0xFFF;

    /// <summary>What the cold path needs to know of the probe in progress.</summary>
    private struct ProbeState
    {
        /// <summary>Reached with rax = address − tag.</summary>
        public Label Missed;

        /// <summary>Reached with rax = address; not valid where alignment is not checked.</summary>
        public Label Misaligned;

        /// <summary>Where the hot code goes on with the host address in rax, or in the sum of rax and the index register.</summary>
        public Label Found;
        public Gpr Index;

        /// <summary>Offset of the TLB in the context.</summary>
        public int Table;
    }

    private ProbeState probe;

    private void CompileMemoryOrSystem(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.Load:
            case IrOp.LoadPair:
                EmitLoad(inst);
                break;
            case IrOp.Store:
            case IrOp.StorePair:
                EmitStore(inst);
                break;
            case IrOp.Second:
                break;
            case IrOp.AtomicRmw:
                EmitAtomic(inst);
                break;
            case IrOp.CompareSwap:
                EmitCompareSwap(inst);
                break;
            case IrOp.LoadExclusive:
                EmitLoadExclusive(inst);
                break;
            case IrOp.StoreExclusive:
                EmitStoreExclusive(inst);
                break;
            case IrOp.ClearExclusive:
                ClobberFlags();
                emit.MovImm(8, HostAbi.Field(GuestContext.ExclusiveOffset), -1);
                break;
            case IrOp.ZeroBlock:
                EmitZeroBlock(inst);
                break;
            case IrOp.CheckStack:
                EmitCheckStack(inst);
                break;
            case IrOp.Barrier:
                EmitBarrier(inst);
                break;
            case IrOp.Count:
                EmitCount(inst);
                break;
            case IrOp.MemoryCopySet:
                EmitMemoryCopySet(inst);
                break;
            default:
                EmitSystem(inst);
                break;
        }
    }

    private void EmitBarrier(in IrInst inst)
    {
        var kind = (BarrierKind)inst.Aux;
        if (kind is not (BarrierKind.Full or BarrierKind.Completion))
            return;
        ClobberFlags();
        emit.LockOrRsp0();
        if (kind == BarrierKind.Full)
            return;
        Label done = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 4, HostAbi.Field(GuestContext.ShootdownsOffset), 0);
        emit.Jcc(Cc.E, done);
        CallSlow(SlowKind.CompleteInvalidations, inst);
        emit.Bind(done);
    }

    private void EmitCount(in IrInst inst)
    {
        Mem count = HostAbi.Field(GuestContext.EventsOffset + (inst.Aux * sizeof(ulong)));
        ClobberFlags();
        if (inst.A != 0)
            emit.Alu(AluOp.Add, 8, count, Use(inst.A));
        if (inst.Imm != 0)
            emit.Alu(AluOp.Add, 8, count, (int)inst.Imm);
    }

    private int MmuIndexOf(MemoryFlags flags) => (flags & MemoryFlags.Unprivileged) != 0 ? 0 : mode.MmuIndex;

    /// <summary>Misaligned accesses take the slow path: those of LDAPUR and STLUR too, which fault where they leave 16 bytes or where FEAT_LSE2 is absent.</summary>
    private bool IsAligned(MemoryFlags flags) => mode.AlignmentChecked || (flags & (MemoryFlags.Acquire | MemoryFlags.Release)) != 0;

    /// <summary>First half of an access: the virtual address goes to rax. Registers for results are defined between this and <see cref="EndProbe"/>.</summary>
    private void BeginProbe(int address, long displacement)
    {
        ClobberFlags();
        EmitAddress(address, displacement);
        // The address is in rax now: its register may go to a result or scratch, unless it is the value stored as well.
        ref IrInst inst = ref region[current];
        byte register = values[address].Register;
        if (register != HostAbi.None && address != inst.B && address != inst.C)
            lockedGpr &= ~(1u << register);
    }

    /// <summary>
    /// Probes the TLB for <paramref name="bytes"/> bytes at rax; afterwards rax is the host address. On the cold path rax is made the virtual address again.
    /// </summary>
    /// <remarks>
    /// Nothing that could spill may be emitted from here to the end of the access: the cold path does not run it.
    /// One scratch register is free afterwards.
    /// </remarks>
    private void EndProbe(int bytes, int alignment, bool aligned, bool write, MemoryFlags flags)
    {
        Mem page = EmitProbe(bytes, alignment, aligned, write, flags);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, page);
        probe.Found = emit.Here();
        FreeScratch(probe.Index);
    }

    /// <summary>As <see cref="EndProbe"/>; afterwards the host address is rax and a scratch register together.</summary>
    private Gpr EndProbeAsSum(int bytes, int alignment, bool aligned, bool write, MemoryFlags flags)
    {
        Mem page = EmitProbe(bytes, alignment, aligned, write, flags);
        emit.Mov(8, probe.Index, page);
        probe.Found = emit.Here();
        return probe.Index;
    }

    /// <summary>Leaves with the offset in the page in rax, and returns the place of the page's host address.</summary>
    private Mem EmitProbe(int bytes, int alignment, bool aligned, bool write, MemoryFlags flags)
    {
        Gpr index = ScratchGpr();
        int field = GuestContext.TlbTable(MmuIndexOf(flags), write);
        int table = field - HostAbi.ContextBias;
        probe = new ProbeState { Missed = emit.NewLabel(), Index = index, Table = field };
        if (aligned && alignment > 1)
        {
            probe.Misaligned = emit.NewLabel();
            emit.Test(1, Gpr.Rax, alignment - 1);
            emit.Jcc(Cc.Ne, probe.Misaligned);
        }

        emit.Rorx(4, index, Gpr.Rax, 8);
        emit.Alu(AluOp.And, 4, index, (GuestContext.TlbEntries - 1) * GuestContext.TlbEntrySize);
        emit.Alu(AluOp.Sub, 8, Gpr.Rax, Mem.Index(HostAbi.Context, index, 1, table));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, 4096 - bytes);
        emit.Jcc(Cc.A, probe.Missed);
        return Mem.Index(HostAbi.Context, index, 1, table + 8);
    }

    private void EmitAddress(int address, long displacement)
    {
        if (displacement == (int)displacement || IsConstant(address))
        {
            AddressFrom(address).Emit(emit, Gpr.Rax, displacement);
            return;
        }

        emit.MovImm(Gpr.Rax, (ulong)displacement);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, Use(address));
    }

    /// <summary>Where the value of an address is; a register is locked for this instruction.</summary>
    private AddressSource AddressFrom(int address)
    {
        if (IsConstant(address))
            return new AddressSource(ConstantOf(address));
        if (values[address].Backing == Backing.Deferred)
        {
            Sum sum = SumOf(address);
            return new AddressSource(Use(sum.Base), Use(sum.Index), sum.Scale);
        }

        return TryMemory(address, out Mem memory) ? new AddressSource(memory) : new AddressSource(Use(address));
    }

    /// <summary>A scratch register may be given out again within the same instruction.</summary>
    private void FreeScratch(Gpr register) => lockedGpr &= ~(1u << (int)register);

    private void EmitLoad(in IrInst inst)
    {
        bool pair = inst.Op == IrOp.LoadPair;
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        BeginStaleFlags(inst.D);
        int group = BeginAccess(inst);
        SlowDescriptor access = inst.Type == IrType.V128
            ? Describe(pair ? SlowKind.LoadPair : SlowKind.Load, inst, (byte)DefineV(current), pair ? (byte)DefineV(current + 1) : SlowDescriptor.NoRegister)
            : Describe(pair ? SlowKind.LoadPair : SlowKind.Load, inst, (byte)Define(current), pair ? (byte)Define(current + 1) : SlowDescriptor.NoRegister);
        EndAccess(group, access, IsAligned(flags), flags);
        if (inst.Type != IrType.I32)
            return;
        values[current].ZeroUpper = true;
        if (pair)
            values[current + 1].ZeroUpper = true;
    }

    private void EmitStore(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        if ((flags & MemoryFlags.Release) != 0)
        {
            EmitStoreRelease(inst, flags);
            return;
        }

        BeginStaleFlags(inst.D);

        // The values' registers first, so that they are the same on the slow path.
        bool pair = inst.Op == IrOp.StorePair;
        byte first = SlowDescriptor.NoRegister, second = SlowDescriptor.NoRegister;
        int immediate = 0;
        bool vector = region[inst.B].Type == IrType.V128;
        if (vector)
            first = (byte)UseV(inst.B);
        else if (pair || IsInRegister(inst.B) || !TryImmediate(inst.B, inst.Size, out immediate))
            first = (byte)Use(inst.B);
        if (pair)
            second = vector ? (byte)UseV(inst.C) : (byte)Use(inst.C);
        int group = BeginAccess(inst);
        SlowDescriptor access = Describe(pair ? SlowKind.StorePair : SlowKind.Store, inst, source: first, source2: second);
        EndAccess(group, access, IsAligned(flags), flags, immediate);
    }

    /// <summary>Sequentially consistent with later LDAR: an exchange is store and fence in one. A copy keeps the value.</summary>
    private void EmitStoreRelease(in IrInst inst, MemoryFlags flags)
    {
        Gpr value = Use(inst.B);
        BeginProbe(inst.A, (long)inst.Imm);
        EndProbe(inst.Size, inst.Size, IsAligned(flags), write: true, flags);
        Gpr copy = ScratchGpr();
        emit.Mov(8, copy, value);
        emit.Xchg(inst.Size, Mem.Base(Gpr.Rax), copy);
        AddCold(SlowKind.Store, inst, source: (byte)value);
    }

    private void EmitZeroBlock(in IrInst inst)
    {
        // Where alignment is checked memory may be Device, which DC ZVA must not touch.
        if (mode.AlignmentChecked || mode.ZeroTrapped)
        {
            ClobberFlags();
            EmitAddress(inst.A, 0);
            emit.CallTo(stubs.SlowExit);
            emit.Qword(MemoryRecord.Pack(Describe(SlowKind.ZeroBlock, inst), windows.Live, resumeDistance: 0).Bits);
            return;
        }

        // The slow path gets the address as it was given, for FAR_EL1: the block's is taken of the host address, whose low bits are the same.
        BeginProbe(inst.A, 0);
        EndProbe(1, 1, aligned: false, write: true, MemoryFlags.None);
        emit.Alu(AluOp.And, 8, Gpr.Rax, -GuestContext.ZeroBlockSize);
        emit.Vex(V.Pxor, Xmm.Xmm0, Xmm.Xmm0, Xmm.Xmm0);
        for (int i = 0; i < GuestContext.ZeroBlockSize; i += 16)
            emit.VexStore(V.Movdqu, Mem.Base(Gpr.Rax, i), Xmm.Xmm0);
        AddCold(SlowKind.ZeroBlock, inst);
    }
}
