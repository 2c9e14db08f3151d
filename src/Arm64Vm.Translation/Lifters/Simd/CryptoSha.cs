using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Cryptographic SHA-1, SHA-256, SHA-512, and the SHA-3 helpers.</summary>
internal static class CryptoSha
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrValue n = SimdOperand.Rn(context, i);
        if (i.Opcode == A64Opcode.Sha1h)
            return SimdOperand.Write(context, i, b.Vector(IrOp.VectorSha1FixedRotate, VectorShape.Q, 4, n));

        IrValue d = SimdOperand.Rd(context, i);
        IrOp op = TwoRegister(i.Opcode);
        if (op != IrOp.None)
            return SimdOperand.Write(context, i, b.Vector(op, VectorShape.Q, 4, d, n));
        op = ThreeRegister(i.Opcode);
        return op != IrOp.None && SimdOperand.Write(context, i, b.Vector(op, VectorShape.Q, 4, d, n, SimdOperand.Rm(context, i)));
    }

    /// <summary>EOR3, BCAX, RAX1, XAR, on 64-bit lanes.</summary>
    public static bool LiftSha3(in LiftContext context, A64Instruction i)
    {
        const VectorShape Q = VectorShape.Q;
        IrBuilder b = context.Builder;
        IrValue n = SimdOperand.Rn(context, i), m = SimdOperand.Rm(context, i);
        switch (i.Opcode)
        {
            case A64Opcode.Eor3:
                return SimdOperand.Write(context, i, b.VectorXor(Q, b.VectorXor(Q, n, m), b.ReadV(i.Ra)));
            case A64Opcode.Bcax:
                return SimdOperand.Write(context, i, b.VectorXor(Q, n, b.VectorAndNot(Q, m, b.ReadV(i.Ra))));
            case A64Opcode.Rax1:
                return SimdOperand.Write(context, i, b.VectorXor(Q, n, b.VectorShiftImm(IrOp.VectorRotateRightImm, Q, 8, m, 63)));
            case A64Opcode.Xar:
                return SimdOperand.Write(context, i, b.VectorShiftImm(IrOp.VectorRotateRightImm, Q, 8, b.VectorXor(Q, n, m), i.Imm6));
            default:
                return false;
        }
    }

    private static IrOp TwoRegister(A64Opcode opcode) => opcode switch
    {
        A64Opcode.Sha1su1 => IrOp.VectorSha1Schedule1,
        A64Opcode.Sha256su0 => IrOp.VectorSha256Schedule0,
        A64Opcode.Sha512su0 => IrOp.VectorSha512Schedule0,
        _ => IrOp.None,
    };

    private static IrOp ThreeRegister(A64Opcode opcode) => opcode switch
    {
        A64Opcode.Sha1c => IrOp.VectorSha1Choose,
        A64Opcode.Sha1p => IrOp.VectorSha1Parity,
        A64Opcode.Sha1m => IrOp.VectorSha1Majority,
        A64Opcode.Sha1su0 => IrOp.VectorSha1Schedule0,
        A64Opcode.Sha256h => IrOp.VectorSha256Hash,
        A64Opcode.Sha256h2 => IrOp.VectorSha256Hash2,
        A64Opcode.Sha256su1 => IrOp.VectorSha256Schedule1,
        A64Opcode.Sha512h => IrOp.VectorSha512Hash,
        A64Opcode.Sha512h2 => IrOp.VectorSha512Hash2,
        A64Opcode.Sha512su1 => IrOp.VectorSha512Schedule1,
        _ => IrOp.None,
    };
}
