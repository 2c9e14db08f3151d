using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD across lanes and scalar pairwise: integer.</summary>
internal static class SimdAcrossLanes
{
    /// <summary>False also for the floating-point members of the groups.</summary>
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrOp op = i.Opcode switch
        {
            A64Opcode.AddpScalar or A64Opcode.Addv or A64Opcode.Saddlv or A64Opcode.Uaddlv => IrOp.VectorReduceAdd,
            A64Opcode.Smaxv => IrOp.VectorReduceMaxSigned,
            A64Opcode.Umaxv => IrOp.VectorReduceMaxUnsigned,
            A64Opcode.Sminv => IrOp.VectorReduceMinSigned,
            A64Opcode.Uminv => IrOp.VectorReduceMinUnsigned,
            _ => IrOp.None,
        };
        if (op == IrOp.None)
            return false;

        IrValue n = SimdOperand.Rn(context, i);
        int size = SimdOperand.SizeOf(i);
        if (i.Opcode == A64Opcode.AddpScalar)
            return SimdOperand.Write(context, i, b.Vector(op, VectorShape.Q, 8, n));

        VectorShape shape = SimdOperand.ShapeOf(i);
        if (i.Opcode is A64Opcode.Saddlv or A64Opcode.Uaddlv)
        {
            // The sum fits elements of twice the size, so the pairs are widened first.
            n = b.Vector(i.U ? IrOp.VectorPairAddLongUnsigned : IrOp.VectorPairAddLongSigned, shape, size, n);
            size *= 2;
        }

        return SimdOperand.Write(context, i, b.Vector(op, shape, size, n));
    }
}
