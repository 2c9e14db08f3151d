namespace Arm64Vm.Ir;

/// <summary>Vector integer operations. Parameter order: shape and element size in bytes, then operands.</summary>
internal sealed partial class IrBuilder
{
    /// <summary>Any vector operation with a V128 result.</summary>
    public IrValue Vector(
        IrOp op, VectorShape shape, int size, IrValue a, IrValue b = default, IrValue c = default, int aux = 0, ulong imm = 0) =>
        Emit(op, IrType.V128, a, b, c, size: size, shape: shape, aux: aux, imm: imm);

    /// <summary><paramref name="half"/> in both halves (Q) or in the low half with zero above (D).</summary>
    public IrValue VectorConst(VectorShape shape, ulong half) => Emit(IrOp.VectorConst, IrType.V128, size: 8, shape: shape, imm: half);

    /// <summary>128 bits of zero.</summary>
    public IrValue VectorZero() => VectorConst(VectorShape.Q, 0);

    /// <summary>The live lanes of <paramref name="a"/>, zeros above.</summary>
    public IrValue VectorClearAbove(VectorShape shape, int size, IrValue a) => Vector(IrOp.VectorClearAbove, shape, size, a);

    public IrValue VectorAnd(VectorShape shape, IrValue a, IrValue b) => Vector(IrOp.VectorAnd, shape, 8, a, b);

    public IrValue VectorOr(VectorShape shape, IrValue a, IrValue b) => Vector(IrOp.VectorOr, shape, 8, a, b);

    public IrValue VectorXor(VectorShape shape, IrValue a, IrValue b) => Vector(IrOp.VectorXor, shape, 8, a, b);

    /// <summary><paramref name="a"/> and not <paramref name="b"/>.</summary>
    public IrValue VectorAndNot(VectorShape shape, IrValue a, IrValue b) => Vector(IrOp.VectorAndNot, shape, 8, a, b);

    public IrValue VectorNot(VectorShape shape, IrValue a) => Vector(IrOp.VectorNot, shape, 8, a);

    /// <summary>Bits of <paramref name="ifSet"/> where the mask is set, else of <paramref name="ifClear"/>.</summary>
    public IrValue VectorBitSelect(VectorShape shape, IrValue mask, IrValue ifSet, IrValue ifClear) =>
        Vector(IrOp.VectorBitSelect, shape, 8, mask, ifSet, ifClear);

    public IrValue VectorAdd(VectorShape shape, int size, IrValue a, IrValue b) => Vector(IrOp.VectorAdd, shape, size, a, b);

    public IrValue VectorSub(VectorShape shape, int size, IrValue a, IrValue b) => Vector(IrOp.VectorSub, shape, size, a, b);

    /// <summary>A shift, rotation or saturating shift by an immediate.</summary>
    public IrValue VectorShiftImm(IrOp op, VectorShape shape, int size, IrValue a, int amount) =>
        Vector(op, shape, size, a, imm: (ulong)amount);

    /// <summary>A narrowing, widening or long operation; <paramref name="size"/> is that of the narrower elements.</summary>
    public IrValue VectorResize(IrOp op, VectorShape shape, int size, bool high, IrValue a, IrValue b = default) =>
        Vector(op, shape, size, a, b, aux: high ? 1 : 0);

    /// <summary>Low half of <paramref name="low"/> below the low half of <paramref name="high"/>.</summary>
    public IrValue VectorCombine(IrValue low, IrValue high) => Vector(IrOp.VectorCombine, VectorShape.Q, 8, low, high);

    /// <summary>Every live lane from the low bytes of a general register value; shape Scalar moves it in zero-extended.</summary>
    public IrValue VectorBroadcast(VectorShape shape, int size, IrValue value) => Vector(IrOp.VectorBroadcast, shape, size, value);

    public IrValue VectorBroadcastElement(VectorShape shape, int size, IrValue a, int index) =>
        Vector(IrOp.VectorBroadcastElement, shape, size, a, aux: index);

    /// <summary>Replaces an element by the low bytes of a general register value.</summary>
    public IrValue VectorInsertElement(int size, IrValue a, int index, IrValue value) =>
        Vector(IrOp.VectorInsertElement, VectorShape.Q, size, a, value, aux: index);

    public IrValue VectorInsertFromElement(int size, IrValue a, int index, IrValue source, int sourceIndex) =>
        Vector(IrOp.VectorInsertFromElement, VectorShape.Q, size, a, source, aux: index, imm: (ulong)sourceIndex);

    /// <summary>Element to a general register value of <paramref name="type"/>.</summary>
    public IrValue VectorExtractElement(IrType type, int size, IrValue a, int index, bool signed = false) =>
        Emit(signed ? IrOp.VectorExtractElementSigned : IrOp.VectorExtractElementUnsigned, type, a, size: size, aux: index);
}
