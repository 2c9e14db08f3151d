using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;
using ArmSha256 = System.Runtime.Intrinsics.Arm.Sha256;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace Arm64Vm.Backend.Il;

/// <summary>AES and SHA-256 with host instructions or in plain code. <see cref="IsAesAccelerated"/> says whether there is code for AES at all.</summary>
internal static partial class VectorCode
{
    public static bool IsAesAccelerated => X86Aes.IsSupported || ArmAes.IsSupported;

    public static Vector128<byte> AesEncrypt(Vector128<byte> a, Vector128<byte> b) =>
        ArmAes.IsSupported ? ArmAes.Encrypt(a, b) : X86Aes.EncryptLast(a ^ b, Vector128<byte>.Zero);

    public static Vector128<byte> AesDecrypt(Vector128<byte> a, Vector128<byte> b) =>
        ArmAes.IsSupported ? ArmAes.Decrypt(a, b) : X86Aes.DecryptLast(a ^ b, Vector128<byte>.Zero);

    /// <summary>On x86 a whole round of a state whose other half was undone before.</summary>
    public static Vector128<byte> AesMixColumns(Vector128<byte> a) =>
        ArmAes.IsSupported ? ArmAes.MixColumns(a) : X86Aes.Encrypt(X86Aes.DecryptLast(a, Vector128<byte>.Zero), Vector128<byte>.Zero);

    public static Vector128<byte> AesInverseMixColumns(Vector128<byte> a) =>
        ArmAes.IsSupported ? ArmAes.InverseMixColumns(a) : X86Aes.InverseMixColumns(a);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> Sha256Hash(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        if (ArmSha256.IsSupported)
            return ArmSha256.HashUpdate1(a.AsUInt32(), b.AsUInt32(), c.AsUInt32()).AsByte();
        Vector128<uint> x = a.AsUInt32(), y = b.AsUInt32();
        Rounds(ref x, ref y, c.AsUInt32());
        return x.AsByte();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> Sha256Hash2(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        if (ArmSha256.IsSupported)
            return ArmSha256.HashUpdate2(a.AsUInt32(), b.AsUInt32(), c.AsUInt32()).AsByte();
        // SHA256H2 names the halves the other way round.
        Vector128<uint> x = b.AsUInt32(), y = a.AsUInt32();
        Rounds(ref x, ref y, c.AsUInt32());
        return y.AsByte();
    }

    /// <summary>Four rounds on a–d and e–h (FIPS 180-4, 6.2.2).</summary>
    private static void Rounds(ref Vector128<uint> abcd, ref Vector128<uint> efgh, Vector128<uint> schedule)
    {
        uint a = abcd.GetElement(0), b = abcd.GetElement(1), c = abcd.GetElement(2), d = abcd.GetElement(3);
        uint e = efgh.GetElement(0), f = efgh.GetElement(1), g = efgh.GetElement(2), h = efgh.GetElement(3);
        for (int round = 0; round < 4; round++)
        {
            uint t1 = h + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25))
                + (((f ^ g) & e) ^ g) + schedule.GetElement(round);
            uint t2 = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22)) + ((a & b) | ((a | b) & c));
            (h, g, f, e) = (g, f, e, d + t1);
            (d, c, b, a) = (c, b, a, t1 + t2);
        }

        abcd = Vector128.Create(a, b, c, d);
        efgh = Vector128.Create(e, f, g, h);
    }

    public static Vector128<byte> Sha256Schedule0(Vector128<byte> a, Vector128<byte> b)
    {
        // d[1], d[2], d[3], n[0]
        Vector128<uint> d = a.AsUInt32();
        Vector128<uint> w = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 3)).WithElement(3, b.AsUInt32().ToScalar());
        Vector128<uint> sigma = Rotate(w, 7) ^ Rotate(w, 18) ^ (w >> 3);
        return (d + sigma).AsByte();
    }

    public static Vector128<byte> Sha256Schedule1(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        Vector128<uint> d = a.AsUInt32(), n = b.AsUInt32(), m = c.AsUInt32();
        uint w0 = d.GetElement(0) + n.GetElement(1) + Sigma1(m.GetElement(2));
        uint w1 = d.GetElement(1) + n.GetElement(2) + Sigma1(m.GetElement(3));
        uint w2 = d.GetElement(2) + n.GetElement(3) + Sigma1(w0);
        uint w3 = d.GetElement(3) + m.GetElement(0) + Sigma1(w1);
        return Vector128.Create(w0, w1, w2, w3).AsByte();
    }

    private static uint Sigma1(uint w) => BitOperations.RotateRight(w, 17) ^ BitOperations.RotateRight(w, 19) ^ (w >> 10);

    private static Vector128<uint> Rotate(Vector128<uint> w, int amount) => (w >> amount) | (w << (32 - amount));
}
