using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD three same and scalar three same: integer.</summary>
internal static class SimdThreeSame
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        int size = SimdOperand.SizeOf(i);
        IrValue n = SimdOperand.Rn(context, i), m = SimdOperand.Rm(context, i);
        IrOp op = Direct(i.Opcode);
        if (op != IrOp.None)
            return SimdOperand.Write(context, i, b.Vector(op, shape, size, n, m));

        op = Pairwise(i.Opcode);
        if (op != IrOp.None)
        {
            IrValue even = b.Vector(IrOp.VectorUnzip1, shape, size, n, m);
            IrValue odd = b.Vector(IrOp.VectorUnzip2, shape, size, n, m);
            return SimdOperand.Write(context, i, b.Vector(op, shape, size, even, odd));
        }

        IrValue d = SimdOperand.Rd(context, i);
        switch (i.Opcode)
        {
            case A64Opcode.SabaVector:
                return SimdOperand.Write(context, i, b.VectorAdd(shape, size, d, b.Vector(IrOp.VectorAbsDifferenceSigned, shape, size, n, m)));
            case A64Opcode.UabaVector:
                return SimdOperand.Write(context, i, b.VectorAdd(shape, size, d, b.Vector(IrOp.VectorAbsDifferenceUnsigned, shape, size, n, m)));
            case A64Opcode.MlaVector:
                return SimdOperand.Write(context, i, b.VectorAdd(shape, size, d, b.Vector(IrOp.VectorMul, shape, size, n, m)));
            case A64Opcode.MlsVector:
                return SimdOperand.Write(context, i, b.VectorSub(shape, size, d, b.Vector(IrOp.VectorMul, shape, size, n, m)));
            default:
                return false;
        }
    }

    /// <summary>Vd := op(Vn, Vm).</summary>
    private static IrOp Direct(A64Opcode opcode) => opcode switch
    {
        A64Opcode.AddVector or A64Opcode.AddScalar => IrOp.VectorAdd,
        A64Opcode.SubVector or A64Opcode.SubScalar => IrOp.VectorSub,
        A64Opcode.MulVector => IrOp.VectorMul,
        A64Opcode.PmulVector => IrOp.VectorPolynomialMul,
        A64Opcode.SabdVector => IrOp.VectorAbsDifferenceSigned,
        A64Opcode.UabdVector => IrOp.VectorAbsDifferenceUnsigned,
        A64Opcode.ShaddVector => IrOp.VectorHalvingAddSigned,
        A64Opcode.UhaddVector => IrOp.VectorHalvingAddUnsigned,
        A64Opcode.SrhaddVector => IrOp.VectorRoundingHalvingAddSigned,
        A64Opcode.UrhaddVector => IrOp.VectorRoundingHalvingAddUnsigned,
        A64Opcode.ShsubVector => IrOp.VectorHalvingSubSigned,
        A64Opcode.UhsubVector => IrOp.VectorHalvingSubUnsigned,
        A64Opcode.SminVector => IrOp.VectorMinSigned,
        A64Opcode.UminVector => IrOp.VectorMinUnsigned,
        A64Opcode.SmaxVector => IrOp.VectorMaxSigned,
        A64Opcode.UmaxVector => IrOp.VectorMaxUnsigned,
        A64Opcode.CmeqRegisterVector or A64Opcode.CmeqRegisterScalar => IrOp.VectorCompareEqual,
        A64Opcode.CmgtRegisterVector or A64Opcode.CmgtRegisterScalar => IrOp.VectorCompareGreaterSigned,
        A64Opcode.CmhiRegisterVector or A64Opcode.CmhiRegisterScalar => IrOp.VectorCompareGreaterUnsigned,
        A64Opcode.CmgeRegisterVector or A64Opcode.CmgeRegisterScalar => IrOp.VectorCompareGreaterEqualSigned,
        A64Opcode.CmhsRegisterVector or A64Opcode.CmhsRegisterScalar => IrOp.VectorCompareGreaterEqualUnsigned,
        A64Opcode.CmtstVector or A64Opcode.CmtstScalar => IrOp.VectorTestBits,
        A64Opcode.SshlVector or A64Opcode.SshlScalar => IrOp.VectorShiftSigned,
        A64Opcode.UshlVector or A64Opcode.UshlScalar => IrOp.VectorShiftUnsigned,
        A64Opcode.SrshlVector or A64Opcode.SrshlScalar => IrOp.VectorRoundingShiftSigned,
        A64Opcode.UrshlVector or A64Opcode.UrshlScalar => IrOp.VectorRoundingShiftUnsigned,
        A64Opcode.SqshlRegisterVector or A64Opcode.SqshlRegisterScalar => IrOp.VectorSaturatingShiftSigned,
        A64Opcode.UqshlRegisterVector or A64Opcode.UqshlRegisterScalar => IrOp.VectorSaturatingShiftUnsigned,
        A64Opcode.SqrshlVector or A64Opcode.SqrshlScalar => IrOp.VectorSaturatingRoundingShiftSigned,
        A64Opcode.UqrshlVector or A64Opcode.UqrshlScalar => IrOp.VectorSaturatingRoundingShiftUnsigned,
        A64Opcode.SqaddVector or A64Opcode.SqaddScalar => IrOp.VectorSaturatingAddSigned,
        A64Opcode.UqaddVector or A64Opcode.UqaddScalar => IrOp.VectorSaturatingAddUnsigned,
        A64Opcode.SqsubVector or A64Opcode.SqsubScalar => IrOp.VectorSaturatingSubSigned,
        A64Opcode.UqsubVector or A64Opcode.UqsubScalar => IrOp.VectorSaturatingSubUnsigned,
        A64Opcode.SqdmulhVector or A64Opcode.SqdmulhScalar => IrOp.VectorSaturatingDoublingMulHigh,
        A64Opcode.SqrdmulhVector or A64Opcode.SqrdmulhScalar => IrOp.VectorSaturatingRoundingDoublingMulHigh,
        _ => IrOp.None,
    };

    /// <summary>Vd := op(even elements of Vm:Vn, odd elements of Vm:Vn).</summary>
    private static IrOp Pairwise(A64Opcode opcode) => opcode switch
    {
        A64Opcode.AddpVector => IrOp.VectorAdd,
        A64Opcode.SmaxpVector => IrOp.VectorMaxSigned,
        A64Opcode.UmaxpVector => IrOp.VectorMaxUnsigned,
        A64Opcode.SminpVector => IrOp.VectorMinSigned,
        A64Opcode.UminpVector => IrOp.VectorMinUnsigned,
        _ => IrOp.None,
    };
}
