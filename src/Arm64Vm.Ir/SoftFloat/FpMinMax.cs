namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Maximum and minimum (FPMax, FPMin, FPMaxNum, FPMinNum).</summary>
internal static partial class Fp
{
    /// <summary>FPMax: NaNs propagate, +0 is above -0.</summary>
    public static ulong Max(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => Select(width, op1, op2, true, fpcr, ref fpsr);

    /// <summary>FPMin: NaNs propagate, -0 is below +0.</summary>
    public static ulong Min(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => Select(width, op1, op2, false, fpcr, ref fpsr);

    /// <summary>FPMaxNum: as FPMax, but a number wins over a quiet NaN.</summary>
    public static ulong MaxNum(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => SelectNumber(width, op1, op2, true, fpcr, ref fpsr);

    /// <summary>FPMinNum: as FPMin, but a number wins over a quiet NaN.</summary>
    public static ulong MinNum(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => SelectNumber(width, op1, op2, false, fpcr, ref fpsr);

    private static ulong SelectNumber(int width, ulong op1, ulong op2, bool maximum, uint fpcr, ref uint fpsr)
    {
        bool quiet1 = IsQuietNaN(width, op1), quiet2 = IsQuietNaN(width, op2);
        if (quiet1 && !quiet2)
            op1 = Infinity(width, maximum);
        else if (quiet2 && !quiet1)
            op2 = Infinity(width, maximum);
        return Select(width, op1, op2, maximum, fpcr, ref fpsr);
    }

    private static bool IsQuietNaN(int width, ulong op) => Abs(width, op) >= DefaultNaN(width);

    private static ulong Select(int width, ulong op1, ulong op2, bool maximum, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        if (a.IsNaN || b.IsNaN)
            return ProcessNaNs(width, a.Type, b.Type, op1, op2, fpcr, ref fpsr);

        long key1 = OrderKey(width, op1, a), key2 = OrderKey(width, op2, b);
        bool first = maximum ? key1 > key2 : key1 < key2;
        if ((first ? a : b).IsZero)
            return Zero(width, maximum ? a.Sign & b.Sign : a.Sign | b.Sign);
        return (first ? op1 : op2) & Mask(width);
    }
}
