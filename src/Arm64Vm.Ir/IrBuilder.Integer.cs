namespace Arm64Vm.Ir;

/// <summary>Integer, flag and register operations.</summary>
internal sealed partial class IrBuilder
{
    public IrValue Const32(uint value) => Emit(IrOp.Const, IrType.I32, imm: value);

    public IrValue Const64(ulong value) => Emit(IrOp.Const, IrType.I64, imm: value);

    /// <summary>X0–X30; 31 is XZR.</summary>
    public IrValue ReadX(int register) => register == 31 ? Const64(0) : Emit(IrOp.GetX, IrType.I64, aux: register);

    /// <summary>W0–W30; 31 is WZR.</summary>
    public IrValue ReadW(int register) => register == 31 ? Const32(0) : Emit(IrOp.Truncate, IrType.I32, ReadX(register));

    /// <summary>X0–X30; 31 is SP.</summary>
    public IrValue ReadXOrSp(int register) => Emit(IrOp.GetX, IrType.I64, aux: register);

    /// <summary>W0–W30 or XZR/X by width; 31 is ZR.</summary>
    public IrValue ReadGpr(IrType type, int register) => type == IrType.I64 ? ReadX(register) : ReadW(register);

    /// <summary>Writes X or zero-extended W by the value's type; 31 is discarded (ZR).</summary>
    public void WriteGpr(int register, IrValue value)
    {
        if (register != 31)
            Emit(IrOp.SetX, IrType.Void, value, aux: register);
    }

    /// <summary>Writes X or zero-extended W by the value's type; 31 is SP.</summary>
    public void WriteGprOrSp(int register, IrValue value) => Emit(IrOp.SetX, IrType.Void, value, aux: register);

    public IrValue ReadV(int register) => Emit(IrOp.GetV, IrType.V128, aux: register);

    public void WriteV(int register, IrValue value) => Emit(IrOp.SetV, IrType.Void, value, aux: register);

    public IrValue ReadFlags() => Emit(IrOp.GetFlags, IrType.Flags);

    public void WriteFlags(IrValue flags) => Emit(IrOp.SetFlags, IrType.Void, flags);

    public IrValue PcPage() => Emit(IrOp.PcPage, IrType.I64);

    /// <summary>The address of this guest instruction plus <paramref name="offset"/>.</summary>
    public IrValue PcRelative(long offset) => Add(IrType.I64, PcPage(), Const64((ulong)(pc + offset)));

    public IrValue Binary(IrOp op, IrType type, IrValue a, IrValue b) => Emit(op, type, a, b);

    public IrValue Unary(IrOp op, IrType type, IrValue a) => Emit(op, type, a);

    public IrValue Add(IrType type, IrValue a, IrValue b) => Emit(IrOp.Add, type, a, b);

    public IrValue Sub(IrType type, IrValue a, IrValue b) => Emit(IrOp.Sub, type, a, b);

    public IrValue And(IrType type, IrValue a, IrValue b) => Emit(IrOp.And, type, a, b);

    public IrValue Or(IrType type, IrValue a, IrValue b) => Emit(IrOp.Or, type, a, b);

    public IrValue Xor(IrType type, IrValue a, IrValue b) => Emit(IrOp.Xor, type, a, b);

    public IrValue Not(IrType type, IrValue a) => Emit(IrOp.Not, type, a);

    public IrValue Const(IrType type, ulong value) => type == IrType.I64 ? Const64(value) : Const32((uint)value);

    public IrValue Truncate(IrValue a) => Emit(IrOp.Truncate, IrType.I32, a);

    public IrValue ZeroExtend(IrValue a) => Emit(IrOp.ZeroExtend, IrType.I64, a);

    public IrValue SignExtend(IrType type, IrValue a, int fromBytes) => Emit(IrOp.SignExtend, type, a, size: fromBytes);

    /// <summary>The flags of the flag-setting operation that was appended last.</summary>
    public IrValue FlagsOf(IrValue value) => Emit(IrOp.FlagsOf, IrType.Flags, value);

    public IrValue Select(IrType type, Condition condition, IrValue flags, IrValue ifTrue, IrValue ifFalse) =>
        Emit(IrOp.Select, type, ifTrue, ifFalse, flags, aux: (int)condition);
}
