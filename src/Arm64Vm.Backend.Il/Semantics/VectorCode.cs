using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Arm64Vm.Backend.Il;

/// <summary>
/// Vector integer operations lane by lane. Found by the name of the operation; T is the element, signed where the name says so. Lanes above the
/// live ones may hold anything in the result: the compiler clears them.
/// </summary>
internal static partial class VectorCode
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<T> As<T>(Vector128<byte> value)
        where T : struct => value.As<byte, T>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Bytes<T>(Vector128<T> value)
        where T : struct => value.As<T, byte>();

    public static Vector128<byte> ClearAbove(Vector128<byte> a) => a;

    public static Vector128<byte> And(Vector128<byte> a, Vector128<byte> b) => a & b;

    public static Vector128<byte> Or(Vector128<byte> a, Vector128<byte> b) => a | b;

    public static Vector128<byte> Xor(Vector128<byte> a, Vector128<byte> b) => a ^ b;

    public static Vector128<byte> AndNot(Vector128<byte> a, Vector128<byte> b) => Vector128.AndNot(a, b);

    public static Vector128<byte> OrNot(Vector128<byte> a, Vector128<byte> b) => a | ~b;

    public static Vector128<byte> Not(Vector128<byte> a) => ~a;

    public static Vector128<byte> BitSelect(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) => Vector128.ConditionalSelect(a, b, c);

    public static Vector128<byte> Add<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(As<T>(a) + As<T>(b));

    public static Vector128<byte> Sub<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(As<T>(a) - As<T>(b));

    public static Vector128<byte> Neg<T>(Vector128<byte> a)
        where T : struct => Bytes(Vector128<T>.Zero - As<T>(a));

    public static Vector128<byte> Mul<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(As<T>(a) * As<T>(b));

    /// <summary>The sign as a mask: exclusive-or and subtraction negate.</summary>
    public static Vector128<byte> AbsSigned<T>(Vector128<byte> a)
        where T : struct
    {
        Vector128<T> sign = Vector128.LessThan(As<T>(a), Vector128<T>.Zero);
        return Bytes((As<T>(a) ^ sign) - sign);
    }

    public static Vector128<byte> AbsDifferenceSigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Max(As<T>(a), As<T>(b)) - Vector128.Min(As<T>(a), As<T>(b)));

    public static Vector128<byte> AbsDifferenceUnsigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Max(As<T>(a), As<T>(b)) - Vector128.Min(As<T>(a), As<T>(b)));

    public static Vector128<byte> MinSigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Min(As<T>(a), As<T>(b)));

    public static Vector128<byte> MinUnsigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Min(As<T>(a), As<T>(b)));

    public static Vector128<byte> MaxSigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Max(As<T>(a), As<T>(b)));

    public static Vector128<byte> MaxUnsigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Max(As<T>(a), As<T>(b)));

    public static Vector128<byte> CompareEqual<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.Equals(As<T>(a), As<T>(b)));

    public static Vector128<byte> CompareGreaterSigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.GreaterThan(As<T>(a), As<T>(b)));

    public static Vector128<byte> CompareGreaterUnsigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.GreaterThan(As<T>(a), As<T>(b)));

    public static Vector128<byte> CompareGreaterEqualSigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.GreaterThanOrEqual(As<T>(a), As<T>(b)));

    public static Vector128<byte> CompareGreaterEqualUnsigned<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => Bytes(Vector128.GreaterThanOrEqual(As<T>(a), As<T>(b)));

    public static Vector128<byte> TestBits<T>(Vector128<byte> a, Vector128<byte> b)
        where T : struct => ~Bytes(Vector128.Equals(As<T>(a & b), Vector128<T>.Zero));

    // ---- Shifts by a constant: those by the whole element give zeros or signs ---------------------------------------------

    public static Vector128<byte> ShiftLeftImm1(Vector128<byte> a, int imm) => a << imm;

    public static Vector128<byte> ShiftLeftImm2(Vector128<byte> a, int imm) => (a.AsUInt16() << imm).AsByte();

    public static Vector128<byte> ShiftLeftImm4(Vector128<byte> a, int imm) => (a.AsUInt32() << imm).AsByte();

    public static Vector128<byte> ShiftLeftImm8(Vector128<byte> a, int imm) => (a.AsUInt64() << imm).AsByte();

    public static Vector128<byte> ShiftRightUnsignedImm1(Vector128<byte> a, int imm) => imm > 7 ? default : a >> imm;

    public static Vector128<byte> ShiftRightUnsignedImm2(Vector128<byte> a, int imm) => imm > 15 ? default : (a.AsUInt16() >> imm).AsByte();

    public static Vector128<byte> ShiftRightUnsignedImm4(Vector128<byte> a, int imm) => imm > 31 ? default : (a.AsUInt32() >> imm).AsByte();

    public static Vector128<byte> ShiftRightUnsignedImm8(Vector128<byte> a, int imm) => imm > 63 ? default : (a.AsUInt64() >> imm).AsByte();

    public static Vector128<byte> ShiftRightSignedImm1(Vector128<byte> a, int imm) => (a.AsSByte() >> Math.Min(imm, 7)).AsByte();

    public static Vector128<byte> ShiftRightSignedImm2(Vector128<byte> a, int imm) => (a.AsInt16() >> Math.Min(imm, 15)).AsByte();

    public static Vector128<byte> ShiftRightSignedImm4(Vector128<byte> a, int imm) => (a.AsInt32() >> Math.Min(imm, 31)).AsByte();

    public static Vector128<byte> ShiftRightSignedImm8(Vector128<byte> a, int imm) => (a.AsInt64() >> Math.Min(imm, 63)).AsByte();

    public static Vector128<byte> RotateRightImm1(Vector128<byte> a, int imm) =>
        imm == 0 ? a : (a >> imm) | (a << (8 - imm));

    public static Vector128<byte> RotateRightImm2(Vector128<byte> a, int imm) =>
        imm == 0 ? a : ((a.AsUInt16() >> imm) | (a.AsUInt16() << (16 - imm))).AsByte();

    public static Vector128<byte> RotateRightImm4(Vector128<byte> a, int imm) =>
        imm == 0 ? a : ((a.AsUInt32() >> imm) | (a.AsUInt32() << (32 - imm))).AsByte();

    public static Vector128<byte> RotateRightImm8(Vector128<byte> a, int imm) =>
        imm == 0 ? a : ((a.AsUInt64() >> imm) | (a.AsUInt64() << (64 - imm))).AsByte();
}
