using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>EXTR, and ROR (immediate), its alias.</summary>
internal static class Extract
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue high = b.ReadGpr(type, i.Rn);
        if (i.Rn == i.Rm)
        {
            b.WriteGpr(i.Rd, b.Binary(IrOp.Ror, type, high, b.Const(type, (ulong)i.ImmS)));
            return true;
        }

        b.WriteGpr(i.Rd, b.Emit(IrOp.ExtractPair, type, high, b.ReadGpr(type, i.Rm), imm: (ulong)i.ImmS));
        return true;
    }
}
