using System.Numerics;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>SHA-256 and SHA-512 (FIPS 180-4).</summary>
internal static partial class VectorOperations
{
    /// <summary>Four rounds; the first or the second half of the state.</summary>
    private static Bits128 Sha256Rounds(in Bits128 abcd, in Bits128 efgh, in Bits128 schedule, bool second)
    {
        Bits128 x = abcd, y = efgh;
        for (int round = 0; round < 4; round++)
        {
            uint a = Word(x, 0), e = Word(y, 0);
            uint sum1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
            uint sum0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
            uint t1 = Word(y, 3) + sum1 + Choose(e, Word(y, 1), Word(y, 2)) + Word(schedule, round);
            uint t2 = sum0 + Majority(a, Word(x, 1), Word(x, 2));
            y = Words(Word(x, 3) + t1, e, Word(y, 1), Word(y, 2));
            x = Words(t1 + t2, a, Word(x, 1), Word(x, 2));
        }

        return second ? y : x;
    }

    private static Bits128 Sha256Schedule0(in Bits128 d, in Bits128 n) => Words(
        Word(d, 0) + Sha256Sigma0(Word(d, 1)),
        Word(d, 1) + Sha256Sigma0(Word(d, 2)),
        Word(d, 2) + Sha256Sigma0(Word(d, 3)),
        Word(d, 3) + Sha256Sigma0(Word(n, 0)));

    private static Bits128 Sha256Schedule1(in Bits128 d, in Bits128 n, in Bits128 m)
    {
        uint w0 = Word(d, 0) + Word(n, 1) + Sha256Sigma1(Word(m, 2));
        uint w1 = Word(d, 1) + Word(n, 2) + Sha256Sigma1(Word(m, 3));
        uint w2 = Word(d, 2) + Word(n, 3) + Sha256Sigma1(w0);
        uint w3 = Word(d, 3) + Word(m, 0) + Sha256Sigma1(w1);
        return Words(w0, w1, w2, w3);
    }

    private static uint Sha256Sigma0(uint w) => BitOperations.RotateRight(w, 7) ^ BitOperations.RotateRight(w, 18) ^ (w >> 3);

    private static uint Sha256Sigma1(uint w) => BitOperations.RotateRight(w, 17) ^ BitOperations.RotateRight(w, 19) ^ (w >> 10);

    private static Bits128 Sha512Hash(in Bits128 d, in Bits128 n, in Bits128 m)
    {
        ulong high = d.Hi + Sha512Sum1(m.Hi) + ((m.Hi & n.Lo) ^ (~m.Hi & n.Hi));
        ulong e = high + m.Lo;
        ulong low = d.Lo + Sha512Sum1(e) + ((e & m.Hi) ^ (~e & n.Lo));
        return new Bits128(low, high);
    }

    private static Bits128 Sha512Hash2(in Bits128 d, in Bits128 n, in Bits128 m)
    {
        ulong high = d.Hi + Sha512Sum0(m.Lo) + ((n.Lo & m.Hi) ^ (n.Lo & m.Lo) ^ (m.Hi & m.Lo));
        ulong low = d.Lo + Sha512Sum0(high) + ((high & m.Lo) ^ (high & m.Hi) ^ (m.Hi & m.Lo));
        return new Bits128(low, high);
    }

    private static ulong Sha512Sum0(ulong w) => BitOperations.RotateRight(w, 28) ^ BitOperations.RotateRight(w, 34) ^ BitOperations.RotateRight(w, 39);

    private static ulong Sha512Sum1(ulong w) => BitOperations.RotateRight(w, 14) ^ BitOperations.RotateRight(w, 18) ^ BitOperations.RotateRight(w, 41);

    private static ulong Sha512Sigma0(ulong w) => BitOperations.RotateRight(w, 1) ^ BitOperations.RotateRight(w, 8) ^ (w >> 7);

    private static ulong Sha512Sigma1(ulong w) => BitOperations.RotateRight(w, 19) ^ BitOperations.RotateRight(w, 61) ^ (w >> 6);
}
