using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD three different and scalar three different: long, wide and high-half-narrowing operations.</summary>
internal static class SimdThreeDifferent
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = SimdOperand.SizeOf(i), wide = size * 2;
        bool high = i.Q && !i.Bit(28);
        IrValue n = SimdOperand.Rn(context, i), m = SimdOperand.Rm(context, i);
        switch (i.Opcode)
        {
            case A64Opcode.Saddl or A64Opcode.Ssubl or A64Opcode.Uaddl or A64Opcode.Usubl:
                n = b.VectorResize(Widen(i), VectorShape.Q, size, high, n);
                return AddOrSub(context, i, wide, n, b.VectorResize(Widen(i), VectorShape.Q, size, high, m));
            case A64Opcode.Saddw or A64Opcode.Ssubw or A64Opcode.Uaddw or A64Opcode.Usubw:
                return AddOrSub(context, i, wide, n, b.VectorResize(Widen(i), VectorShape.Q, size, high, m));
            case A64Opcode.Addhn or A64Opcode.Subhn or A64Opcode.Raddhn or A64Opcode.Rsubhn:
                return HighNarrow(context, i, size, n, m);
            case A64Opcode.Sabdl or A64Opcode.Sabal:
                return AbsDifference(context, i, size, high, b.Vector(IrOp.VectorAbsDifferenceSigned, VectorShape.Q, size, n, m));
            case A64Opcode.Uabdl or A64Opcode.Uabal:
                return AbsDifference(context, i, size, high, b.Vector(IrOp.VectorAbsDifferenceUnsigned, VectorShape.Q, size, n, m));
            case A64Opcode.Pmull:
                // The 64-bit form is FEAT_PMULL, which ID_AA64ISAR0_EL1.AES announces together with FEAT_AES.
                if (size == 8 && !context.Features.Has(A64Feature.Aes))
                    return false;
                return SimdOperand.Write(context, i, b.VectorResize(IrOp.VectorPolynomialMulLong, VectorShape.Q, size, high, n, m));
            default:
                return MultiplyLong(context, i, size, high, n, m);
        }
    }

    /// <summary>The (S|U)M(UL|LA|LS)L and SQDM(UL|LA|LS)L operations, also of the by-element group.</summary>
    public static bool MultiplyLong(in LiftContext context, A64Instruction i, int size, bool high, IrValue n, IrValue m)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = i.Bit(28) ? VectorShape.Scalar : VectorShape.Q;
        IrOp multiply, accumulate;
        switch (i.Opcode)
        {
            case A64Opcode.SmullVector or A64Opcode.SmullElement:
                (multiply, accumulate) = (IrOp.VectorMulLongSigned, IrOp.None);
                break;
            case A64Opcode.SmlalVector or A64Opcode.SmlalElement:
                (multiply, accumulate) = (IrOp.VectorMulLongSigned, IrOp.VectorAdd);
                break;
            case A64Opcode.SmlslVector or A64Opcode.SmlslElement:
                (multiply, accumulate) = (IrOp.VectorMulLongSigned, IrOp.VectorSub);
                break;
            case A64Opcode.UmullVector or A64Opcode.UmullElement:
                (multiply, accumulate) = (IrOp.VectorMulLongUnsigned, IrOp.None);
                break;
            case A64Opcode.UmlalVector or A64Opcode.UmlalElement:
                (multiply, accumulate) = (IrOp.VectorMulLongUnsigned, IrOp.VectorAdd);
                break;
            case A64Opcode.UmlslVector or A64Opcode.UmlslElement:
                (multiply, accumulate) = (IrOp.VectorMulLongUnsigned, IrOp.VectorSub);
                break;
            case A64Opcode.SqdmullVector or A64Opcode.SqdmullScalar or A64Opcode.SqdmullElementVector or A64Opcode.SqdmullElementScalar:
                (multiply, accumulate) = (IrOp.VectorSaturatingDoublingMulLong, IrOp.None);
                break;
            case A64Opcode.SqdmlalVector or A64Opcode.SqdmlalScalar or A64Opcode.SqdmlalElementVector or A64Opcode.SqdmlalElementScalar:
                (multiply, accumulate) = (IrOp.VectorSaturatingDoublingMulLong, IrOp.VectorSaturatingAddSigned);
                break;
            case A64Opcode.SqdmlslVector or A64Opcode.SqdmlslScalar or A64Opcode.SqdmlslElementVector or A64Opcode.SqdmlslElementScalar:
                (multiply, accumulate) = (IrOp.VectorSaturatingDoublingMulLong, IrOp.VectorSaturatingSubSigned);
                break;
            default:
                return false;
        }

        IrValue product = b.VectorResize(multiply, shape, size, high, n, m);
        if (accumulate != IrOp.None)
            product = b.Vector(accumulate, shape, size * 2, SimdOperand.Rd(context, i), product);
        return SimdOperand.Write(context, i, product);
    }

    private static IrOp Widen(A64Instruction i) => i.U ? IrOp.VectorWidenUnsigned : IrOp.VectorWidenSigned;

    private static bool AddOrSub(in LiftContext context, A64Instruction i, int size, IrValue n, IrValue m)
    {
        bool subtract = i.Opcode is A64Opcode.Ssubl or A64Opcode.Usubl or A64Opcode.Ssubw or A64Opcode.Usubw;
        return SimdOperand.Write(context, i, context.Builder.Vector(subtract ? IrOp.VectorSub : IrOp.VectorAdd, VectorShape.Q, size, n, m));
    }

    private static bool HighNarrow(in LiftContext context, A64Instruction i, int size, IrValue n, IrValue m)
    {
        IrBuilder b = context.Builder;
        bool subtract = i.Opcode is A64Opcode.Subhn or A64Opcode.Rsubhn;
        IrOp shift = i.U ? IrOp.VectorRoundingShiftRightUnsignedImm : IrOp.VectorShiftRightUnsignedImm;
        IrValue sum = b.Vector(subtract ? IrOp.VectorSub : IrOp.VectorAdd, VectorShape.Q, size * 2, n, m);
        IrValue top = b.VectorShiftImm(shift, VectorShape.Q, size * 2, sum, size * 8);
        return SimdOperand.WriteNarrow(context, i, b.VectorResize(IrOp.VectorNarrow, VectorShape.D, size, high: false, top));
    }

    /// <summary>The difference fits an unsigned element, so it is widened after the fact.</summary>
    private static bool AbsDifference(in LiftContext context, A64Instruction i, int size, bool high, IrValue difference)
    {
        IrBuilder b = context.Builder;
        IrValue value = b.VectorResize(IrOp.VectorWidenUnsigned, VectorShape.Q, size, high, difference);
        if (i.Opcode is A64Opcode.Sabal or A64Opcode.Uabal)
            value = b.VectorAdd(VectorShape.Q, size * 2, SimdOperand.Rd(context, i), value);
        return SimdOperand.Write(context, i, value);
    }
}
