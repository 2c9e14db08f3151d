using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD three same: bitwise.</summary>
internal static class SimdLogical
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        IrValue n = SimdOperand.Rn(context, i);
        // ORR with equal sources is the MOV of whole registers.
        if (i.Opcode == A64Opcode.OrrVector && i.Rn == i.Rm)
            return SimdOperand.Write(context, i, i.Q ? n : b.VectorClearAbove(VectorShape.D, 8, n));
        // EOR with equal sources is zero whatever they hold.
        if (i.Opcode == A64Opcode.EorVector && i.Rn == i.Rm)
            return SimdOperand.Write(context, i, b.VectorZero());

        IrValue m = SimdOperand.Rm(context, i);
        IrValue value;
        switch (i.Opcode)
        {
            case A64Opcode.AndVector:
                value = b.VectorAnd(shape, n, m);
                break;
            case A64Opcode.BicVector:
                value = b.VectorAndNot(shape, n, m);
                break;
            case A64Opcode.OrrVector:
                value = b.VectorOr(shape, n, m);
                break;
            case A64Opcode.OrnVector:
                value = b.Vector(IrOp.VectorOrNot, shape, 8, n, m);
                break;
            case A64Opcode.EorVector:
                value = b.VectorXor(shape, n, m);
                break;
            case A64Opcode.Bsl:
                value = b.VectorBitSelect(shape, SimdOperand.Rd(context, i), n, m);
                break;
            case A64Opcode.Bit:
                value = b.VectorBitSelect(shape, m, n, SimdOperand.Rd(context, i));
                break;
            case A64Opcode.Bif:
                value = b.VectorBitSelect(shape, m, SimdOperand.Rd(context, i), n);
                break;
            default:
                return false;
        }

        return SimdOperand.Write(context, i, value);
    }
}
