using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.Il;

/// <summary>
/// Arithmetic on vectors of singles and doubles, rounding to nearest and without flushing: all lanes at once where every live result is plain,
/// as <see cref="FloatCode64"/> says it of one, else lane by lane. Found by name: operation, then the width in bits.
/// </summary>
// SAFETY for all members: called by compiled code with the context it was given.
internal static unsafe class VectorFloatCode
{
    private delegate double Operation64(GuestContext* context, double a, double b, double c);

    private delegate float Operation32(GuestContext* context, float a, float b, float c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ArePlain(GuestContext* context, Vector128<double> result)
    {
        Vector128<long> magnitude = result.AsInt64() & Vector128.Create(long.MaxValue);
        return (context->Fpsr & FpsrBits.Inexact) != 0
            && Vector128.GreaterThanAll(magnitude, Vector128.Create(0x001F_FFFF_FFFF_FFFF)) && Vector128.LessThanAll(magnitude, Vector128.Create(0x7FF0_0000_0000_0000));
    }

    /// <summary>Lanes above the live ones do not count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ArePlain(GuestContext* context, Vector128<float> result, bool isQ)
    {
        Vector128<int> magnitude = result.AsInt32() & Vector128.Create(int.MaxValue);
        if (!isQ)
            magnitude = Vector128.Create(magnitude.GetLower(), magnitude.GetLower());
        return (context->Fpsr & FpsrBits.Inexact) != 0
            && Vector128.GreaterThanAll(magnitude, Vector128.Create(0x00FF_FFFF)) && Vector128.LessThanAll(magnitude, Vector128.Create(0x7F80_0000));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> Lanes(GuestContext* context, Vector128<double> a, Vector128<double> b, Vector128<double> c, Operation64 operation) =>
        Vector128.Create(operation(context, a.GetElement(0), b.GetElement(0), c.GetElement(0)), operation(context, a.GetElement(1), b.GetElement(1), c.GetElement(1))).AsByte();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector128<byte> Lanes(GuestContext* context, Vector128<float> a, Vector128<float> b, Vector128<float> c, bool isQ, Operation32 operation)
    {
        Vector128<float> result = default;
        for (int lane = 0; lane < (isQ ? 4 : 2); lane++)
            result = result.WithElement(lane, operation(context, a.GetElement(lane), b.GetElement(lane), c.GetElement(lane)));
        return result.AsByte();
    }

    public static Vector128<byte> Add64(GuestContext* context, Vector128<byte> a, Vector128<byte> b)
    {
        Vector128<double> r = a.AsDouble() + b.AsDouble();
        return ArePlain(context, r) ? r.AsByte() : Lanes(context, a.AsDouble(), b.AsDouble(), default, static (x, p, q, _) => FloatCode64.Add64(x, p, q));
    }

    public static Vector128<byte> Sub64(GuestContext* context, Vector128<byte> a, Vector128<byte> b)
    {
        Vector128<double> r = a.AsDouble() - b.AsDouble();
        return ArePlain(context, r) ? r.AsByte() : Lanes(context, a.AsDouble(), b.AsDouble(), default, static (x, p, q, _) => FloatCode64.Sub64(x, p, q));
    }

    public static Vector128<byte> Mul64(GuestContext* context, Vector128<byte> a, Vector128<byte> b)
    {
        Vector128<double> r = a.AsDouble() * b.AsDouble();
        return ArePlain(context, r) ? r.AsByte() : Lanes(context, a.AsDouble(), b.AsDouble(), default, static (x, p, q, _) => FloatCode64.Mul64(x, p, q));
    }

    public static Vector128<byte> Div64(GuestContext* context, Vector128<byte> a, Vector128<byte> b)
    {
        Vector128<double> r = a.AsDouble() / b.AsDouble();
        return ArePlain(context, r) ? r.AsByte() : Lanes(context, a.AsDouble(), b.AsDouble(), default, static (x, p, q, _) => FloatCode64.Div64(x, p, q));
    }

    public static Vector128<byte> MulAdd64(GuestContext* context, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        Vector128<double> r = Vector128.FusedMultiplyAdd(a.AsDouble(), b.AsDouble(), c.AsDouble());
        return ArePlain(context, r) ? r.AsByte() : Lanes(context, a.AsDouble(), b.AsDouble(), c.AsDouble(), FloatCode64.MulAdd64);
    }

    public static Vector128<byte> MulSub64(GuestContext* context, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =>
        MulAdd64(context, (a.AsUInt64() ^ Vector128.Create(1UL << 63)).AsByte(), b, c);

    public static Vector128<byte> Add32(GuestContext* context, Vector128<byte> a, Vector128<byte> b, bool isQ)
    {
        Vector128<float> r = a.AsSingle() + b.AsSingle();
        return ArePlain(context, r, isQ) ? r.AsByte() : Lanes(context, a.AsSingle(), b.AsSingle(), default, isQ, static (x, p, q, _) => FloatCode32.Add32(x, p, q));
    }

    public static Vector128<byte> Sub32(GuestContext* context, Vector128<byte> a, Vector128<byte> b, bool isQ)
    {
        Vector128<float> r = a.AsSingle() - b.AsSingle();
        return ArePlain(context, r, isQ) ? r.AsByte() : Lanes(context, a.AsSingle(), b.AsSingle(), default, isQ, static (x, p, q, _) => FloatCode32.Sub32(x, p, q));
    }

    public static Vector128<byte> Mul32(GuestContext* context, Vector128<byte> a, Vector128<byte> b, bool isQ)
    {
        Vector128<float> r = a.AsSingle() * b.AsSingle();
        return ArePlain(context, r, isQ) ? r.AsByte() : Lanes(context, a.AsSingle(), b.AsSingle(), default, isQ, static (x, p, q, _) => FloatCode32.Mul32(x, p, q));
    }

    public static Vector128<byte> Div32(GuestContext* context, Vector128<byte> a, Vector128<byte> b, bool isQ)
    {
        Vector128<float> r = a.AsSingle() / b.AsSingle();
        return ArePlain(context, r, isQ) ? r.AsByte() : Lanes(context, a.AsSingle(), b.AsSingle(), default, isQ, static (x, p, q, _) => FloatCode32.Div32(x, p, q));
    }

    public static Vector128<byte> MulAdd32(GuestContext* context, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, bool isQ)
    {
        Vector128<float> r = Vector128.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle());
        return ArePlain(context, r, isQ) ? r.AsByte() : Lanes(context, a.AsSingle(), b.AsSingle(), c.AsSingle(), isQ, FloatCode32.MulAdd32);
    }

    public static Vector128<byte> MulSub32(GuestContext* context, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, bool isQ) =>
        MulAdd32(context, (a.AsUInt32() ^ Vector128.Create(1U << 31)).AsByte(), b, c, isQ);
}
