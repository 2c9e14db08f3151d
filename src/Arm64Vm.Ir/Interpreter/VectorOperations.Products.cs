using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>Dot products, matrix products and integer estimates: 32-bit lanes.</summary>
internal static partial class VectorOperations
{
    private static Bits128 SumsOfProducts(in IrInst i, in Operands o)
    {
        Bits128 result = default;
        int lanes = Lanes(i.Shape, 4);
        for (int lane = 0; lane < lanes; lane++)
        {
            uint value = i.Op switch
            {
                IrOp.VectorDotUnsigned => Dot(o, lane, lane * 4, lane * 4, 4, signedA: false, signedB: false),
                IrOp.VectorDotSigned => Dot(o, lane, lane * 4, lane * 4, 4, signedA: true, signedB: true),
                IrOp.VectorDotUnsignedSigned => Dot(o, lane, lane * 4, lane * 4, 4, signedA: false, signedB: true),
                IrOp.VectorMatrixMulUnsigned => Dot(o, lane, (lane & 2) * 4, (lane & 1) * 8, 8, signedA: false, signedB: false),
                IrOp.VectorMatrixMulSigned => Dot(o, lane, (lane & 2) * 4, (lane & 1) * 8, 8, signedA: true, signedB: true),
                IrOp.VectorMatrixMulUnsignedSigned => Dot(o, lane, (lane & 2) * 4, (lane & 1) * 8, 8, signedA: false, signedB: true),
                IrOp.VectorReciprocalEstimate => Fp.UnsignedRecipEstimate(Word(o.A, lane)),
                IrOp.VectorReciprocalSqrtEstimate => Fp.UnsignedRSqrtEstimate(Word(o.A, lane)),
                _ => throw new InvalidOperationException($"{i.Op} is not a sum of products"),
            };
            result.SetElement(4, lane, value);
        }

        return result;
    }

    private static uint Dot(in Operands o, int lane, int firstA, int firstB, int count, bool signedA, bool signedB)
    {
        long sum = Word(o.C, lane);
        for (int k = 0; k < count; k++)
        {
            long a = signedA ? SignedElement(o.A, 1, firstA + k) : (long)o.A.Element(1, firstA + k);
            long b = signedB ? SignedElement(o.B, 1, firstB + k) : (long)o.B.Element(1, firstB + k);
            sum += a * b;
        }

        return (uint)sum;
    }
}
