using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD vector and scalar by element: floating-point.</summary>
internal static class SimdFpByElement
{
    /// <summary>False also for the integer members of the groups.</summary>
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = FloatOperand.Shape(i);
        IrOp op = Operation(i.Opcode);
        if (op != IrOp.None)
        {
            // Bits 23:22 are 00 for halves; otherwise bit 22 is sz.
            int size = i.Bit(23) ? FloatOperand.SimdSize(i) : 2;
            IrValue n = FloatOperand.Rn(context, i);
            IrValue addend = op >= IrOp.FloatMulAdd ? FloatOperand.Rd(context, i) : default;
            return FloatOperand.Write(context, i, b.Float(op, shape, size, n, Element(context, i, shape, size), addend));
        }

        switch (i.Opcode)
        {
            case A64Opcode.FmlalElement or A64Opcode.Fmlal2Element or A64Opcode.FmlslElement or A64Opcode.Fmlsl2Element:
                return SimdFpMultiplyLong.LiftLong(context, i, Element(context, i, VectorShape.Q, 2), subtract: i.Bit(14), second: i.U);
            case A64Opcode.FmlalElementFp8:
                return SimdFpMultiplyLong.LiftFp8(context, i, ByteElement(context, i));
            case A64Opcode.BfmlalElement:
                return SimdFpMultiplyLong.LiftBf16Long(context, i, Element(context, i, VectorShape.Q, 2));
            case A64Opcode.BfdotElement:
                return SimdFpMultiplyLong.LiftDot(context, i, Element(context, i, shape, 4));
            case A64Opcode.FcmlaElement:
                return SimdFpComplex.LiftMulAddElement(context, i);
            default:
                return false;
        }
    }

    /// <summary>Element H:L:M of V0–V15 (halves), H:L or H of V0–V31 (singles, doubles), in every lane.</summary>
    private static IrValue Element(in LiftContext context, A64Instruction i, VectorShape shape, int size)
    {
        int high = i.Bit(11) ? 1 : 0, low = i.Bit(21) ? 1 : 0, middle = i.Bit(20) ? 1 : 0;
        int index = size switch
        {
            2 => (high << 2) | (low << 1) | middle,
            4 => (high << 1) | low,
            _ => high,
        };
        IrValue source = context.Builder.ReadV(size == 2 ? i.Rm & 15 : i.Rm);
        return context.Builder.VectorBroadcastElement(shape, size, source, index);
    }

    /// <summary>Byte H:L:M:Rm[3] of V0–V7 in every lane.</summary>
    private static IrValue ByteElement(in LiftContext context, A64Instruction i)
    {
        int index = (i.Bit(11) ? 8 : 0) | (int)i.Bits(21, 19);
        return context.Builder.VectorBroadcastElement(VectorShape.Q, 1, context.Builder.ReadV(i.Rm & 7), index);
    }

    private static IrOp Operation(A64Opcode opcode) => opcode switch
    {
        A64Opcode.FmlaElementVector or A64Opcode.FmlaElementVectorHalf
            or A64Opcode.FmlaElementScalar or A64Opcode.FmlaElementScalarHalf => IrOp.FloatMulAdd,
        A64Opcode.FmlsElementVector or A64Opcode.FmlsElementVectorHalf
            or A64Opcode.FmlsElementScalar or A64Opcode.FmlsElementScalarHalf => IrOp.FloatMulSub,
        A64Opcode.FmulElementVector or A64Opcode.FmulElementVectorHalf
            or A64Opcode.FmulElementScalar or A64Opcode.FmulElementScalarHalf => IrOp.FloatMul,
        A64Opcode.FmulxElementVector or A64Opcode.FmulxElementVectorHalf
            or A64Opcode.FmulxElementScalar or A64Opcode.FmulxElementScalarHalf => IrOp.FloatMulX,
        _ => IrOp.None,
    };
}
