using System.Numerics;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Shared cold halves of memory accesses: what a failed probe does before it leaves, and whole probes for accesses whose window is not valid.</summary>
internal sealed unsafe partial class Stubs
{
    private const int Tables = GuestContext.MmuIndexes * 2;

    /// <summary>Probes are for 1, 2, 4, 8, 16 and 32 bytes.</summary>
    private const int ProbeSizes = 6;

    private readonly long[] misses = new long[Tables * 16];
    private readonly long[] probes = new long[Tables * ProbeSizes];

    /// <summary>Called with a <see cref="MemoryRecord"/> behind the call and rax = address − tag after a probe of the TLB at <paramref name="table"/> failed: leaves.</summary>
    /// <param name="table">Offset of the TLB in the context.</param>
    /// <param name="index">The register with the entry's offset in the TLB.</param>
    public long ProbeMiss(int table, Gpr index) => misses[(TableNumber(table) * 16) + (int)index];

    /// <summary>
    /// Called with a <see cref="MemoryRecord"/> behind the call and the virtual address in rax: goes on behind the record with the host address of
    /// <paramref name="bytes"/> bytes, or leaves. Changes nothing but rax and the flags.
    /// </summary>
    public long Probe(int mmuIndex, bool write, int bytes) =>
        probes[(TableNumber(GuestContext.TlbTable(mmuIndex, write)) * ProbeSizes) + BitOperations.Log2((uint)bytes)];

    private static int TableNumber(int table) => (table - GuestContext.TlbOffset) / GuestContext.TlbBytes;

    private void EmitProbes(X64Emitter emit)
    {
        for (int number = 0; number < Tables; number++)
        {
            int table = GuestContext.TlbOffset + (number * GuestContext.TlbBytes) - HostAbi.ContextBias;
            foreach (byte index in HostAbi.PoolGpr)
            {
                misses[(number * 16) + index] = Here(emit);
                emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(HostAbi.Context, (Gpr)index, 1, table));
                emit.JmpTo(SlowExit);
            }

            for (int size = 0; size < ProbeSizes; size++)
            {
                probes[(number * ProbeSizes) + size] = Here(emit);
                EmitProbe(emit, table, 1 << size);
            }
        }
    }

    private void EmitProbe(X64Emitter emit, int table, int bytes)
    {
        Label missed = emit.NewLabel();
        emit.Push(Gpr.Rcx);
        emit.Rorx(4, Gpr.Rcx, Gpr.Rax, 8);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, (GuestContext.TlbEntries - 1) * GuestContext.TlbEntrySize);
        emit.Alu(AluOp.Sub, 8, Gpr.Rax, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, table));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, 4096 - bytes);
        emit.Jcc(Cc.A, missed);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, table + 8));
        emit.Pop(Gpr.Rcx);
        emit.Alu(AluOp.Add, 8, Mem.Base(Gpr.Rsp), MemoryRecord.SizeInBytes);
        emit.Ret();
        emit.Bind(missed);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, table));
        emit.Pop(Gpr.Rcx);
        emit.JmpTo(SlowExit);
    }
}
