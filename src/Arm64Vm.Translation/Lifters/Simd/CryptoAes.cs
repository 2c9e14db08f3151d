using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Cryptographic AES.</summary>
internal static class CryptoAes
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrValue n = SimdOperand.Rn(context, i);
        switch (i.Opcode)
        {
            case A64Opcode.Aese:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorAesEncrypt, VectorShape.Q, 1, SimdOperand.Rd(context, i), n));
            case A64Opcode.Aesd:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorAesDecrypt, VectorShape.Q, 1, SimdOperand.Rd(context, i), n));
            case A64Opcode.Aesmc:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorAesMixColumns, VectorShape.Q, 1, n));
            case A64Opcode.Aesimc:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorAesInverseMixColumns, VectorShape.Q, 1, n));
            default:
                return false;
        }
    }
}
