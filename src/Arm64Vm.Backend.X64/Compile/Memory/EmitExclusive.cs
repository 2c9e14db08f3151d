using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Load-exclusive and store-exclusive: the monitor is the host address, the size and the bytes that were read.</summary>
/// <remarks>
/// A store-exclusive succeeds where the monitor is for the same bytes and they are what they were: a compare-exchange. Host addresses are one per physical
/// address, so aliases are the same place. Bytes that others changed and changed back go unnoticed, unless an exception
/// return of this processor, which clears the monitor, comes between (docs/decisions/0014).
/// </remarks>
internal sealed partial class X64Compiler
{
    private static Mem MonitorAddress => HostAbi.Field(GuestContext.ExclusiveOffset + ExclusiveMonitor.AddressOffset);

    private static Mem MonitorSize => HostAbi.Field(GuestContext.ExclusiveOffset + ExclusiveMonitor.SizeOffset);

    private static Mem MonitorLow => HostAbi.Field(GuestContext.ExclusiveOffset + ExclusiveMonitor.ValueOffset);

    private static Mem MonitorHigh => HostAbi.Field(GuestContext.ExclusiveOffset + ExclusiveMonitor.ValueOffset + 8);

    private void EmitLoadExclusive(in IrInst inst)
    {
        int size = inst.Size;
        BeginProbe(inst.A, (long)inst.Imm);
        Mem memory = Mem.Base(Gpr.Rax);
        if (inst.Type == IrType.V128)
        {
            Xmm vector = DefineV(current);
            EndProbe(size, size, aligned: true, write: false, MemoryFlags.None);
            // Aligned 16-byte vector loads are single-copy atomic on hosts with AVX (Intel SDM vol. 3, 10.1.1; AMD APM vol. 2, 7.3.2).
            LoadVector(size, vector, memory);
            SetMonitor(size);
            emit.VexStore(V.Movdqu, MonitorLow, vector);
            AddCold(SlowKind.LoadExclusive, inst, destination: (byte)vector);
            return;
        }

        Gpr target = Define(current);
        EndProbe(size, size, aligned: true, write: false, MemoryFlags.None);
        if (size >= 4)
            emit.Mov(size, target, memory);
        else
            emit.Movzx(size, target, memory);
        SetMonitor(size);
        emit.Mov(8, MonitorLow, target);
        emit.MovImm(8, MonitorHigh, 0);
        values[current].ZeroUpper = inst.Type == IrType.I32;
        AddCold(SlowKind.LoadExclusive, inst, destination: (byte)target);
    }

    private void SetMonitor(int size)
    {
        emit.Mov(8, MonitorAddress, Gpr.Rax);
        emit.MovImm(8, MonitorSize, size);
    }

    private void EmitStoreExclusive(in IrInst inst)
    {
        int size = inst.Size;
        bool vector = region[inst.B].Type == IrType.V128;
        Xmm pair = default;
        Gpr value = default;
        if (vector)
            pair = UseV(inst.B);
        else
            value = Use(inst.B);
        BeginProbe(inst.A, (long)inst.Imm);
        if (size == 16)
        {
            // Before the status has its register, which must not be one of these.
            AllocateFixedGpr(Gpr.Rdx);
            AllocateFixedGpr(Gpr.Rcx);
        }

        Gpr status = Define(current);

        // Before the probe, since nothing may be evicted behind it.
        Gpr low = vector && size < 16 ? ScratchGpr() : default;
        EndProbe(size, size, aligned: true, write: true, MemoryFlags.None);
        Gpr address = ScratchGpr();
        Label done = emit.NewLabel();
        emit.Mov(8, address, Gpr.Rax);
        emit.Alu(AluOp.Cmp, 8, address, MonitorAddress);
        // Moves leave the flags: not equal is failure all the way down.
        emit.MovImm(8, MonitorAddress, -1);
        emit.Jcc(Cc.Ne, done);
        emit.Alu(AluOp.Cmp, 8, MonitorSize, size);
        emit.Jcc(Cc.Ne, done);
        emit.Mov(8, Gpr.Rax, MonitorLow);
        if (size == 16)
        {
            emit.Mov(8, Gpr.Rdx, MonitorHigh);
            EmitExchange16(address, pair);
        }
        else if (vector)
        {
            emit.Vmovq(low, pair);
            emit.LockCmpxchg(size, Mem.Base(address), low);
        }
        else
        {
            emit.LockCmpxchg(size, Mem.Base(address), value);
        }

        emit.Bind(done);
        emit.Setcc(Cc.Ne, Gpr.Rax);
        emit.Movzx(1, status, Gpr.Rax);
        values[current].ZeroUpper = true;
        AddCold(SlowKind.StoreExclusive, inst, destination: (byte)status, source: vector ? (byte)pair : (byte)value);
    }
}
