using System.Numerics;

namespace Arm64Vm.Ir.Interpreter;

internal static partial class VectorOperations
{
    private static Bits128 Crypto(in IrInst i, in Operands o) => i.Op switch
    {
        IrOp.VectorAesEncrypt => AesSubShift(Xor(o.A, o.B), inverse: false),
        IrOp.VectorAesDecrypt => AesSubShift(Xor(o.A, o.B), inverse: true),
        IrOp.VectorAesMixColumns => AesMixColumns(o.A, inverse: false),
        IrOp.VectorAesInverseMixColumns => AesMixColumns(o.A, inverse: true),
        IrOp.VectorSha1Choose or IrOp.VectorSha1Parity or IrOp.VectorSha1Majority => Sha1Rounds(i.Op, o.A, Word(o.B, 0), o.C),
        IrOp.VectorSha1FixedRotate => new Bits128(BitOperations.RotateLeft(Word(o.A, 0), 30), 0),
        IrOp.VectorSha1Schedule0 => Xor(Xor(new Bits128(o.A.Hi, o.B.Lo), o.A), o.C),
        IrOp.VectorSha1Schedule1 => Sha1Schedule1(o.A, o.B),
        IrOp.VectorSha256Hash => Sha256Rounds(o.A, o.B, o.C, second: false),
        IrOp.VectorSha256Hash2 => Sha256Rounds(o.B, o.A, o.C, second: true),
        IrOp.VectorSha256Schedule0 => Sha256Schedule0(o.A, o.B),
        IrOp.VectorSha256Schedule1 => Sha256Schedule1(o.A, o.B, o.C),
        IrOp.VectorSha512Hash => Sha512Hash(o.A, o.B, o.C),
        IrOp.VectorSha512Hash2 => Sha512Hash2(o.A, o.B, o.C),
        IrOp.VectorSha512Schedule0 => new Bits128(o.A.Lo + Sha512Sigma0(o.A.Hi), o.A.Hi + Sha512Sigma0(o.B.Lo)),
        IrOp.VectorSha512Schedule1 => new Bits128(o.A.Lo + Sha512Sigma1(o.B.Lo) + o.C.Lo, o.A.Hi + Sha512Sigma1(o.B.Hi) + o.C.Hi),
        IrOp.VectorSm3SS1 => Sm3SS1(o.A, o.B, o.C),
        IrOp.VectorSm3TT1A or IrOp.VectorSm3TT1B => Sm3TT1(o.A, o.B, Word(o.C, (int)i.Imm), majority: i.Op == IrOp.VectorSm3TT1B),
        IrOp.VectorSm3TT2A or IrOp.VectorSm3TT2B => Sm3TT2(o.A, o.B, Word(o.C, (int)i.Imm), choose: i.Op == IrOp.VectorSm3TT2B),
        IrOp.VectorSm3PartW1 => Sm3PartW1(o.A, o.B, o.C),
        IrOp.VectorSm3PartW2 => Sm3PartW2(o.A, o.B, o.C),
        IrOp.VectorSm4Encode => Sm4Rounds(o.A, o.B, keySchedule: false),
        IrOp.VectorSm4Key => Sm4Rounds(o.A, o.B, keySchedule: true),
        _ => throw new InvalidOperationException($"{i.Op} is not cryptographic"),
    };

    private static Bits128 Xor(in Bits128 a, in Bits128 b) => new(a.Lo ^ b.Lo, a.Hi ^ b.Hi);

    /// <summary>x chooses between y (1) and z (0).</summary>
    private static uint Choose(uint x, uint y, uint z) => ((y ^ z) & x) ^ z;

    private static uint Parity(uint x, uint y, uint z) => x ^ y ^ z;

    private static uint Majority(uint x, uint y, uint z) => (x & y) | ((x | y) & z);
}
