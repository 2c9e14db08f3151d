using System.Numerics;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Shared cold halves of memory accesses: what a failed probe does before it leaves, and whole probes for accesses whose window is not valid.</summary>
/// <remarks>
/// <code>
/// behind a probe that failed               of an access without a window
///   call  ProbeMiss                          lea   rax, [address]
///   jmp   access in the hot code             call  Probe
///   MemoryRecord                             jmp   over the record
///                                            MemoryRecord
///                                            access
/// </code>
/// Both return, as calls do that the host predicts, with the host address in rax where the TLBs hold the page, the second level included, from which it is copied to the
/// first. Otherwise they leave, and execution goes on where the record says when the access has been done.
/// </remarks>
internal sealed unsafe partial class Stubs
{
    private const int Tables = GuestContext.MmuIndexes * 2;

    /// <summary>Probes are for 1, 2, 4, 8, 16 and 32 bytes.</summary>
    private const int ProbeSizes = 6;

    private readonly long[] misses = new long[Tables * 16];
    private readonly long[] probes = new long[Tables * ProbeSizes];

    /// <summary>Called with rax = address − tag after a probe of the TLB at <paramref name="table"/> failed; changes rax and the flags, and makes <paramref name="index"/> zero.</summary>
    /// <param name="table">Offset of the TLB in the context.</param>
    /// <param name="index">The register with the entry's offset in the TLB.</param>
    public long ProbeMiss(int table, Gpr index) => misses[(TableNumber(table) * 16) + (int)index];

    /// <summary>Called with the virtual address of <paramref name="bytes"/> bytes in rax. Changes nothing but rax and the flags.</summary>
    public long Probe(int mmuIndex, bool write, int bytes) =>
        probes[(TableNumber(GuestContext.TlbTable(mmuIndex, write)) * ProbeSizes) + BitOperations.Log2((uint)bytes)];

    private static int TableNumber(int table) => (table - GuestContext.TlbOffset) / GuestContext.TlbBytes;

    private void EmitProbes(X64Emitter emit)
    {
        for (int number = 0; number < Tables; number++)
        {
            int table = GuestContext.TlbOffset + (number * GuestContext.TlbBytes) - HostAbi.ContextBias;
            emit.Align(16);
            Label outer = emit.Here();
            EmitOuterProbe(emit, number, MemoryRecord.FarJumpBytes);
            foreach (byte index in HostAbi.PoolGpr)
            {
                misses[(number * 16) + index] = Here(emit);
                emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(HostAbi.Context, (Gpr)index, 1, table));
                // Accesses add it to the host address.
                emit.Alu(AluOp.Xor, 4, (Gpr)index, (Gpr)index);
                emit.Jmp(outer);
            }

            outer = emit.Here();
            EmitOuterProbe(emit, number, MemoryRecord.ShortJumpBytes);
            for (int size = 0; size < ProbeSizes; size++)
            {
                probes[(number * ProbeSizes) + size] = Here(emit);
                EmitProbe(emit, table, 1 << size, outer);
            }
        }
    }

    private static void EmitProbe(X64Emitter emit, int table, int bytes, Label outer)
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
        emit.Ret();
        emit.Bind(missed);
        emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, table));
        emit.Pop(Gpr.Rcx);
        emit.Jmp(outer);
    }

    /// <summary>Looks for the page of the virtual address in rax in the second level. Found: copies the entry to the first level, and returns with the host address in rax.</summary>
    /// <param name="emit">Where to.</param>
    /// <param name="number">Of the table.</param>
    /// <param name="jumpBytes">From the return address to the record.</param>
    private void EmitOuterProbe(X64Emitter emit, int number, int jumpBytes)
    {
        // An access near the end of a page may leave it: which size it has is not known here.
        const int LargestAccess = 32;
        int first = GuestContext.TlbOffset + (number * GuestContext.TlbBytes) - HostAbi.ContextBias;
        int outer = OuterTlb.TableOf(number) - HostAbi.ContextBias;
        int marks = GuestContext.TlbMarksOffset + (number * GuestContext.TlbMarks) - HostAbi.ContextBias;
        Label missed = emit.NewLabel();
        emit.Push(Gpr.Rcx);
        emit.Push(Gpr.Rdx);
        emit.Mov(8, Gpr.Rcx, Gpr.Rax);
        emit.Shift(ShiftOp.Shr, 8, Gpr.Rcx, 12);
        emit.Mov(8, Gpr.Rdx, Gpr.Rcx);
        emit.Shift(ShiftOp.Shl, 8, Gpr.Rdx, 12);
        emit.ImulImm(4, Gpr.Rcx, Gpr.Rcx, OuterTlb.Multiplier);
        emit.Shift(ShiftOp.Shr, 4, Gpr.Rcx, OuterTlb.IndexShift);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, OuterTlb.IndexMask);

        // page − tag is −1 or −3 where they are of one page, 0 and up to a page away where they are not.
        emit.Alu(AluOp.Sub, 8, Gpr.Rdx, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, outer));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rdx, -(int)(OuterTlb.Valid | OuterTlb.NonGlobal));
        emit.Jcc(Cc.B, missed);
        emit.Mov(4, Gpr.Rdx, Gpr.Rax);
        emit.Alu(AluOp.And, 4, Gpr.Rdx, 4095);
        emit.Alu(AluOp.Cmp, 4, Gpr.Rdx, 4096 - LargestAccess);
        emit.Jcc(Cc.A, missed);

        emit.Mov(8, Gpr.Rdx, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, outer + 8));
        emit.Rorx(4, Gpr.Rcx, Gpr.Rax, 8);
        emit.Alu(AluOp.And, 4, Gpr.Rcx, (GuestContext.TlbEntries - 1) * GuestContext.TlbEntrySize);
        emit.Mov(8, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, first + 8), Gpr.Rdx);
        emit.Alu(AluOp.Add, 8, Gpr.Rdx, Gpr.Rax);
        emit.Alu(AluOp.And, 8, Gpr.Rax, -4096);
        emit.Mov(8, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, first), Gpr.Rax);
        emit.Shift(ShiftOp.Shr, 4, Gpr.Rcx, GuestContext.TlbMarkShift);
        emit.MovImm(1, Mem.Index(HostAbi.Context, Gpr.Rcx, 1, marks), 1);
        emit.Alu(AluOp.Sub, 8, Gpr.Rdx, Gpr.Rax);
        emit.Mov(8, Gpr.Rax, Gpr.Rdx);
        emit.Pop(Gpr.Rdx);
        emit.Pop(Gpr.Rcx);
        emit.Ret();

        emit.Bind(missed);
        emit.Pop(Gpr.Rdx);
        emit.Pop(Gpr.Rcx);
        emit.Alu(AluOp.Add, 8, Mem.Base(Gpr.Rsp), jumpBytes);
        emit.JmpTo(SlowExit);
    }
}
