using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Loads in code for flat machines: the range that the processor keeps open (<see cref="LoadWindow"/>) comes before the TLB.</summary>
/// <remarks>
/// <code>
/// a load by itself                          first of a group of loads             cold, for both
///   lea   rax, [base + displacement]          lea   w, [base + low]                 as without a window of a group (EmitAccess)
///   sub   rax, [r15 + first]                  mov   rax, w
///   cmp   rax, [r15 + limit]                  sub   rax, [r15 + first]
///   jae   cold                                cmp   rax, [r15 + limit]
///   mov   rax, [r15 + delta]                  jae   cold
///   mov   d, [rax + base + displacement]      add   w, [r15 + delta]
/// </code>
/// The address goes straight into the load: a chain of loads waits for nothing else, and no line of the TLB is touched. What the window does
/// not cover (other memory, its last bytes, any address while it is closed) probes the TLB on the cold path.
/// Stores keep to the TLB, which leaves out pages with code; so do ordered and unprivileged loads, and all where alignment is checked.
/// </remarks>
internal sealed partial class X64Compiler
{
    /// <summary>In place of a group's number: the load looks into the range by itself.</summary>
    private const int RangeAccess = -1;

    private bool UsesLoadWindow(MemoryFlags flags) =>
        mode.LoadWindow && !mode.AlignmentChecked && (flags & (MemoryFlags.Acquire | MemoryFlags.Release | MemoryFlags.Unprivileged)) == 0;

    private Mem LoadWindowField(int offset) =>
        HostAbi.Field(GuestContext.LoadWindowsOffset + (mode.MmuIndex * LoadWindow.SizeInBytes) + offset);

    /// <summary>Leaves with rax = address − first where the address in rax is outside; changes rax.</summary>
    private void EmitRangeCheck(Label outside)
    {
        emit.Alu(AluOp.Sub, 8, Gpr.Rax, LoadWindowField(LoadWindow.FirstOffset));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, LoadWindowField(LoadWindow.LimitOffset));
        emit.Jcc(Cc.Ae, outside);
    }

    /// <summary>A load between <see cref="BeginAccess"/> and its cold path.</summary>
    private void EmitRangeLoad(in SlowDescriptor access, MemoryFlags flags, int bytes)
    {
        Label cold = emit.NewLabel();
        int displacement = (int)accessDisplacement;
        if (accessAddress.TryRegister(out Gpr index))
        {
            // What the limit leaves out covers a short displacement.
            bool isCovered = displacement >= 0 && displacement + bytes <= LoadWindow.Slack;
            accessAddress.Emit(emit, Gpr.Rax, isCovered ? 0 : displacement);
        }
        else
        {
            index = ScratchGpr();
            accessAddress.Emit(emit, index, displacement);
            emit.Mov(8, Gpr.Rax, index);
            displacement = 0;
        }

        EmitRangeCheck(cold);
        emit.Mov(8, Gpr.Rax, LoadWindowField(LoadWindow.DeltaOffset));
        if (access.Kind == SlowKind.LoadPair)
        {
            // The first result may go to the address's register.
            emit.Alu(AluOp.Add, 8, Gpr.Rax, index);
            EmitAccess(access, Gpr.Rax, displacement, 0);
        }
        else
        {
            EmitLoadOne(access, access.Destination, Mem.Index(Gpr.Rax, index, 1, displacement));
        }

        AddColdWindow(cold, access, 0, Gpr.Rax, stubs.Probe(MmuIndexOf(flags), write: false, bytes));
    }

    /// <summary>Makes the address of a group's lowest byte the host's, or leaves.</summary>
    private void EmitRangeOpening(Gpr register, Label cold)
    {
        emit.Mov(8, Gpr.Rax, register);
        EmitRangeCheck(cold);
        emit.Alu(AluOp.Add, 8, register, LoadWindowField(LoadWindow.DeltaOffset));
    }
}
