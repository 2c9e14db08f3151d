using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>MOVZ, MOVN, MOVK.</summary>
internal static class MoveWide
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        int position = i.Hw * 16;
        if (i.Opcode == A64Opcode.Movk)
        {
            IrValue old = b.ReadGpr(type, i.Rd);
            b.WriteGpr(i.Rd, b.Emit(IrOp.BitsInsert, type, old, b.Const(type, i.Imm16), aux: position, imm: 16));
            return true;
        }

        ulong value = (ulong)i.Imm16 << position;
        b.WriteGpr(i.Rd, b.Const(type, i.Opcode == A64Opcode.Movn ? ~value : value));
        return true;
    }
}
