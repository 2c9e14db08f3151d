namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Comparison (FPCompare, FPCompareEQ, FPCompareGE, FPCompareGT).</summary>
internal static partial class Fp
{
    /// <summary>FPCompare: NZCV in bits 3:0. A quiet NaN is invalid only when <paramref name="signalNaNs"/> (FCMPE).</summary>
    public static uint Compare(int width, ulong op1, ulong op2, bool signalNaNs, uint fpcr, ref uint fpsr)
    {
        if (!TryOrder(width, op1, op2, signalNaNs, fpcr, ref fpsr, out int order))
            return 0b0011;
        return order == 0 ? 0b0110u : order < 0 ? 0b1000u : 0b0010u;
    }

    /// <summary>FPCompareEQ (FCMEQ): quiet.</summary>
    public static bool CompareEq(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        TryOrder(width, op1, op2, false, fpcr, ref fpsr, out int order) && order == 0;

    /// <summary>FPCompareGE (FCMGE; with swapped operands FCMLE): signaling.</summary>
    public static bool CompareGe(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        TryOrder(width, op1, op2, true, fpcr, ref fpsr, out int order) && order >= 0;

    /// <summary>FPCompareGT (FCMGT; with swapped operands FCMLT): signaling.</summary>
    public static bool CompareGt(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        TryOrder(width, op1, op2, true, fpcr, ref fpsr, out int order) && order > 0;

    /// <summary>FACGE: |op1| ≥ |op2|.</summary>
    public static bool CompareAbsGe(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        CompareGe(width, Abs(width, op1), Abs(width, op2), fpcr, ref fpsr);

    /// <summary>FACGT: |op1| > |op2|.</summary>
    public static bool CompareAbsGt(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        CompareGt(width, Abs(width, op1), Abs(width, op2), fpcr, ref fpsr);

    private static bool TryOrder(int width, ulong op1, ulong op2, bool signalNaNs, uint fpcr, ref uint fpsr, out int order)
    {
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        if (a.IsNaN || b.IsNaN)
        {
            if (signalNaNs || a.Type == FpType.SignalingNaN || b.Type == FpType.SignalingNaN)
                fpsr |= FpsrBits.InvalidOperation;
            order = 0;
            return false;
        }

        order = OrderKey(width, op1, a).CompareTo(OrderKey(width, op2, b));
        return true;
    }

    /// <summary>An integer that orders as the value does: sign and magnitude, both zeros and flushed denormals equal.</summary>
    private static long OrderKey(int width, ulong op, in FpUnpacked value)
    {
        if (value.IsZero)
            return 0;
        long magnitude = (long)Abs(width, op);
        return value.Sign ? -magnitude : magnitude;
    }
}
