using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>CSEL, CSINC, CSINV, CSNEG.</summary>
internal static class ConditionalSelect
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue whenTrue = b.ReadGpr(type, i.Rn);
        IrValue whenFalse = b.ReadGpr(type, i.Rm);
        whenFalse = i.Opcode switch
        {
            A64Opcode.Csinc => b.Add(type, whenFalse, b.Const(type, 1)),
            A64Opcode.Csinv => b.Not(type, whenFalse),
            A64Opcode.Csneg => b.Unary(IrOp.Neg, type, whenFalse),
            _ => whenFalse,
        };
        b.WriteGpr(i.Rd, b.Select(type, (Condition)i.Cond, b.ReadFlags(), whenTrue, whenFalse));
        return true;
    }
}
