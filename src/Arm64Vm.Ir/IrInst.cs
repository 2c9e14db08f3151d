using System.Runtime.InteropServices;

namespace Arm64Vm.Ir;

/// <summary>One IR instruction: fixed size, no references, so that a region is a flat array that is reused.</summary>
/// <remarks>The instruction's index in <see cref="IrRegion"/> names its result. What A–D, Size, Shape, Aux and Imm mean is said at each <see cref="IrOp"/>.</remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeInBytes)]
internal struct IrInst
{
    public const int SizeInBytes = 24;

    public IrOp Op;

    public IrType Type;

    /// <summary>Size in bytes of a memory access or of a vector/FP element.</summary>
    public byte Size;

    public ushort A;
    public ushort B;
    public ushort C;
    public ushort D;

    /// <summary>Offset in its 4 KiB page of the guest instruction this one belongs to.</summary>
    public ushort Pc;

    public VectorShape Shape;

    public byte Aux;

    public ulong Imm;

    public readonly IrValue ValueA => new(A);

    public readonly IrValue ValueB => new(B);

    public readonly IrValue ValueC => new(C);

    public readonly IrValue ValueD => new(D);

    public readonly Condition Condition => (Condition)(Aux & 15);
}
