using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD permute, extract and table lookup.</summary>
internal static class SimdPermute
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        IrOp op;
        switch (i.Opcode)
        {
            case A64Opcode.Ext:
                IrValue extracted = b.Vector(
                    IrOp.VectorExtract, shape, 1, SimdOperand.Rn(context, i), SimdOperand.Rm(context, i), imm: i.Bits(14, 11));
                return SimdOperand.Write(context, i, extracted);
            case A64Opcode.Uzp1:
                op = IrOp.VectorUnzip1;
                break;
            case A64Opcode.Uzp2:
                op = IrOp.VectorUnzip2;
                break;
            case A64Opcode.Trn1:
                op = IrOp.VectorTranspose1;
                break;
            case A64Opcode.Trn2:
                op = IrOp.VectorTranspose2;
                break;
            case A64Opcode.Zip1:
                op = IrOp.VectorZip1;
                break;
            case A64Opcode.Zip2:
                op = IrOp.VectorZip2;
                break;
            default:
                return false;
        }

        return SimdOperand.Write(context, i, b.Vector(op, shape, SimdOperand.SizeOf(i), SimdOperand.Rn(context, i), SimdOperand.Rm(context, i)));
    }

    /// <summary>TBL, TBX: one lookup per table register, each leaving the bytes it does not index to the one before.</summary>
    public static bool LiftTable(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        IrValue index = SimdOperand.Rm(context, i);
        IrValue value = i.Opcode == A64Opcode.Tbx ? SimdOperand.Rd(context, i) : default;
        int registers = (int)i.Bits(14, 13) + 1;
        for (int k = 0; k < registers; k++)
            value = b.Vector(IrOp.VectorTable, shape, 1, index, b.ReadV((i.Rn + k) & 31), value, imm: (ulong)k * 16);
        return SimdOperand.Write(context, i, value);
    }
}
