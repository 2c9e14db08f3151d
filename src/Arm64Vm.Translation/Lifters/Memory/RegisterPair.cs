using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Two general registers as one value of twice the size, the first in the low half (CASP, LDXP, STXP).</summary>
internal static class RegisterPair
{
    /// <summary>The type of two halves of <paramref name="half"/> bytes: 4 or 8.</summary>
    public static IrType TypeOf(int half) => half == 8 ? IrType.V128 : IrType.I64;

    public static IrValue Join(IrBuilder b, int half, int low, int high)
    {
        if (half == 8)
            return b.VectorInsertElement(8, b.VectorBroadcast(VectorShape.Scalar, 8, b.ReadX(low)), 1, b.ReadX(high));
        return b.Emit(IrOp.BitsInsert, IrType.I64, b.ZeroExtend(b.ReadW(low)), b.ReadX(high), aux: 32, imm: 32);
    }

    public static void Split(IrBuilder b, int half, IrValue value, int low, int high)
    {
        if (half == 8)
        {
            b.WriteGpr(low, b.VectorExtractElement(IrType.I64, 8, value, 0));
            b.WriteGpr(high, b.VectorExtractElement(IrType.I64, 8, value, 1));
            return;
        }

        b.WriteGpr(low, b.Truncate(value));
        b.WriteGpr(high, b.Binary(IrOp.Shr, IrType.I64, value, b.Const64(32)));
    }
}
