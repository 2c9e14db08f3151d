namespace Arm64Vm.Ir.SoftFloat;

/// <summary>NaN selection and quieting (FPProcessNaN, FPProcessNaNs, FPProcessNaNs3).</summary>
internal static partial class Fp
{
    /// <summary>The result for a NaN operand: quieted, or the default NaN; Invalid Operation if it was signaling.</summary>
    internal static ulong ProcessNaN(int width, FpType type, ulong op, uint fpcr, ref uint fpsr)
    {
        if (type == FpType.SignalingNaN)
            fpsr |= FpsrBits.InvalidOperation;
        if ((fpcr & FpcrBits.DefaultNaN) != 0)
            return DefaultNaN(width);
        return (op & Mask(width)) | (1UL << (FractionBits(width) - 1));
    }

    /// <summary>Signaling operands first, then quiet ones, each in operand order. At least one operand is a NaN.</summary>
    internal static ulong ProcessNaNs(int width, FpType type1, FpType type2, ulong op1, ulong op2, uint fpcr, ref uint fpsr)
    {
        bool first = type1 == FpType.SignalingNaN || (type1 == FpType.QuietNaN && type2 != FpType.SignalingNaN);
        return first ? ProcessNaN(width, type1, op1, fpcr, ref fpsr) : ProcessNaN(width, type2, op2, fpcr, ref fpsr);
    }

    internal static ulong InvalidOperation(int width, ref uint fpsr)
    {
        fpsr |= FpsrBits.InvalidOperation;
        return DefaultNaN(width);
    }

    /// <summary>FPConvertNaN: sign and the top of the payload survive, the result is quiet.</summary>
    internal static ulong ConvertNaN(int to, int from, ulong op)
    {
        int fromBits = FractionBits(from), toBits = FractionBits(to);
        bool sign = ((op >> (from - 1)) & 1) != 0;
        ulong payload = op << (64 - fromBits) >> (64 - toBits);
        return Infinity(to, sign) | (1UL << (toBits - 1)) | payload;
    }
}
