using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Arm64Vm.Backend.Il;

/// <summary>Moving elements, and operations between element sizes.</summary>
internal static partial class VectorCode
{
    public static Vector128<byte> Const(ulong imm) => Vector128.Create(imm).AsByte();

    public static Vector128<byte> Broadcast1(uint value) => Vector128.Create((byte)value);

    public static Vector128<byte> Broadcast2(uint value) => Vector128.Create((ushort)value).AsByte();

    public static Vector128<byte> Broadcast4(uint value) => Vector128.Create(value).AsByte();

    public static Vector128<byte> Broadcast8(ulong value) => Vector128.Create(value).AsByte();

    public static Vector128<byte> BroadcastElement<T>(Vector128<byte> a, int aux)
        where T : struct => Bytes(Vector128.Create(As<T>(a).GetElement(aux)));

    public static Vector128<byte> InsertElement1(Vector128<byte> a, uint value, int aux) => a.WithElement(aux, (byte)value);

    public static Vector128<byte> InsertElement2(Vector128<byte> a, uint value, int aux) => a.AsUInt16().WithElement(aux, (ushort)value).AsByte();

    public static Vector128<byte> InsertElement4(Vector128<byte> a, uint value, int aux) => a.AsUInt32().WithElement(aux, value).AsByte();

    public static Vector128<byte> InsertElement8(Vector128<byte> a, ulong value, int aux) => a.AsUInt64().WithElement(aux, value).AsByte();

    public static Vector128<byte> InsertFromElement<T>(Vector128<byte> a, Vector128<byte> b, int aux, int imm)
        where T : struct => Bytes(As<T>(a).WithElement(aux, As<T>(b).GetElement(imm)));

    public static ulong ExtractElementUnsigned1(Vector128<byte> a, int aux) => a.GetElement(aux);

    public static ulong ExtractElementUnsigned2(Vector128<byte> a, int aux) => a.AsUInt16().GetElement(aux);

    public static ulong ExtractElementUnsigned4(Vector128<byte> a, int aux) => a.AsUInt32().GetElement(aux);

    public static ulong ExtractElementUnsigned8(Vector128<byte> a, int aux) => a.AsUInt64().GetElement(aux);

    public static ulong ExtractElementSigned1(Vector128<byte> a, int aux) => (ulong)a.AsSByte().GetElement(aux);

    public static ulong ExtractElementSigned2(Vector128<byte> a, int aux) => (ulong)a.AsInt16().GetElement(aux);

    public static ulong ExtractElementSigned4(Vector128<byte> a, int aux) => (ulong)a.AsInt32().GetElement(aux);

    public static Vector128<byte> Combine(Vector128<byte> a, Vector128<byte> b) => Vector128.Create(a.GetLower(), b.GetLower());

    private static Vector128<byte> Ascending => Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    /// <summary>EXT: bytes of B:A from byte imm on; 16 bytes in all in shape D.</summary>
    public static Vector128<byte> Extract(Vector128<byte> a, Vector128<byte> b, int imm, bool isQ)
    {
        if (!isQ)
        {
            ulong low = a.AsUInt64().ToScalar(), high = b.AsUInt64().ToScalar();
            return Vector128.CreateScalar(imm == 0 ? low : (low >> (imm * 8)) | (high << (64 - (imm * 8)))).AsByte();
        }

        if (imm == 0)
            return a;
        Vector128<byte> from = Ascending + Vector128.Create((byte)imm);
        // An index of 16 and more gives zero.
        return Vector128.Shuffle(a, from) | Vector128.Shuffle(b, from - Vector128.Create((byte)16));
    }

    /// <summary>Byte i := B[A[i] − imm], C's or zero where that is none.</summary>
    public static Vector128<byte> Table(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, int imm)
    {
        Vector128<byte> index = a - Vector128.Create((byte)imm);
        Vector128<byte> inside = Vector128.LessThan(index, Vector128.Create((byte)16));
        return Vector128.ConditionalSelect(inside, Vector128.Shuffle(b, index), c);
    }

    /// <summary>Elements of T in reverse order within containers of aux bytes.</summary>
    public static Vector128<byte> Reverse<T>(Vector128<byte> a, int aux)
        where T : struct => Vector128.Shuffle(a, Ascending ^ Vector128.Create((byte)(aux - Unsafe.SizeOf<T>())));

    public static Vector128<byte> Zip1<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Interleave<T>(a.AsUInt64().ToScalar(), b.AsUInt64().ToScalar());

    public static Vector128<byte> Zip2<T>(Vector128<byte> a, Vector128<byte> b, bool isQ)
        where T : struct
    {
        if (isQ)
            return Interleave<T>(a.AsUInt64().GetElement(1), b.AsUInt64().GetElement(1));
        // The halves of 64 bits.
        return Interleave<T>(a.AsUInt64().ToScalar() >> 32, b.AsUInt64().ToScalar() >> 32);
    }

    /// <summary>Elements of two halves, alternating.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Interleave<T>(ulong a, ulong b)
        where T : struct
    {
        Vector128<byte> both = Vector128.Create(a, b).AsByte();
        return Unsafe.SizeOf<T>() switch
        {
            1 => Vector128.Shuffle(both, Vector128.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)),
            2 => Vector128.Shuffle(both, Vector128.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15)),
            4 => Vector128.Shuffle(both, Vector128.Create((byte)0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15)),
            _ => both,
        };
    }

    /// <summary>Even elements of A, then of B; of their low halves where the shape is D.</summary>
    public static Vector128<byte> Unzip1<T>(Vector128<byte> a, Vector128<byte> b, bool isQ)
        where T : struct => Unzip<T>(a, b, 0, isQ);

    public static Vector128<byte> Unzip2<T>(Vector128<byte> a, Vector128<byte> b, bool isQ)
        where T : struct => Unzip<T>(a, b, 1, isQ);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Unzip<T>(Vector128<byte> a, Vector128<byte> b, int first, bool isQ)
        where T : struct
    {
        if (!isQ)
            return Gather<T>(Vector128.Create(a.AsUInt64().ToScalar(), b.AsUInt64().ToScalar()).AsByte(), first);
        return Vector128.Create(Gather<T>(a, first).GetLower(), Gather<T>(b, first).GetLower());
    }

    /// <summary>Every other element, in the low half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Gather<T>(Vector128<byte> a, int first)
        where T : struct
    {
        Vector128<byte> even = Unsafe.SizeOf<T>() switch
        {
            1 => Vector128.Create((byte)0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0),
            2 => Vector128.Create((byte)0, 1, 4, 5, 8, 9, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0),
            4 => Vector128.Create((byte)0, 1, 2, 3, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0),
            _ => Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0),
        };
        return Vector128.Shuffle(a, even + Vector128.Create((byte)(first * Unsafe.SizeOf<T>())));
    }

    public static Vector128<byte> Transpose1<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct
    {
        int bits = Unsafe.SizeOf<T>() * 8;
        return bits switch
        {
            8 => ((a.AsUInt16() & Vector128.Create((ushort)0xFF)) | (b.AsUInt16() << 8)).AsByte(),
            16 => ((a.AsUInt32() & Vector128.Create(0xFFFFu)) | (b.AsUInt32() << 16)).AsByte(),
            32 => ((a.AsUInt64() & Vector128.Create(0xFFFF_FFFFUL)) | (b.AsUInt64() << 32)).AsByte(),
            _ => Vector128.Create(a.GetLower(), b.GetLower()),
        };
    }

    public static Vector128<byte> Transpose2<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct
    {
        int bits = Unsafe.SizeOf<T>() * 8;
        return bits switch
        {
            8 => ((a.AsUInt16() >> 8) | (b.AsUInt16() & Vector128.Create((ushort)0xFF00))).AsByte(),
            16 => ((a.AsUInt32() >> 16) | (b.AsUInt32() & Vector128.Create(0xFFFF_0000u))).AsByte(),
            32 => ((a.AsUInt64() >> 32) | (b.AsUInt64() & Vector128.Create(0xFFFF_FFFF_0000_0000UL))).AsByte(),
            _ => Vector128.Create(a.GetUpper(), b.GetUpper()),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector64<byte> Half(Vector128<byte> a, bool high) => high ? a.GetUpper() : a.GetLower();

    public static Vector128<byte> WidenUnsigned1(Vector128<byte> a, bool high) => Vector128.WidenLower(Half(a, high).ToVector128()).AsByte();

    public static Vector128<byte> WidenUnsigned2(Vector128<byte> a, bool high) => Vector128.WidenLower(Half(a, high).ToVector128().AsUInt16()).AsByte();

    public static Vector128<byte> WidenUnsigned4(Vector128<byte> a, bool high) => Vector128.WidenLower(Half(a, high).ToVector128().AsUInt32()).AsByte();

    public static Vector128<byte> WidenSigned1(Vector128<byte> a, bool high) => Vector128.WidenLower(Half(a, high).ToVector128().AsSByte()).AsByte();

    public static Vector128<byte> WidenSigned2(Vector128<byte> a, bool high) => Vector128.WidenLower(Half(a, high).ToVector128().AsInt16()).AsByte();

    public static Vector128<byte> WidenSigned4(Vector128<byte> a, bool high) => Vector128.WidenLower(Half(a, high).ToVector128().AsInt32()).AsByte();

    public static Vector128<byte> MulLongUnsigned1(Vector128<byte> a, Vector128<byte> b, bool high) =>
        (WidenUnsigned1(a, high).AsUInt16() * WidenUnsigned1(b, high).AsUInt16()).AsByte();

    public static Vector128<byte> MulLongUnsigned2(Vector128<byte> a, Vector128<byte> b, bool high) =>
        (WidenUnsigned2(a, high).AsUInt32() * WidenUnsigned2(b, high).AsUInt32()).AsByte();

    public static Vector128<byte> MulLongUnsigned4(Vector128<byte> a, Vector128<byte> b, bool high) =>
        (WidenUnsigned4(a, high).AsUInt64() * WidenUnsigned4(b, high).AsUInt64()).AsByte();

    public static Vector128<byte> MulLongSigned1(Vector128<byte> a, Vector128<byte> b, bool high) =>
        (WidenSigned1(a, high).AsInt16() * WidenSigned1(b, high).AsInt16()).AsByte();

    public static Vector128<byte> MulLongSigned2(Vector128<byte> a, Vector128<byte> b, bool high) =>
        (WidenSigned2(a, high).AsInt32() * WidenSigned2(b, high).AsInt32()).AsByte();

    public static Vector128<byte> MulLongSigned4(Vector128<byte> a, Vector128<byte> b, bool high) =>
        (WidenSigned4(a, high).AsInt64() * WidenSigned4(b, high).AsInt64()).AsByte();

    public static Vector128<byte> Narrow1(Vector128<byte> a) => Vector128.Narrow(a.AsUInt16(), a.AsUInt16());

    public static Vector128<byte> Narrow2(Vector128<byte> a) => Vector128.Narrow(a.AsUInt32(), a.AsUInt32()).AsByte();

    public static Vector128<byte> Narrow4(Vector128<byte> a) => Vector128.Narrow(a.AsUInt64(), a.AsUInt64()).AsByte();

    public static Vector128<byte> PairAddLongUnsigned1(Vector128<byte> a) =>
        ((a.AsUInt16() & Vector128.Create((ushort)0xFF)) + (a.AsUInt16() >> 8)).AsByte();

    public static Vector128<byte> PairAddLongUnsigned2(Vector128<byte> a) =>
        ((a.AsUInt32() & Vector128.Create(0xFFFFu)) + (a.AsUInt32() >> 16)).AsByte();

    public static Vector128<byte> PairAddLongUnsigned4(Vector128<byte> a) =>
        ((a.AsUInt64() & Vector128.Create(0xFFFF_FFFFUL)) + (a.AsUInt64() >> 32)).AsByte();

    /// <summary>Sum of the live elements; those above are cleared first.</summary>
    public static Vector128<byte> ReduceAdd1(Vector128<byte> a, bool isQ) => Vector128.CreateScalar(Vector128.Sum(Live(a, isQ))).AsByte();

    public static Vector128<byte> ReduceAdd2(Vector128<byte> a, bool isQ) => Vector128.CreateScalar(Vector128.Sum(Live(a, isQ).AsUInt16())).AsByte();

    public static Vector128<byte> ReduceAdd4(Vector128<byte> a, bool isQ) => Vector128.CreateScalar(Vector128.Sum(Live(a, isQ).AsUInt32())).AsByte();

    private static Vector128<byte> Live(Vector128<byte> a, bool isQ) => isQ ? a : Vector128.CreateScalar(a.AsUInt64().ToScalar()).AsByte();

    public static Vector128<byte> PopCount1(Vector128<byte> a)
    {
        Vector128<byte> pairs = a - ((a >> 1) & Vector128.Create((byte)0x55));
        Vector128<byte> nibbles = (pairs & Vector128.Create((byte)0x33)) + ((pairs >> 2) & Vector128.Create((byte)0x33));
        return (nibbles + (nibbles >> 4)) & Vector128.Create((byte)0x0F);
    }
}
