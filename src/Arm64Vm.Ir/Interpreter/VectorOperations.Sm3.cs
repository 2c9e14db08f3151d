using System.Numerics;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>SM3 (GB/T 32905).</summary>
internal static partial class VectorOperations
{
    private static Bits128 Sm3SS1(in Bits128 n, in Bits128 m, in Bits128 a) =>
        Words(0, 0, 0, BitOperations.RotateLeft(BitOperations.RotateLeft(Word(n, 3), 12) + Word(m, 3) + Word(a, 3), 7));

    private static Bits128 Sm3TT1(in Bits128 d, in Bits128 n, uint w, bool majority)
    {
        uint x = Word(d, 3), y = Word(d, 2), z = Word(d, 1);
        uint t = (majority ? Majority(x, y, z) : Parity(x, y, z))
            + Word(d, 0) + (Word(n, 3) ^ BitOperations.RotateLeft(x, 12)) + w;
        return Words(z, BitOperations.RotateLeft(y, 9), x, t);
    }

    private static Bits128 Sm3TT2(in Bits128 d, in Bits128 n, uint w, bool choose)
    {
        uint x = Word(d, 3), y = Word(d, 2), z = Word(d, 1);
        uint t = (choose ? Choose(x, y, z) : Parity(x, y, z)) + Word(d, 0) + Word(n, 3) + w;
        return Words(z, BitOperations.RotateLeft(y, 19), x, t ^ BitOperations.RotateLeft(t, 9) ^ BitOperations.RotateLeft(t, 17));
    }

    /// <summary>The message expansion's permutation P1.</summary>
    private static uint Sm3P1(uint x) => x ^ BitOperations.RotateLeft(x, 15) ^ BitOperations.RotateLeft(x, 23);

    private static Bits128 Sm3PartW1(in Bits128 d, in Bits128 n, in Bits128 m)
    {
        Bits128 t = Xor(d, n);
        uint w0 = Sm3P1(Word(t, 0) ^ BitOperations.RotateLeft(Word(m, 1), 15));
        uint w1 = Sm3P1(Word(t, 1) ^ BitOperations.RotateLeft(Word(m, 2), 15));
        uint w2 = Sm3P1(Word(t, 2) ^ BitOperations.RotateLeft(Word(m, 3), 15));
        uint w3 = Sm3P1(Word(t, 3) ^ BitOperations.RotateLeft(w0, 15));
        return Words(w0, w1, w2, w3);
    }

    private static Bits128 Sm3PartW2(in Bits128 d, in Bits128 n, in Bits128 m)
    {
        uint t0 = Word(n, 0) ^ BitOperations.RotateLeft(Word(m, 0), 7);
        uint t1 = Word(n, 1) ^ BitOperations.RotateLeft(Word(m, 1), 7);
        uint t2 = Word(n, 2) ^ BitOperations.RotateLeft(Word(m, 2), 7);
        uint t3 = Word(n, 3) ^ BitOperations.RotateLeft(Word(m, 3), 7);
        return Words(Word(d, 0) ^ t0, Word(d, 1) ^ t1, Word(d, 2) ^ t2, Word(d, 3) ^ t3 ^ Sm3P1(BitOperations.RotateLeft(t0, 15)));
    }
}
