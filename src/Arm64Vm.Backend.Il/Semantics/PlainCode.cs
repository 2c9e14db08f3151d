using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Arm64Vm.Backend.Il;

/// <summary>Vector arithmetic without a look at FPSR, and whether all lanes of its results are of the kind that raises nothing but Inexact (decision 0013).</summary>
internal static class PlainCode
{
    public static Vector128<byte> Add64(Vector128<byte> a, Vector128<byte> b) => (a.AsDouble() + b.AsDouble()).AsByte();

    public static Vector128<byte> Sub64(Vector128<byte> a, Vector128<byte> b) => (a.AsDouble() - b.AsDouble()).AsByte();

    public static Vector128<byte> Mul64(Vector128<byte> a, Vector128<byte> b) => (a.AsDouble() * b.AsDouble()).AsByte();

    public static Vector128<byte> Div64(Vector128<byte> a, Vector128<byte> b) => (a.AsDouble() / b.AsDouble()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MulAdd64(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        Vector128.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MulSub64(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        Vector128.FusedMultiplyAdd(-a.AsDouble(), b.AsDouble(), c.AsDouble()).AsByte();

    public static Vector128<byte> Add32(Vector128<byte> a, Vector128<byte> b) => (a.AsSingle() + b.AsSingle()).AsByte();

    public static Vector128<byte> Sub32(Vector128<byte> a, Vector128<byte> b) => (a.AsSingle() - b.AsSingle()).AsByte();

    public static Vector128<byte> Mul32(Vector128<byte> a, Vector128<byte> b) => (a.AsSingle() * b.AsSingle()).AsByte();

    public static Vector128<byte> Div32(Vector128<byte> a, Vector128<byte> b) => (a.AsSingle() / b.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MulAdd32(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        Vector128.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> MulSub32(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        Vector128.FusedMultiplyAdd(-a.AsSingle(), b.AsSingle(), c.AsSingle()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlain64(Vector128<byte> result) => Plain64(result) == Vector128<ulong>.AllBitsSet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlain32(Vector128<byte> result) => Plain32(result) == Vector128<uint>.AllBitsSet;

    /// <summary>The low half counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainLow32(Vector128<byte> result) => Plain32(result).AsUInt64().ToScalar() == ulong.MaxValue;

    /// <summary>Plain, or zero: sums that are zero are exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainSums64(Vector128<byte> result) => (Plain64(result) | Zero64(result)) == Vector128<ulong>.AllBitsSet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainSums32(Vector128<byte> result) => (Plain32(result) | Zero32(result)) == Vector128<uint>.AllBitsSet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainSumsLow32(Vector128<byte> result) => (Plain32(result) | Zero32(result)).AsUInt64().ToScalar() == ulong.MaxValue;

    /// <summary>Plain, or zero because a factor is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainProducts64(Vector128<byte> result, Vector128<byte> a, Vector128<byte> b) =>
        (Plain64(result) | (Zero64(result) & (Zero64(a) | Zero64(b)))) == Vector128<ulong>.AllBitsSet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainProducts32(Vector128<byte> result, Vector128<byte> a, Vector128<byte> b) =>
        Products32(result, a, b) == Vector128<uint>.AllBitsSet;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ArePlainProductsLow32(Vector128<byte> result, Vector128<byte> a, Vector128<byte> b) =>
        Products32(result, a, b).AsUInt64().ToScalar() == ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Products32(Vector128<byte> result, Vector128<byte> a, Vector128<byte> b) =>
        Plain32(result) | (Zero32(result) & (Zero32(a) | Zero32(b)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Plain64(Vector128<byte> value)
    {
        Vector128<long> magnitude = value.AsInt64() & Vector128.Create(long.MaxValue);
        return (Vector128.GreaterThan(magnitude, Vector128.Create(0x001F_FFFF_FFFF_FFFF)) & Vector128.LessThan(magnitude, Vector128.Create(0x7FF0_0000_0000_0000))).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Plain32(Vector128<byte> value)
    {
        Vector128<int> magnitude = value.AsInt32() & Vector128.Create(int.MaxValue);
        return (Vector128.GreaterThan(magnitude, Vector128.Create(0x00FF_FFFF)) & Vector128.LessThan(magnitude, Vector128.Create(0x7F80_0000))).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Zero64(Vector128<byte> value) => Vector128.Equals(value.AsDouble(), Vector128<double>.Zero).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Zero32(Vector128<byte> value) => Vector128.Equals(value.AsSingle(), Vector128<float>.Zero).AsUInt32();
}
