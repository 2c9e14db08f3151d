using System.Buffers.Binary;
using System.Security.Cryptography;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Ir.Tests.Vector;

/// <summary>The cryptographic operations put together as a guest would, against published values and the host's library.</summary>
public class VectorCryptoTests
{
    private static Bits128 Evaluate(IrOp op, Bits128 a, Bits128 b = default, Bits128 c = default)
    {
        FpEnvironment fp = default;
        return VectorOperations.Evaluate(new IrInst { Op = op, Type = IrType.V128, Size = 4 }, new Operands { A = a, B = b, C = c }, ref fp);
    }

    private static Bits128 FromHex(string bytes)
    {
        byte[] data = Convert.FromHexString(bytes);
        return new Bits128(BinaryPrimitives.ReadUInt64LittleEndian(data), BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(8)));
    }

    [Fact]
    public void AesRoundIsThatOfFips197AppendixB()
    {
        Bits128 start = FromHex("3243f6a8885a308d313198a2e0370734");
        Bits128 key = FromHex("2b7e151628aed2a6abf7158809cf4f3c");
        Bits128 shifted = Evaluate(IrOp.VectorAesEncrypt, start, key);
        Assert.Equal(FromHex("d4bf5d30e0b452aeb84111f11e2798e5"), shifted);
        Bits128 mixed = Evaluate(IrOp.VectorAesMixColumns, shifted);
        Assert.Equal(FromHex("046681e5e0cb199a48f8d37a2806264c"), mixed);
        Assert.Equal(shifted, Evaluate(IrOp.VectorAesInverseMixColumns, mixed));
        Bits128 whitened = new(start.Lo ^ key.Lo, start.Hi ^ key.Hi);
        Assert.Equal(whitened, Evaluate(IrOp.VectorAesDecrypt, shifted));
    }

    private static Bits128[] Block(int words)
    {
        byte[] block = new byte[64];
        "abc"u8.CopyTo(block);
        block[3] = 0x80;
        block[63] = 24;
        var w = new Bits128[words / 4];
        for (int i = 0; i < 16; i++)
            w[i / 4].SetElement(4, i & 3, BinaryPrimitives.ReadUInt32BigEndian(block.AsSpan(i * 4)));
        return w;
    }

    private static Bits128 Words(uint w0, uint w1, uint w2, uint w3) => new(w0 | ((ulong)w1 << 32), w2 | ((ulong)w3 << 32));

    private static Bits128 AddWords(Bits128 a, Bits128 b) => Evaluate(IrOp.VectorAdd, a, b);

    private static string Digest(params Bits128[] state)
    {
        byte[] bytes = new byte[state.Length * 16];
        for (int i = 0; i < state.Length * 4; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), (uint)state[i / 4].Element(4, i & 3));
        return Convert.ToHexString(bytes);
    }

    /// <summary>The fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2), by integer search.</summary>
    private static uint[] Sha256Constants()
    {
        var constants = new uint[64];
        int count = 0;
        for (int candidate = 2; count < 64; candidate++)
        {
            bool prime = true;
            for (int d = 2; d * d <= candidate; d++)
                prime &= candidate % d != 0;
            if (!prime)
                continue;
            UInt128 target = (UInt128)candidate << 96, root = 0;
            for (int bit = 36; bit >= 0; bit--)
            {
                UInt128 trial = root | (UInt128.One << bit);
                if (trial * trial * trial <= target)
                    root = trial;
            }

            constants[count++] = (uint)root;
        }

        return constants;
    }

    [Fact]
    public void Sha256OfAbc()
    {
        uint[] k = Sha256Constants();
        Bits128[] w = Block(64);
        for (int i = 4; i < 16; i++)
            w[i] = Evaluate(IrOp.VectorSha256Schedule1, Evaluate(IrOp.VectorSha256Schedule0, w[i - 4], w[i - 3]), w[i - 2], w[i - 1]);
        Bits128 abcd = Words(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a), efgh = Words(0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
        Bits128 x = abcd, y = efgh;
        for (int i = 0; i < 16; i++)
        {
            Bits128 wk = AddWords(w[i], Words(k[i * 4], k[(i * 4) + 1], k[(i * 4) + 2], k[(i * 4) + 3]));
            Bits128 first = Evaluate(IrOp.VectorSha256Hash, x, y, wk);
            y = Evaluate(IrOp.VectorSha256Hash2, y, x, wk);
            x = first;
        }

        Assert.Equal(Convert.ToHexString(SHA256.HashData("abc"u8)), Digest(AddWords(abcd, x), AddWords(efgh, y)));
    }

    [Fact]
    public void Sha1OfAbc()
    {
        Bits128[] w = Block(80);
        for (int i = 4; i < 20; i++)
            w[i] = Evaluate(IrOp.VectorSha1Schedule1, Evaluate(IrOp.VectorSha1Schedule0, w[i - 4], w[i - 3], w[i - 2]), w[i - 1]);
        Bits128 initial = Words(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476), abcd = initial;
        var e = new Bits128(0xc3d2e1f0, 0);
        for (int i = 0; i < 20; i++)
        {
            (IrOp op, uint k) = (i / 5) switch
            {
                0 => (IrOp.VectorSha1Choose, 0x5a827999u),
                1 => (IrOp.VectorSha1Parity, 0x6ed9eba1u),
                2 => (IrOp.VectorSha1Majority, 0x8f1bbcdcu),
                _ => (IrOp.VectorSha1Parity, 0xca62c1d6u),
            };
            Bits128 next = Evaluate(op, abcd, e, AddWords(w[i], Words(k, k, k, k)));
            e = Evaluate(IrOp.VectorSha1FixedRotate, abcd);
            abcd = next;
        }

        string expected = Convert.ToHexString(SHA1.HashData("abc"u8));
        string actual = Digest(AddWords(initial, abcd), AddWords(new Bits128(0xc3d2e1f0, 0), e))[..40];
        Assert.Equal(expected, actual);
    }
}
