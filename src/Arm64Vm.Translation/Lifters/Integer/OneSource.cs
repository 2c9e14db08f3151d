using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>RBIT, REV16, REV32, REV, CLZ, CLS, CTZ, CNT, ABS.</summary>
internal static class OneSource
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue source = b.ReadGpr(type, i.Rn);
        b.WriteGpr(i.Rd, i.Opcode switch
        {
            A64Opcode.Rbit => b.Unary(IrOp.ReverseBits, type, source),
            A64Opcode.Clz => b.Unary(IrOp.CountLeadingZeros, type, source),
            A64Opcode.Cls => b.Unary(IrOp.CountLeadingSigns, type, source),
            A64Opcode.Ctz => b.Unary(IrOp.CountTrailingZeros, type, source),
            A64Opcode.CntRegister => b.Unary(IrOp.PopulationCount, type, source),
            A64Opcode.AbsRegister => MinMax.Absolute(b, type, source),
            A64Opcode.Rev16 => b.Emit(IrOp.ReverseBytes, type, source, size: 2),
            A64Opcode.Rev32 => b.Emit(IrOp.ReverseBytes, type, source, size: 4),
            _ => b.Emit(IrOp.ReverseBytes, type, source, size: type == IrType.I64 ? 8 : 4),
        });
        return true;
    }
}
