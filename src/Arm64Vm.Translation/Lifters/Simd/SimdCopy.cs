using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD copy.</summary>
internal static class SimdCopy
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        // The lowest set bit of imm5 gives the element size, the bits above it the index.
        int imm5 = (int)i.Imm5;
        if ((imm5 & 15) == 0)
            return false;
        int log = int.TrailingZeroCount(imm5);
        int size = 1 << log, index = imm5 >> (log + 1);
        IrType source = size == 8 ? IrType.I64 : IrType.I32;
        IrType target = i.Q ? IrType.I64 : IrType.I32;
        switch (i.Opcode)
        {
            case A64Opcode.DupElementVector or A64Opcode.DupElementScalar:
                return SimdOperand.Write(context, i, b.VectorBroadcastElement(SimdOperand.ShapeOf(i), size, SimdOperand.Rn(context, i), index));
            case A64Opcode.DupGeneral:
                return SimdOperand.Write(context, i, b.VectorBroadcast(SimdOperand.ShapeOf(i), size, b.ReadGpr(source, i.Rn)));
            case A64Opcode.Smov:
                b.WriteGpr(i.Rd, b.VectorExtractElement(target, size, SimdOperand.Rn(context, i), index, signed: true));
                return true;
            case A64Opcode.Umov:
                b.WriteGpr(i.Rd, b.VectorExtractElement(target, size, SimdOperand.Rn(context, i), index));
                return true;
            case A64Opcode.InsGeneral:
                return SimdOperand.Write(context, i, b.VectorInsertElement(size, SimdOperand.Rd(context, i), index, b.ReadGpr(source, i.Rn)));
            case A64Opcode.InsElement:
                int from = (int)i.Bits(14, 11) >> log;
                return SimdOperand.Write(context, i, b.VectorInsertFromElement(size, SimdOperand.Rd(context, i), index, SimdOperand.Rn(context, i), from));
            default:
                return false;
        }
    }
}
