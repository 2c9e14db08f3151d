using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Floating-point data processing of two and three sources, and FMOV (scalar, immediate).</summary>
internal static class FpArithmetic
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = FloatOperand.ScalarSize(i);
        if (i.Opcode == A64Opcode.FmovScalarImmediate)
            return FloatOperand.Write(context, i, b.VectorConst(VectorShape.D, A64Immediates.ExpandFpImmediate(size * 8, i.Imm8)));

        IrOp op = Operation(i.Opcode);
        if (op == IrOp.None)
            return false;
        IrValue n = FloatOperand.Rn(context, i), m = FloatOperand.Rm(context, i);
        IrValue addend = op >= IrOp.FloatMulAdd ? b.ReadV(i.Ra) : default;
        return FloatOperand.Write(context, i, b.Float(op, VectorShape.Scalar, size, n, m, addend));
    }

    private static IrOp Operation(A64Opcode opcode) => opcode switch
    {
        A64Opcode.FmulScalar => IrOp.FloatMul,
        A64Opcode.FdivScalar => IrOp.FloatDiv,
        A64Opcode.FaddScalar => IrOp.FloatAdd,
        A64Opcode.FsubScalar => IrOp.FloatSub,
        A64Opcode.FmaxScalar => IrOp.FloatMax,
        A64Opcode.FminScalar => IrOp.FloatMin,
        A64Opcode.FmaxnmScalar => IrOp.FloatMaxNumber,
        A64Opcode.FminnmScalar => IrOp.FloatMinNumber,
        A64Opcode.FnmulScalar => IrOp.FloatNegMul,
        A64Opcode.Fmadd => IrOp.FloatMulAdd,
        A64Opcode.Fmsub => IrOp.FloatMulSub,
        A64Opcode.Fnmadd => IrOp.FloatNegMulAdd,
        A64Opcode.Fnmsub => IrOp.FloatNegMulSub,
        _ => IrOp.None,
    };
}
