using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD three-register extension: SQRDMLAH, SQRDMLSH, dot and matrix products of bytes.</summary>
internal static class SimdThreeSameExtra
{
    /// <summary>False also for the floating-point members of the group.</summary>
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrOp op = i.Opcode switch
        {
            A64Opcode.SqrdmlahVector or A64Opcode.SqrdmlahScalar => IrOp.VectorSaturatingRoundingDoublingMulAddHigh,
            A64Opcode.SqrdmlshVector or A64Opcode.SqrdmlshScalar => IrOp.VectorSaturatingRoundingDoublingMulSubHigh,
            A64Opcode.SdotVector => IrOp.VectorDotSigned,
            A64Opcode.UdotVector => IrOp.VectorDotUnsigned,
            A64Opcode.UsdotVector => IrOp.VectorDotUnsignedSigned,
            A64Opcode.Smmla => IrOp.VectorMatrixMulSigned,
            A64Opcode.Ummla => IrOp.VectorMatrixMulUnsigned,
            A64Opcode.Usmmla => IrOp.VectorMatrixMulUnsignedSigned,
            _ => IrOp.None,
        };
        if (op == IrOp.None)
            return false;

        IrValue n = SimdOperand.Rn(context, i), m = SimdOperand.Rm(context, i), d = SimdOperand.Rd(context, i);
        return SimdOperand.Write(context, i, context.Builder.Vector(op, SimdOperand.ShapeOf(i), SimdOperand.SizeOf(i), n, m, d));
    }
}
