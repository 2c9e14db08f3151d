using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD vector and scalar by element: integer.</summary>
internal static class SimdByElement
{
    /// <summary>False also for the floating-point members of the group.</summary>
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        switch (i.Opcode)
        {
            case A64Opcode.SdotElement:
                return Dot(context, i, IrOp.VectorDotSigned, SimdOperand.Rn(context, i), Element(context, i, shape, 4));
            case A64Opcode.UdotElement:
                return Dot(context, i, IrOp.VectorDotUnsigned, SimdOperand.Rn(context, i), Element(context, i, shape, 4));
            case A64Opcode.UsdotElement:
                return Dot(context, i, IrOp.VectorDotUnsignedSigned, SimdOperand.Rn(context, i), Element(context, i, shape, 4));
            case A64Opcode.SudotElement:
                return Dot(context, i, IrOp.VectorDotUnsignedSigned, Element(context, i, shape, 4), SimdOperand.Rn(context, i));
            case A64Opcode.BfdotElement or A64Opcode.BfmlalElement:
                return false;
        }

        int size = SimdOperand.SizeOf(i);
        if (size is not (2 or 4))
            return false;
        IrValue n, m;
        IrOp op = SameSize(i.Opcode);
        if (op == IrOp.None)
        {
            if (!IsLong(i.Opcode))
                return false;
            n = SimdOperand.Rn(context, i);
            m = Element(context, i, i.Bit(28) ? VectorShape.Scalar : VectorShape.Q, size);
            return SimdThreeDifferent.MultiplyLong(context, i, size, high: i.Q && !i.Bit(28), n, m);
        }

        n = SimdOperand.Rn(context, i);
        m = Element(context, i, shape, size);
        IrValue value;
        switch (i.Opcode)
        {
            case A64Opcode.MlaElement:
                value = b.VectorAdd(shape, size, SimdOperand.Rd(context, i), b.Vector(op, shape, size, n, m));
                break;
            case A64Opcode.MlsElement:
                value = b.VectorSub(shape, size, SimdOperand.Rd(context, i), b.Vector(op, shape, size, n, m));
                break;
            case A64Opcode.SqrdmlahElementVector or A64Opcode.SqrdmlahElementScalar or A64Opcode.SqrdmlshElementVector or A64Opcode.SqrdmlshElementScalar:
                value = b.Vector(op, shape, size, n, m, SimdOperand.Rd(context, i));
                break;
            default:
                value = b.Vector(op, shape, size, n, m);
                break;
        }

        return SimdOperand.Write(context, i, value);
    }

    /// <summary>Element H:L:M of V0–V15 (halfwords) or H:L of V0–V31 (words), in every lane.</summary>
    private static IrValue Element(in LiftContext context, A64Instruction i, VectorShape shape, int size)
    {
        int high = i.Bit(11) ? 1 : 0, low = i.Bit(21) ? 1 : 0, middle = i.Bit(20) ? 1 : 0;
        int index = size == 2 ? (high << 2) | (low << 1) | middle : (high << 1) | low;
        int register = size == 2 ? i.Rm & 15 : i.Rm;
        return context.Builder.VectorBroadcastElement(shape, size, context.Builder.ReadV(register), index);
    }

    private static bool Dot(in LiftContext context, A64Instruction i, IrOp op, IrValue a, IrValue b) =>
        SimdOperand.Write(context, i, context.Builder.Vector(op, SimdOperand.ShapeOf(i), 4, a, b, SimdOperand.Rd(context, i)));

    private static IrOp SameSize(A64Opcode opcode) => opcode switch
    {
        A64Opcode.MulElement or A64Opcode.MlaElement or A64Opcode.MlsElement => IrOp.VectorMul,
        A64Opcode.SqdmulhElementVector or A64Opcode.SqdmulhElementScalar => IrOp.VectorSaturatingDoublingMulHigh,
        A64Opcode.SqrdmulhElementVector or A64Opcode.SqrdmulhElementScalar => IrOp.VectorSaturatingRoundingDoublingMulHigh,
        A64Opcode.SqrdmlahElementVector or A64Opcode.SqrdmlahElementScalar => IrOp.VectorSaturatingRoundingDoublingMulAddHigh,
        A64Opcode.SqrdmlshElementVector or A64Opcode.SqrdmlshElementScalar => IrOp.VectorSaturatingRoundingDoublingMulSubHigh,
        _ => IrOp.None,
    };

    private static bool IsLong(A64Opcode opcode) => opcode is
        A64Opcode.SmlalElement or A64Opcode.SmlslElement or A64Opcode.SmullElement
        or A64Opcode.UmlalElement or A64Opcode.UmlslElement or A64Opcode.UmullElement
        or A64Opcode.SqdmlalElementVector or A64Opcode.SqdmlslElementVector or A64Opcode.SqdmullElementVector
        or A64Opcode.SqdmlalElementScalar or A64Opcode.SqdmlslElementScalar or A64Opcode.SqdmullElementScalar;
}
