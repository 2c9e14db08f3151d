using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>What Advanced SIMD encodings have in common.</summary>
internal static class SimdOperand
{
    /// <summary>Live lanes: bit 28 marks the scalar encodings, Q (bit 30) chooses 128 bits otherwise.</summary>
    public static VectorShape ShapeOf(A64Instruction i) => i.Bit(28) ? VectorShape.Scalar : i.Q ? VectorShape.Q : VectorShape.D;

    /// <summary>Element size in bytes from bits 23:22.</summary>
    public static int SizeOf(A64Instruction i) => 1 << i.Size;

    public static IrValue Rd(in LiftContext context, A64Instruction i) => context.Builder.ReadV(i.Rd);

    public static IrValue Rn(in LiftContext context, A64Instruction i) => context.Builder.ReadV(i.Rn);

    public static IrValue Rm(in LiftContext context, A64Instruction i) => context.Builder.ReadV(i.Rm);

    /// <summary>Writes Vd and says that the instruction was lifted.</summary>
    public static bool Write(in LiftContext context, A64Instruction i, IrValue value)
    {
        context.Builder.WriteV(i.Rd, value);
        return true;
    }

    /// <summary>The shape of a narrowed result: one element, or the low half that <see cref="WriteNarrow"/> places.</summary>
    public static VectorShape NarrowShapeOf(A64Instruction i) => i.Bit(28) ? VectorShape.Scalar : VectorShape.D;

    /// <summary>Writes 64 bits of narrowed elements: into the low half with zero above, or for the "2" forms (Q) into the high half, keeping the low one.</summary>
    public static bool WriteNarrow(in LiftContext context, A64Instruction i, IrValue value)
    {
        if (i.Q && !i.Bit(28))
            value = context.Builder.VectorCombine(Rd(context, i), value);
        return Write(context, i, value);
    }

    /// <summary>The elements of <paramref name="size"/> bytes with the same value in all of 64 bits.</summary>
    public static ulong Replicate(int size, ulong element) => size switch
    {
        1 => (element & 0xFF) * 0x0101_0101_0101_0101,
        2 => (element & 0xFFFF) * 0x0001_0001_0001_0001,
        4 => (element & 0xFFFF_FFFF) * 0x0000_0001_0000_0001,
        _ => element,
    };
}
