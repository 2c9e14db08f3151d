using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>SYS and SYSL: cache and TLB maintenance, address translation, DC ZVA.</summary>
internal static class SystemInstruction
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        uint encoding = i.Bits(20, 5);
        if (i.Opcode == A64Opcode.Sysl)
        {
            b.WriteGpr(i.Rt, b.Emit(IrOp.ReadSystem, IrType.I64, imm: encoding));
            return true;
        }

        if (i is { Op1: 3, CRn: 7, CRm: 4, Op2: 1 })
        {
            b.Emit(IrOp.ZeroBlock, IrType.Void, b.ReadX(i.Rt));
            return true;
        }

        // Caches are transparent here, and translated code follows writes by itself. At EL0 SCTLR_EL1.UCI may trap.
        if (IsCacheMaintenance(i) && context.Mode.ExceptionLevel > 0)
            return true;

        b.Emit(IrOp.SystemOperation, IrType.Void, b.ReadX(i.Rt), imm: encoding);
        return true;
    }

    /// <summary>IC IALLUIS, IALLU, IVAU; DC IVAC, ISW, CSW, CISW, CVAC, CVAU, CIVAC (Arm ARM C5.3). CVAP and CVADP are not on every processor.</summary>
    private static bool IsCacheMaintenance(A64Instruction i)
    {
        if (i.CRn != 7)
            return false;
        return (i.Op1, i.CRm, i.Op2) switch
        {
            (0, 1, 0) or (0, 5, 0) or (3, 5, 1) => true,
            (0, 6, 1) or (0, 6, 2) or (0, 10, 2) or (0, 14, 2) => true,
            (3, 10 or 11 or 14, 1) => true,
            _ => false,
        };
    }
}
