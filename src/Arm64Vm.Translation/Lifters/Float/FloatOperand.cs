using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>What floating-point encodings have in common.</summary>
internal static class FloatOperand
{
    /// <summary>Bytes of the scalar that ftype (bits 23:22) names; the table leaves out the reserved 2.</summary>
    public static int ScalarSize(A64Instruction i) => Size(i.FType);

    /// <summary>Bytes of format 0 single, 1 double, 3 half.</summary>
    public static int Size(int format) => format switch
    {
        0 => 4,
        1 => 8,
        _ => 2,
    };

    /// <summary>Element bytes of Advanced SIMD encodings with sz in bit 22.</summary>
    public static int SimdSize(A64Instruction i) => i.Bit(22) ? 8 : 4;

    /// <summary>Live lanes of Advanced SIMD encodings: bit 28 marks the scalar ones, Q chooses 128 bits otherwise.</summary>
    public static VectorShape Shape(A64Instruction i) => i.Bit(28) ? VectorShape.Scalar : i.Q ? VectorShape.Q : VectorShape.D;

    public static IrType GeneralType(A64Instruction i) => i.Sf ? IrType.I64 : IrType.I32;

    public static IrValue Rd(in LiftContext context, A64Instruction i) => context.Builder.ReadV(i.Rd);

    public static IrValue Rn(in LiftContext context, A64Instruction i) => context.Builder.ReadV(i.Rn);

    public static IrValue Rm(in LiftContext context, A64Instruction i) => context.Builder.ReadV(i.Rm);

    /// <summary>Writes Vd and says that the instruction was lifted.</summary>
    public static bool Write(in LiftContext context, A64Instruction i, IrValue value)
    {
        context.Builder.WriteV(i.Rd, value);
        return true;
    }
}
