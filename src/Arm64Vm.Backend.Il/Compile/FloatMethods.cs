using System.Reflection;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Methods of .NET that are one instruction or two, and the checks of vectors in <see cref="PlainCode"/>.</summary>
internal static class FloatMethods
{
    private static readonly Type[] s_double = [typeof(double)];
    private static readonly Type[] s_single = [typeof(float)];

    public static MethodInfo Abs64 { get; } = typeof(Math).GetMethod(nameof(Math.Abs), s_double)!;

    public static MethodInfo Abs32 { get; } = typeof(MathF).GetMethod(nameof(MathF.Abs), s_single)!;

    public static MethodInfo Sqrt64 { get; } = typeof(Math).GetMethod(nameof(Math.Sqrt), s_double)!;

    public static MethodInfo Sqrt32 { get; } = typeof(MathF).GetMethod(nameof(MathF.Sqrt), s_single)!;

    public static MethodInfo MultiplyAdd64 { get; } = typeof(Math).GetMethod(nameof(Math.FusedMultiplyAdd))!;

    public static MethodInfo MultiplyAdd32 { get; } = typeof(MathF).GetMethod(nameof(MathF.FusedMultiplyAdd))!;

    public static MethodInfo Round64 { get; } = typeof(Math).GetMethod(nameof(Math.Round), s_double)!;

    public static MethodInfo Round32 { get; } = typeof(MathF).GetMethod(nameof(MathF.Round), s_single)!;

    public static MethodInfo Ceiling64 { get; } = typeof(Math).GetMethod(nameof(Math.Ceiling), s_double)!;

    public static MethodInfo Ceiling32 { get; } = typeof(MathF).GetMethod(nameof(MathF.Ceiling), s_single)!;

    public static MethodInfo Floor64 { get; } = typeof(Math).GetMethod(nameof(Math.Floor), s_double)!;

    public static MethodInfo Floor32 { get; } = typeof(MathF).GetMethod(nameof(MathF.Floor), s_single)!;

    public static MethodInfo Truncate64 { get; } = typeof(Math).GetMethod(nameof(Math.Truncate), s_double)!;

    public static MethodInfo Truncate32 { get; } = typeof(MathF).GetMethod(nameof(MathF.Truncate), s_single)!;

    public static MethodInfo Bits64 { get; } = typeof(BitConverter).GetMethod(nameof(BitConverter.DoubleToInt64Bits))!;

    public static MethodInfo Bits32 { get; } = typeof(BitConverter).GetMethod(nameof(BitConverter.SingleToInt32Bits))!;

    public static MethodInfo ArePlain64 { get; } = Check(nameof(PlainCode.ArePlain64));

    public static MethodInfo ArePlain32 { get; } = Check(nameof(PlainCode.ArePlain32));

    public static MethodInfo ArePlainLow32 { get; } = Check(nameof(PlainCode.ArePlainLow32));

    public static MethodInfo ArePlainSums64 { get; } = Check(nameof(PlainCode.ArePlainSums64));

    public static MethodInfo ArePlainSums32 { get; } = Check(nameof(PlainCode.ArePlainSums32));

    public static MethodInfo ArePlainSumsLow32 { get; } = Check(nameof(PlainCode.ArePlainSumsLow32));

    public static MethodInfo ArePlainProducts64 { get; } = Check(nameof(PlainCode.ArePlainProducts64));

    public static MethodInfo ArePlainProducts32 { get; } = Check(nameof(PlainCode.ArePlainProducts32));

    public static MethodInfo ArePlainProductsLow32 { get; } = Check(nameof(PlainCode.ArePlainProductsLow32));

    private static MethodInfo[] Doubles { get; } = Arithmetic("64");

    private static MethodInfo[] Singles { get; } = Arithmetic("32");

    /// <summary>Arithmetic on all lanes.</summary>
    public static MethodInfo Vector(IrOp op, bool isDouble) => (isDouble ? Doubles : Singles)[op switch
    {
        IrOp.FloatAdd => 0,
        IrOp.FloatSub => 1,
        IrOp.FloatMul => 2,
        IrOp.FloatDiv => 3,
        IrOp.FloatMulAdd => 4,
        _ => 5,
    }];

    private static MethodInfo Check(string name) => typeof(PlainCode).GetMethod(name)!;

    private static MethodInfo[] Arithmetic(string width) =>
        [Check("Add" + width), Check("Sub" + width), Check("Mul" + width), Check("Div" + width), Check("MulAdd" + width), Check("MulSub" + width)];
}
