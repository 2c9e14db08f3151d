using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>CLREX, DMB, DSB, ISB, SB, SSBB, PSSBB.</summary>
internal static class Barriers
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        switch (i.Opcode)
        {
            case A64Opcode.Clrex:
                b.Emit(IrOp.ClearExclusive, IrType.Void);
                break;
            case A64Opcode.Dmb or A64Opcode.Dsb:
                // CRm bits 1:0: which accesses (Arm ARM, DMB): 1 = loads, 2 = stores, else all.
                // A DSB of both kinds completes TLB invalidations as well (D8.14.6), which EL0 cannot make.
                BarrierKind full = i.Opcode == A64Opcode.Dsb ? FullSynchronization(context) : BarrierKind.Full;
                BarrierKind kind = (i.CRm & 3) switch { 1 => BarrierKind.Loads, 2 => BarrierKind.Stores, _ => full };
                b.Emit(IrOp.Barrier, IrType.Void, aux: (int)kind);
                break;
            case A64Opcode.DsbNxs:
                b.Emit(IrOp.Barrier, IrType.Void, aux: (int)FullSynchronization(context));
                break;
            case A64Opcode.Isb:
                // What follows must be fetched anew: the block ends.
                b.Jump(context.GuestOffset + 4, polls: true);
                break;
        }

        return true;
    }

    private static BarrierKind FullSynchronization(in LiftContext context) =>
        context.Mode.ExceptionLevel == 0 ? BarrierKind.Full : BarrierKind.Completion;
}
