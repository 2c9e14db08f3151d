using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Base register plus offset, with the new base where the instruction writes it back.</summary>
internal readonly struct Addressing
{
    private Addressing(IrValue address, long displacement, int writeback, IrValue newBase)
    {
        Address = address;
        Displacement = displacement;
        Writeback = writeback;
        NewBase = newBase;
    }

    public IrValue Address { get; }

    public long Displacement { get; }

    private int Writeback { get; }

    private IrValue NewBase { get; }

    /// <summary>[Xn|SP, #offset]</summary>
    public static Addressing Offset(IrBuilder b, int register, long offset) => new(b.ReadXOrSp(register), offset, -1, default);

    /// <summary>[Xn|SP, #offset]!</summary>
    public static Addressing PreIndexed(IrBuilder b, int register, long offset)
    {
        IrValue address = b.Add(IrType.I64, b.ReadXOrSp(register), b.Const64((ulong)offset));
        return new Addressing(address, 0, register, address);
    }

    /// <summary>[Xn|SP], #offset</summary>
    public static Addressing PostIndexed(IrBuilder b, int register, long offset) => PostIndexed(b, register, b.Const64((ulong)offset));

    /// <summary>[Xn|SP], offset in a register</summary>
    public static Addressing PostIndexed(IrBuilder b, int register, IrValue offset)
    {
        IrValue address = b.ReadXOrSp(register);
        return new Addressing(address, 0, register, b.Add(IrType.I64, address, offset));
    }

    /// <summary>[Xn|SP, Rm, extend #shift]</summary>
    public static Addressing Register(IrBuilder b, int register, int index, int option, int shift)
    {
        IrValue address = b.ReadXOrSp(register);
        return new Addressing(b.Add(IrType.I64, address, RegisterOperand.Extended(b, IrType.I64, index, option, shift)), 0, -1, default);
    }

    /// <summary>An offset from this instruction, given as an offset from the region's page.</summary>
    public static Addressing Literal(IrBuilder b, long pageOffset) => new(b.PcPage(), pageOffset, -1, default);

    /// <summary>Emitted after the memory operation, which may fault, and after the loaded registers, over which the base has precedence.</summary>
    public void WriteBack(IrBuilder b)
    {
        if (Writeback >= 0)
            b.WriteGprOrSp(Writeback, NewBase);
    }
}
