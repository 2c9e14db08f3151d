namespace Arm64Vm.Ir;

/// <summary>The type of an IR value. Bits above an <see cref="I32"/> are undefined; executors must not rely on them.</summary>
internal enum IrType : byte
{
    Void,
    I32,
    I64,

    /// <summary>128 bits: a SIMD&amp;FP register. Floating-point scalars live in lane 0.</summary>
    V128,

    /// <summary>The four condition flags N, Z, C, V in Arm's sense (C after a subtraction means "no borrow").</summary>
    Flags,
}

/// <summary>How many lanes of a vector operation are live; the lanes above are zero in the result.</summary>
internal enum VectorShape : byte
{
    /// <summary>128 bits.</summary>
    Q,

    /// <summary>The low 64 bits; bits 127:64 of the result are zero.</summary>
    D,

    /// <summary>One element; all bits above it are zero in the result.</summary>
    Scalar,
}

/// <summary>A64 condition codes as encoded (Arm ARM C1.2.4).</summary>
internal enum Condition : byte
{
    EQ, NE, CS, CC, MI, PL, VS, VC, HI, LS, GE, LT, GT, LE, AL, NV,
}
