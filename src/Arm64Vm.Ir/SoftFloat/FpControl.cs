namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Fields of FPCR that change results (Arm ARM C5.2.8). FEAT_AFP's AH, NEP and FIZ are not implemented and read as zero.</summary>
internal static class FpcrBits
{
    /// <summary>AHP: half precision in conversions is the alternative format, without infinities and NaNs.</summary>
    public const uint AlternativeHalf = 1u << 26;

    /// <summary>DN: every NaN result is the default NaN.</summary>
    public const uint DefaultNaN = 1u << 25;

    /// <summary>FZ: single- and double-precision denormals are flushed to zero.</summary>
    public const uint FlushToZero = 1u << 24;

    /// <summary>FZ16: half-precision denormals are flushed to zero (not in conversions between formats).</summary>
    public const uint FlushToZero16 = 1u << 19;

    /// <summary>Lowest bit of the two-bit field RMode.</summary>
    public const int RModeShift = 22;
}

/// <summary>Cumulative bits of FPSR (Arm ARM C5.2.9).</summary>
internal static class FpsrBits
{
    /// <summary>IOC.</summary>
    public const uint InvalidOperation = 1u << 0;

    /// <summary>DZC.</summary>
    public const uint DivideByZero = 1u << 1;

    /// <summary>OFC.</summary>
    public const uint Overflow = 1u << 2;

    /// <summary>UFC.</summary>
    public const uint Underflow = 1u << 3;

    /// <summary>IXC.</summary>
    public const uint Inexact = 1u << 4;

    /// <summary>IDC.</summary>
    public const uint InputDenormal = 1u << 7;

    /// <summary>QC: an integer saturation. Floating point never sets it.</summary>
    public const uint Saturation = 1u << 27;

    /// <summary>op0:op1:CRn:CRm:op2 of the register in 16 bits (Arm ARM C5.2.10).</summary>
    public const int Encoding = 0xDA21;

    /// <summary>What MSR can set: the flags above, and NZCV of AArch32.</summary>
    public const uint Writable = 0xF800_009F;
}

/// <summary>Rounding modes. The first four have the values of FPCR.RMode.</summary>
internal enum FpRounding : byte
{
    /// <summary>To nearest, ties to even.</summary>
    TieEven = 0,

    /// <summary>Towards +∞.</summary>
    PlusInfinity = 1,

    /// <summary>Towards -∞.</summary>
    MinusInfinity = 2,

    /// <summary>Towards zero.</summary>
    Zero = 3,

    /// <summary>To nearest, ties away from zero. Only for conversions to integers.</summary>
    TieAway = 4,

    /// <summary>Truncate and set the lowest bit when inexact, so that a second rounding is harmless. Only for conversions and BFDOT.</summary>
    Odd = 5,
}
