using System.Numerics;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>SHA-1 (FIPS 180-4).</summary>
internal static partial class VectorOperations
{
    private static Bits128 Sha1Rounds(IrOp op, in Bits128 abcd, uint e, in Bits128 schedule)
    {
        uint a = Word(abcd, 0), b = Word(abcd, 1), c = Word(abcd, 2), d = Word(abcd, 3);
        for (int round = 0; round < 4; round++)
        {
            uint f = op switch
            {
                IrOp.VectorSha1Choose => Choose(b, c, d),
                IrOp.VectorSha1Parity => Parity(b, c, d),
                _ => Majority(b, c, d),
            };
            uint next = e + BitOperations.RotateLeft(a, 5) + f + Word(schedule, round);
            e = d;
            d = c;
            c = BitOperations.RotateLeft(b, 30);
            b = a;
            a = next;
        }

        return Words(a, b, c, d);
    }

    private static Bits128 Sha1Schedule1(in Bits128 d, in Bits128 n)
    {
        uint t0 = Word(d, 0) ^ Word(n, 1), t1 = Word(d, 1) ^ Word(n, 2), t2 = Word(d, 2) ^ Word(n, 3), t3 = Word(d, 3);
        return Words(
            BitOperations.RotateLeft(t0, 1),
            BitOperations.RotateLeft(t1, 1),
            BitOperations.RotateLeft(t2, 1),
            BitOperations.RotateLeft(t3, 1) ^ BitOperations.RotateLeft(t0, 2));
    }
}
