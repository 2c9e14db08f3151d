using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD three same, floating-point and FP16, vector and scalar.</summary>
internal static class SimdFpThreeSame
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = FloatOperand.Shape(i);
        // The FP16 encodings have bit 21 clear.
        int size = i.Bit(21) ? FloatOperand.SimdSize(i) : 2;
        IrOp op = LaneByLane(i.Opcode);
        if (op != IrOp.None)
        {
            IrValue n = FloatOperand.Rn(context, i), m = FloatOperand.Rm(context, i);
            IrValue addend = op >= IrOp.FloatMulAdd ? FloatOperand.Rd(context, i) : default;
            return FloatOperand.Write(context, i, b.Float(op, shape, size, n, m, addend));
        }

        op = Pairwise(i.Opcode);
        return op != IrOp.None && LiftPairwise(context, i, op, shape, size);
    }

    /// <summary>Adjacent elements of Vn, then of Vm: the even ones with the odd ones.</summary>
    private static bool LiftPairwise(in LiftContext context, A64Instruction i, IrOp op, VectorShape shape, int size)
    {
        IrBuilder b = context.Builder;
        IrValue n = FloatOperand.Rn(context, i), m = FloatOperand.Rm(context, i);
        IrValue even = b.Vector(IrOp.VectorUnzip1, shape, size, n, m);
        IrValue odd = b.Vector(IrOp.VectorUnzip2, shape, size, n, m);
        return FloatOperand.Write(context, i, b.Float(op, shape, size, even, odd));
    }

    private static IrOp LaneByLane(A64Opcode opcode) => opcode switch
    {
        A64Opcode.FmulxVector or A64Opcode.FmulxVectorHalf
            or A64Opcode.FmulxScalar or A64Opcode.FmulxScalarHalf => IrOp.FloatMulX,
        A64Opcode.FcmeqRegisterVector or A64Opcode.FcmeqRegisterVectorHalf
            or A64Opcode.FcmeqRegisterScalar or A64Opcode.FcmeqRegisterScalarHalf => IrOp.FloatCompareEqual,
        A64Opcode.FcmgeRegisterVector or A64Opcode.FcmgeRegisterVectorHalf
            or A64Opcode.FcmgeRegisterScalar or A64Opcode.FcmgeRegisterScalarHalf => IrOp.FloatCompareGreaterEqual,
        A64Opcode.FcmgtRegisterVector or A64Opcode.FcmgtRegisterVectorHalf
            or A64Opcode.FcmgtRegisterScalar or A64Opcode.FcmgtRegisterScalarHalf => IrOp.FloatCompareGreater,
        A64Opcode.FacgeVector or A64Opcode.FacgeVectorHalf
            or A64Opcode.FacgeScalar or A64Opcode.FacgeScalarHalf => IrOp.FloatCompareAbsGreaterEqual,
        A64Opcode.FacgtVector or A64Opcode.FacgtVectorHalf
            or A64Opcode.FacgtScalar or A64Opcode.FacgtScalarHalf => IrOp.FloatCompareAbsGreater,
        A64Opcode.FabdVector or A64Opcode.FabdVectorHalf
            or A64Opcode.FabdScalar or A64Opcode.FabdScalarHalf => IrOp.FloatAbsDifference,
        A64Opcode.FrecpsVector or A64Opcode.FrecpsVectorHalf
            or A64Opcode.FrecpsScalar or A64Opcode.FrecpsScalarHalf => IrOp.FloatReciprocalStep,
        A64Opcode.FrsqrtsVector or A64Opcode.FrsqrtsVectorHalf
            or A64Opcode.FrsqrtsScalar or A64Opcode.FrsqrtsScalarHalf => IrOp.FloatReciprocalSqrtStep,
        A64Opcode.FaddVector or A64Opcode.FaddVectorHalf => IrOp.FloatAdd,
        A64Opcode.FsubVector or A64Opcode.FsubVectorHalf => IrOp.FloatSub,
        A64Opcode.FmulVector or A64Opcode.FmulVectorHalf => IrOp.FloatMul,
        A64Opcode.FdivVector or A64Opcode.FdivVectorHalf => IrOp.FloatDiv,
        A64Opcode.FmaxVector or A64Opcode.FmaxVectorHalf => IrOp.FloatMax,
        A64Opcode.FminVector or A64Opcode.FminVectorHalf => IrOp.FloatMin,
        A64Opcode.FmaxnmVector or A64Opcode.FmaxnmVectorHalf => IrOp.FloatMaxNumber,
        A64Opcode.FminnmVector or A64Opcode.FminnmVectorHalf => IrOp.FloatMinNumber,
        A64Opcode.FmlaVector or A64Opcode.FmlaVectorHalf => IrOp.FloatMulAdd,
        A64Opcode.FmlsVector or A64Opcode.FmlsVectorHalf => IrOp.FloatMulSub,
        _ => IrOp.None,
    };

    private static IrOp Pairwise(A64Opcode opcode) => opcode switch
    {
        A64Opcode.FaddpVector or A64Opcode.FaddpVectorHalf => IrOp.FloatAdd,
        A64Opcode.FmaxpVector or A64Opcode.FmaxpVectorHalf => IrOp.FloatMax,
        A64Opcode.FminpVector or A64Opcode.FminpVectorHalf => IrOp.FloatMin,
        A64Opcode.FmaxnmpVector or A64Opcode.FmaxnmpVectorHalf => IrOp.FloatMaxNumber,
        A64Opcode.FminnmpVector or A64Opcode.FminnmpVectorHalf => IrOp.FloatMinNumber,
        _ => IrOp.None,
    };
}
