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
/// add   rax, [r15 + rcx + host]       ; host address of the page
/// mov   dst, [rax]
/// </code>
/// An empty entry's tag is a page that has another index, so no address that probes the entry is within it.
/// Where alignment is checked, a test of the low bits comes first.
/// </remarks>
public sealed partial class X64Compiler
{
    private const int PageMask = 0xFFF;

    /// <summary>What the cold path needs to know of the probe in progress.</summary>
    private struct ProbeState
    {
        /// <summary>Reached with rax = address − tag.</summary>
        public Label Missed;

        /// <summary>Reached with rax = address; not valid where alignment is not checked.</summary>
        public Label Misaligned;
        public Gpr Index;
        public int Table;
    }

    private ProbeState probe;

    private void CompileMemoryOrSystem(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.Load:
                EmitLoad(inst);
                break;
            case IrOp.Store:
                EmitStore(inst);
                break;
            case IrOp.LoadPair:
                EmitLoadPair(inst);
                break;
            case IrOp.Second:
                break;
            case IrOp.StorePair:
                EmitStorePair(inst);
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
                if ((BarrierKind)inst.Aux == BarrierKind.Full)
                {
                    ClobberFlags();
                    emit.LockOrRsp0();
                }

                break;
            default:
                EmitSystem(inst);
                break;
        }
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
        Gpr index = ScratchGpr();
        int table = GuestContext.TlbTable(MmuIndexOf(flags), write) - HostAbi.ContextBias;
        probe = new ProbeState { Missed = emit.NewLabel(), Index = index, Table = table };
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
        emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(HostAbi.Context, index, 1, table + 8));
        FreeScratch(index);
    }

    private void EmitAddress(int address, long displacement)
    {
        if (IsConstant(address))
        {
            emit.MovImm(Gpr.Rax, ConstantOf(address) + (ulong)displacement);
            return;
        }

        if (TryMemory(address, out Mem memory))
        {
            emit.Mov(8, Gpr.Rax, memory);
            if (displacement != 0)
                emit.Alu(AluOp.Add, 8, Gpr.Rax, (int)displacement);
            return;
        }

        Gpr register = Use(address);
        if (displacement == (int)displacement)
        {
            if (displacement == 0)
                emit.Mov(8, Gpr.Rax, register);
            else
                emit.Lea(8, Gpr.Rax, Mem.Base(register, (int)displacement));
            return;
        }

        emit.MovImm(Gpr.Rax, (ulong)displacement);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, register);
    }

    /// <summary>A scratch register may be given out again within the same instruction.</summary>
    private void FreeScratch(Gpr register) => lockedGpr &= ~(1u << (int)register);

    private void EmitLoad(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        BeginProbe(inst.A, (long)inst.Imm);
        Mem memory = Mem.Base(Gpr.Rax);
        if (inst.Type == IrType.V128)
        {
            Xmm d = DefineV(current);
            EndProbe(inst.Size, inst.Size, IsAligned(flags), write: false, flags);
            LoadVector(inst.Size, d, memory);
            AddCold(SlowKind.Load, inst, destination: (byte)d);
            return;
        }

        Gpr target = Define(current);
        EndProbe(inst.Size, inst.Size, IsAligned(flags), write: false, flags);
        if ((flags & MemoryFlags.SignExtend) != 0)
            emit.Movsx(inst.Type == IrType.I64 ? 8 : 4, inst.Size, target, memory);
        else if (inst.Size >= 4)
            emit.Mov(inst.Size, target, memory);
        else
            emit.Movzx(inst.Size, target, memory);
        values[current].ZeroUpper = inst.Type == IrType.I32;
        AddCold(SlowKind.Load, inst, destination: (byte)target);
    }

    private void LoadVector(int size, Xmm d, Mem memory)
    {
        switch (size)
        {
            case 16:
                emit.Vex(V.Movdqu, d, memory);
                break;
            case 8:
                emit.Vmovq(d, memory);
                break;
            case 4:
                emit.Vmovd(d, memory);
                break;
            default:
                emit.Movzx(size, Gpr.Rax, memory);
                emit.Vmovd(d, Gpr.Rax);
                break;
        }
    }

    private void StoreVector(int size, Mem memory, Xmm s)
    {
        switch (size)
        {
            case 16:
                emit.VexStore(V.Movdqu, memory, s);
                break;
            case 8:
                emit.Vmovq(memory, s);
                break;
            case 4:
                emit.Vmovd(memory, s);
                break;
            case 2:
                emit.Vpextrw(memory, s, 0);
                break;
            default:
                emit.Vpextrb(memory, s, 0);
                break;
        }
    }

    private void EmitStore(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        bool vector = region[inst.B].Type == IrType.V128;
        // The value's register first, so that it is the same on the slow path.
        Gpr value = default;
        Xmm vectorValue = default;
        int immediate = 0;
        bool constant = !vector && (flags & MemoryFlags.Release) == 0 && TryImmediate(inst.B, inst.Size, out immediate) && !IsInRegister(inst.B);
        if (vector)
            vectorValue = UseV(inst.B);
        else if (!constant)
            value = Use(inst.B);
        BeginProbe(inst.A, (long)inst.Imm);
        EndProbe(inst.Size, inst.Size, IsAligned(flags), write: true, flags);
        Mem memory = Mem.Base(Gpr.Rax);
        if (vector)
        {
            StoreVector(inst.Size, memory, vectorValue);
        }
        else if (constant)
        {
            emit.MovImm(inst.Size, memory, immediate);
        }
        else if ((flags & MemoryFlags.Release) != 0)
        {
            // Sequentially consistent with later LDAR: an exchange is store and fence in one. A copy keeps the value.
            Gpr copy = ScratchGpr();
            emit.Mov(8, copy, value);
            emit.Xchg(inst.Size, memory, copy);
        }
        else
        {
            emit.Mov(inst.Size, memory, value);
        }

        if (constant)
            AddColdConstantStore(inst, immediate);
        else
            AddCold(SlowKind.Store, inst, source: vector ? (byte)vectorValue : (byte)value, vectorSource: vector);
    }

    private void EmitLoadPair(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        int second = current + 1;
        BeginProbe(inst.A, (long)inst.Imm);
        Mem low = Mem.Base(Gpr.Rax);
        Mem high = Mem.Base(Gpr.Rax, inst.Size);
        if (inst.Type == IrType.V128)
        {
            Xmm d = DefineV(current);
            Xmm d2 = DefineV(second);
            EndProbe(inst.Size * 2, inst.Size, IsAligned(flags), write: false, flags);
            LoadVector(inst.Size, d, low);
            LoadVector(inst.Size, d2, high);
            AddCold(SlowKind.LoadPair, inst, (byte)d, (byte)d2);
            return;
        }

        Gpr first = Define(current);
        Gpr next = Define(second);
        EndProbe(inst.Size * 2, inst.Size, IsAligned(flags), write: false, flags);
        if ((flags & MemoryFlags.SignExtend) != 0)
        {
            emit.Movsx(8, inst.Size, first, low);
            emit.Movsx(8, inst.Size, next, high);
        }
        else
        {
            emit.Mov(inst.Size, first, low);
            emit.Mov(inst.Size, next, high);
        }

        values[current].ZeroUpper = values[second].ZeroUpper = inst.Type == IrType.I32;
        AddCold(SlowKind.LoadPair, inst, (byte)first, (byte)next);
    }

    private void EmitStorePair(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        bool vector = region[inst.B].Type == IrType.V128;
        byte first = vector ? (byte)UseV(inst.B) : (byte)Use(inst.B);
        byte second = vector ? (byte)UseV(inst.C) : (byte)Use(inst.C);
        BeginProbe(inst.A, (long)inst.Imm);
        EndProbe(inst.Size * 2, inst.Size, IsAligned(flags), write: true, flags);
        Mem low = Mem.Base(Gpr.Rax);
        Mem high = Mem.Base(Gpr.Rax, inst.Size);
        if (vector)
        {
            StoreVector(inst.Size, low, (Xmm)first);
            StoreVector(inst.Size, high, (Xmm)second);
        }
        else
        {
            emit.Mov(inst.Size, low, (Gpr)first);
            emit.Mov(inst.Size, high, (Gpr)second);
        }

        AddCold(SlowKind.StorePair, inst, source: first, source2: second, vectorSource: vector);
    }

    private void EmitZeroBlock(in IrInst inst)
    {
        // Where alignment is checked memory may be Device, which DC ZVA must not touch.
        if (mode.AlignmentChecked || mode.ZeroTrapped)
        {
            ClobberFlags();
            EmitAddress(inst.A, 0);
            CallSlow(SlowKind.ZeroBlock, inst);
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
