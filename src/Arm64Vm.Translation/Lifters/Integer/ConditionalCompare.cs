using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>CCMP, CCMN (register and immediate).</summary>
internal static class ConditionalCompare
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        bool immediate = i.Opcode is A64Opcode.CcmpImmediate or A64Opcode.CcmnImmediate;
        IrValue left = b.ReadGpr(type, i.Rn);
        IrValue right = immediate ? b.Const(type, i.Imm5) : b.ReadGpr(type, i.Rm);
        IrOp op = i.Bit(30) ? IrOp.CondCompare : IrOp.CondCompareNegative;
        b.WriteFlags(b.Emit(op, IrType.Flags, left, right, b.ReadFlags(), size: i.Sf ? 8 : 4, aux: i.Cond, imm: (ulong)i.Nzcv));
        return true;
    }
}
