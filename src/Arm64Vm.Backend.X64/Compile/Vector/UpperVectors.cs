using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Which operations' code may have operands, results and temporaries in registers 16 to 31, on hosts that have them.</summary>
/// <remarks>
/// All others copy what is there to the pool and set it from there, as if it were in memory. Without a form for those registers are, of what emitters use:
/// comparisons to masks of elements, blends, PTEST, PHADD, PSIGN, MPSADBW, AESIMC and the SHA instructions; moves from and to general registers are not made for them.
/// </remarks>
internal sealed partial class X64Compiler
{
    private bool HasUpperForms(in IrInst inst)
    {
        if (IrOps.IsVector(inst.Op))
            return HasUpperVectorForms(inst);
        if (IrOps.IsFloat(inst.Op))
            return HasUpperFloatForms(inst);

        // Moves.
        return inst.Op is IrOp.SetV or IrOp.Select;
    }

    /// <summary>Floating-point operations. Not where denormal operands are looked for, which takes comparisons.</summary>
    private bool HasUpperFloatForms(in IrInst inst)
    {
        if (FlushesToZero || inst.Size < 4)
            return false;
        bool scalar = inst.Shape == VectorShape.Scalar;
        return inst.Op switch
        {
            IrOp.FloatAbs or IrOp.FloatNeg or IrOp.FloatCompare => true,
            IrOp.FloatAdd or IrOp.FloatSub or IrOp.FloatAbsDifference or IrOp.FloatMul or IrOp.FloatNegMul or IrOp.FloatSqrt
                or (>= IrOp.FloatMulAdd and <= IrOp.FloatNegMulSub) => true,
            IrOp.FloatDiv => inst.Shape != VectorShape.D,
            IrOp.FloatConvert => scalar && inst.Aux >= 4,
            _ => false,
        };
    }

    private bool HasUpperVectorForms(in IrInst inst)
    {
        int size = inst.Size;
        switch (inst.Op)
        {
            case >= IrOp.VectorClearAbove and <= IrOp.VectorAbs:
            case >= IrOp.VectorAbsDifferenceSigned and <= IrOp.VectorAbsDifferenceUnsigned:
            case >= IrOp.VectorMinSigned and <= IrOp.VectorMaxUnsigned:
            case >= IrOp.VectorShiftLeftImm and <= IrOp.VectorRotateRightImm:
            case >= IrOp.VectorReverse and <= IrOp.VectorMulLongSigned:
            case IrOp.VectorMul or IrOp.VectorBroadcastElement:
            case >= IrOp.VectorCombine and <= IrOp.VectorUnzip2:
                return true;
            case IrOp.VectorPolynomialMulLong:
                return size == 8 && features.Vpclmulqdq;
            case IrOp.VectorInsertFromElement:
                return size is 1 or 4 || (size == 8 && inst.Aux != (int)inst.Imm);
            case IrOp.VectorTranspose1 or IrOp.VectorTranspose2:
                return size is 1 or 8;
            case IrOp.VectorTable:
                return inst.C == 0 || TryVectorConstant(inst.A, out _) || IsZeroWhereFound(inst.C, inst.A, inst.Imm);
            case >= IrOp.VectorAesEncrypt and <= IrOp.VectorAesMixColumns:
                return features.Aes && features.Vaes;
            default:
                return false;
        }
    }
}
