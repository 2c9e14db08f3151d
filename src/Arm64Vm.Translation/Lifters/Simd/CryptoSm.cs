using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Cryptographic SM3 and SM4.</summary>
internal static class CryptoSm
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        const VectorShape Q = VectorShape.Q;
        IrBuilder b = context.Builder;
        IrValue n = SimdOperand.Rn(context, i);
        IrOp op;
        switch (i.Opcode)
        {
            case A64Opcode.Sm3ss1:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorSm3SS1, Q, 4, n, SimdOperand.Rm(context, i), b.ReadV(i.Ra)));
            case A64Opcode.Sm4e:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorSm4Encode, Q, 4, SimdOperand.Rd(context, i), n));
            case A64Opcode.Sm4ekey:
                return SimdOperand.Write(context, i, b.Vector(IrOp.VectorSm4Key, Q, 4, n, SimdOperand.Rm(context, i)));
            case A64Opcode.Sm3tt1a:
                op = IrOp.VectorSm3TT1A;
                break;
            case A64Opcode.Sm3tt1b:
                op = IrOp.VectorSm3TT1B;
                break;
            case A64Opcode.Sm3tt2a:
                op = IrOp.VectorSm3TT2A;
                break;
            case A64Opcode.Sm3tt2b:
                op = IrOp.VectorSm3TT2B;
                break;
            case A64Opcode.Sm3partw1:
                op = IrOp.VectorSm3PartW1;
                break;
            case A64Opcode.Sm3partw2:
                op = IrOp.VectorSm3PartW2;
                break;
            default:
                return false;
        }

        // Bits 13:12 are the index of the TT forms and zero in the PARTW forms.
        ulong index = op is IrOp.VectorSm3PartW1 or IrOp.VectorSm3PartW2 ? 0 : i.Bits(13, 12);
        return SimdOperand.Write(context, i, b.Vector(op, Q, 4, SimdOperand.Rd(context, i), n, SimdOperand.Rm(context, i), imm: index));
    }
}
