namespace Arm64Vm.Ir;

/// <summary>Floating-point operations. Parameter order: shape and element size in bytes, then operands.</summary>
internal sealed partial class IrBuilder
{
    /// <summary>Rounding mode of <see cref="IrInst.Aux"/> that stands for FPCR.RMode.</summary>
    public const int RoundingOfFpcr = 7;

    /// <summary>Bit of <see cref="IrOp.FloatRoundToIntegral"/>'s Aux that makes a changed value raise Inexact.</summary>
    public const int RoundExact = 8;

    /// <summary>Bit of <see cref="IrOp.FloatCondCompare"/>'s Aux that makes a quiet NaN invalid.</summary>
    public const int SignalNaNs = 16;

    /// <summary>Any floating-point operation with a V128 result.</summary>
    public IrValue Float(
        IrOp op, VectorShape shape, int size, IrValue a, IrValue b = default, IrValue c = default, int aux = 0, ulong imm = 0) =>
        Emit(op, IrType.V128, a, b, c, size: size, shape: shape, aux: aux, imm: imm);

    public IrValue FloatAbs(VectorShape shape, int size, IrValue a) => Float(IrOp.FloatAbs, shape, size, a);

    public IrValue FloatNeg(VectorShape shape, int size, IrValue a) => Float(IrOp.FloatNeg, shape, size, a);

    /// <summary><paramref name="rounding"/> is an FpRounding or <see cref="RoundingOfFpcr"/>.</summary>
    public IrValue FloatRoundToIntegral(VectorShape shape, int size, IrValue a, int rounding, bool exact) =>
        Float(IrOp.FloatRoundToIntegral, shape, size, a, aux: rounding | (exact ? RoundExact : 0));

    /// <summary>Lane by lane, integers of the elements' size.</summary>
    public IrValue FloatToFixed(VectorShape shape, int size, IrValue a, bool unsigned, int rounding, int fractionBits = 0) =>
        Float(unsigned ? IrOp.FloatToFixedUnsigned : IrOp.FloatToFixedSigned, shape, size, a, aux: rounding, imm: (ulong)fractionBits);

    /// <summary>Lane 0 to a general register value of <paramref name="type"/>.</summary>
    public IrValue FloatToFixed(IrType type, int size, IrValue a, bool unsigned, int rounding, int fractionBits = 0) =>
        Emit(
            unsigned ? IrOp.FloatToFixedUnsigned : IrOp.FloatToFixedSigned,
            type,
            a,
            size: size,
            shape: VectorShape.Scalar,
            aux: rounding,
            imm: (ulong)fractionBits);

    /// <summary>Lane by lane from integers of the elements' size.</summary>
    public IrValue FloatFromFixed(VectorShape shape, int size, IrValue a, bool unsigned, int fractionBits = 0) =>
        Float(unsigned ? IrOp.FloatFromFixedUnsigned : IrOp.FloatFromFixedSigned, shape, size, a, aux: size, imm: (ulong)fractionBits);

    /// <summary>A scalar from a general register value of <paramref name="type"/>.</summary>
    public IrValue FloatFromFixed(IrType type, int size, IrValue a, bool unsigned, int fractionBits = 0) =>
        Float(
            unsigned ? IrOp.FloatFromFixedUnsigned : IrOp.FloatFromFixedSigned,
            VectorShape.Scalar,
            size,
            a,
            aux: type == IrType.I64 ? 8 : 4,
            imm: (ulong)fractionBits);

    /// <summary>A scalar of <paramref name="from"/> bytes to one of <paramref name="to"/> bytes.</summary>
    public IrValue FloatConvert(int from, int to, IrValue a) => Float(IrOp.FloatConvert, VectorShape.Scalar, from, a, aux: to);

    /// <summary>Scalars compared; a quiet NaN is invalid where <paramref name="signalNaNs"/>.</summary>
    public IrValue FloatCompare(int size, IrValue a, IrValue b, bool signalNaNs) =>
        Emit(IrOp.FloatCompare, IrType.Flags, a, b, size: size, shape: VectorShape.Scalar, aux: signalNaNs ? 1 : 0);

    public IrValue FloatCondCompare(int size, IrValue a, IrValue b, Condition condition, IrValue flags, int nzcv, bool signalNaNs) =>
        Emit(
            IrOp.FloatCondCompare,
            IrType.Flags,
            a,
            b,
            flags,
            size: size,
            shape: VectorShape.Scalar,
            aux: (int)condition | (signalNaNs ? SignalNaNs : 0),
            imm: (ulong)nzcv);
}
