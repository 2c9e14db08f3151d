using System.Runtime.Intrinsics;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Between integers and vectors, and the signs of floating-point elements, which are bits.</summary>
internal static class BitCode
{
    public static Vector128<byte> FromWide(ulong value) => Vector128.CreateScalar(value).AsByte();

    public static Vector128<byte> FromNarrow(uint value) => Vector128.CreateScalar(value).AsByte();

    public static Vector128<byte> FromDouble(double value) => Vector128.CreateScalar(value).AsByte();

    public static Vector128<byte> FromSingle(float value) => Vector128.CreateScalar(value).AsByte();

    public static ulong ToWide(Vector128<byte> value) => value.AsUInt64().ToScalar();

    public static double ToDouble(Vector128<byte> value) => value.AsDouble().ToScalar();

    public static float ToSingle(Vector128<byte> value) => value.AsSingle().ToScalar();

    public static Vector128<byte> LowHalf(Vector128<byte> value) => Vector128.CreateScalar(value.AsUInt64().ToScalar()).AsByte();

    public static Vector128<byte> LowWord(Vector128<byte> value) => Vector128.CreateScalar(value.AsUInt32().ToScalar()).AsByte();

    public static Vector128<byte> LowShort(Vector128<byte> value) => Vector128.CreateScalar((uint)value.AsUInt16().ToScalar()).AsByte();

    public static Vector128<byte> LowByte(Vector128<byte> value) => Vector128.CreateScalar((uint)value.ToScalar()).AsByte();

    public static Vector128<byte> FloatAbs(Vector128<byte> a, int size) => size switch
    {
        2 => (a.AsUInt16() & Vector128.Create((ushort)0x7FFF)).AsByte(),
        4 => (a.AsUInt32() & Vector128.Create(uint.MaxValue >> 1)).AsByte(),
        _ => (a.AsUInt64() & Vector128.Create(ulong.MaxValue >> 1)).AsByte(),
    };

    public static Vector128<byte> FloatNeg(Vector128<byte> a, int size) => size switch
    {
        2 => (a.AsUInt16() ^ Vector128.Create((ushort)0x8000)).AsByte(),
        4 => (a.AsUInt32() ^ Vector128.Create(1U << 31)).AsByte(),
        _ => (a.AsUInt64() ^ Vector128.Create(1UL << 63)).AsByte(),
    };
}
