using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Scalar pairwise and across-lanes floating-point operations.</summary>
internal static class SimdFpReduce
{
    public static bool LiftPair(in LiftContext context, A64Instruction i)
    {
        IrOp op = Operation(i.Opcode);
        if (op == IrOp.None)
            return false;
        // U (bit 29) is clear in the FP16 encodings.
        int size = i.U ? FloatOperand.SimdSize(i) : 2;
        return FloatOperand.Write(context, i, Pair(context.Builder, op, size, FloatOperand.Rn(context, i)));
    }

    /// <summary>Reduce() of the Arm ARM: adjacent elements pair by pair, until one is left.</summary>
    public static bool LiftAcross(in LiftContext context, A64Instruction i)
    {
        IrOp op = Operation(i.Opcode);
        if (op == IrOp.None)
            return false;
        IrBuilder b = context.Builder;
        int size = i.U ? 4 : 2;
        IrValue n = FloatOperand.Rn(context, i);
        for (int lanes = (i.Q ? 16 : 8) / size; lanes > 2; lanes /= 2)
        {
            VectorShape shape = lanes * size == 16 ? VectorShape.Q : VectorShape.D;
            IrValue even = b.Vector(IrOp.VectorUnzip1, shape, size, n, n);
            IrValue odd = b.Vector(IrOp.VectorUnzip2, shape, size, n, n);
            // At most 8 bytes are left; where 4 are, the unzipped operands repeat them, which raises nothing new.
            n = b.Float(op, VectorShape.D, size, even, odd);
        }

        return FloatOperand.Write(context, i, Pair(b, op, size, n));
    }

    private static IrValue Pair(IrBuilder b, IrOp op, int size, IrValue n) =>
        b.Float(op, VectorShape.Scalar, size, n, b.VectorBroadcastElement(VectorShape.D, size, n, 1));

    private static IrOp Operation(A64Opcode opcode) => opcode switch
    {
        A64Opcode.FaddpScalar or A64Opcode.FaddpScalarHalf => IrOp.FloatAdd,
        A64Opcode.FmaxpScalar or A64Opcode.FmaxpScalarHalf or A64Opcode.Fmaxv or A64Opcode.FmaxvHalf => IrOp.FloatMax,
        A64Opcode.FminpScalar or A64Opcode.FminpScalarHalf or A64Opcode.Fminv or A64Opcode.FminvHalf => IrOp.FloatMin,
        A64Opcode.FmaxnmpScalar or A64Opcode.FmaxnmpScalarHalf or A64Opcode.Fmaxnmv or A64Opcode.FmaxnmvHalf => IrOp.FloatMaxNumber,
        A64Opcode.FminnmpScalar or A64Opcode.FminnmpScalarHalf or A64Opcode.Fminnmv or A64Opcode.FminnmvHalf => IrOp.FloatMinNumber,
        _ => IrOp.None,
    };
}
