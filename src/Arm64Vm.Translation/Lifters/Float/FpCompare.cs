using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>FCMP, FCMPE, FCCMP, FCCMPE, FCSEL.</summary>
internal static class FpCompare
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = FloatOperand.ScalarSize(i);
        IrValue n = FloatOperand.Rn(context, i);
        switch (i.Opcode)
        {
            case A64Opcode.Fcmp or A64Opcode.Fcmpe:
                IrValue right = i.Bit(3) ? b.VectorZero() : FloatOperand.Rm(context, i);
                b.WriteFlags(b.FloatCompare(size, n, right, signalNaNs: i.Opcode == A64Opcode.Fcmpe));
                return true;
            case A64Opcode.Fccmp or A64Opcode.Fccmpe:
                IrValue m = FloatOperand.Rm(context, i);
                bool signal = i.Opcode == A64Opcode.Fccmpe;
                b.WriteFlags(b.FloatCondCompare(size, n, m, (Condition)i.Cond, b.ReadFlags(), i.Nzcv, signal));
                return true;
            case A64Opcode.Fcsel:
                IrValue selected = b.Select(IrType.V128, (Condition)i.Cond, b.ReadFlags(), n, FloatOperand.Rm(context, i));
                return FloatOperand.Write(context, i, b.VectorClearAbove(VectorShape.Scalar, size, selected));
            default:
                return false;
        }
    }
}
