using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Vector integer operations with host instructions; the rest are evaluated by the oracle.</summary>
/// <remarks>
/// The rule that all emitters of this family follow: take the operands (<c>VIn</c>, <c>VSource</c>), then the result (<c>VOut</c>), then
/// temporaries (<c>VTemp</c>). The result may share a register with any operand, so it is written when no operand is needed any more, and
/// temporaries may share its register until it is held (<c>VHold</c>). The host's flags stay, but where <c>ClobberFlags</c> says so.
/// </remarks>
internal sealed partial class X64Compiler
{
    private bool TryEmitVector(in IrInst inst)
    {
        if (IsDefinedEarly(current))
            return true;
        BeginVector();
        if (!TryEmitVectorOperation(inst))
            return false;
        EndVector();
        return true;
    }

    private bool TryEmitVectorOperation(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorConst:
                // Comes into being where it is used: as a memory operand or by an idiom.
                values[current].Backing = Backing.Constant;
                return true;
            case >= IrOp.VectorClearAbove and <= IrOp.VectorBitSelect:
                return TryEmitVectorLogic(inst);
            case >= IrOp.VectorAdd and <= IrOp.VectorAbsDifferenceUnsigned:
            case >= IrOp.VectorMinSigned and <= IrOp.VectorMaxUnsigned:
                return TryEmitVectorArithmetic(inst);
            case >= IrOp.VectorHalvingAddSigned and <= IrOp.VectorHalvingSubUnsigned:
                return TryEmitVectorHalving(inst);
            case >= IrOp.VectorCompareEqual and <= IrOp.VectorTestBits:
                return TryEmitVectorCompare(inst);
            case >= IrOp.VectorShiftLeftImm and <= IrOp.VectorRotateRightImm:
                return TryEmitVectorShiftImm(inst);
            case >= IrOp.VectorShiftUnsigned and <= IrOp.VectorRoundingShiftSigned:
                return TryEmitVectorShift(inst);
            case >= IrOp.VectorPopCount and <= IrOp.VectorReverseBits:
                return TryEmitVectorBits(inst);
            case >= IrOp.VectorNarrow and <= IrOp.VectorWidenSigned:
                return TryEmitVectorResize(inst);
            case >= IrOp.VectorMulLongUnsigned and <= IrOp.VectorPairAddLongSigned:
                return TryEmitVectorLong(inst);
            case >= IrOp.VectorReduceAdd and <= IrOp.VectorReduceMaxUnsigned:
                return TryEmitVectorReduce(inst);
            case >= IrOp.VectorBroadcast and <= IrOp.VectorExtractElementSigned:
                return TryEmitVectorElement(inst);
            case IrOp.VectorReverse:
            case >= IrOp.VectorCombine and <= IrOp.VectorTable:
                return TryEmitVectorShuffle(inst);
            case >= IrOp.VectorDotUnsigned and <= IrOp.VectorMatrixMulUnsignedSigned:
                return TryEmitVectorProducts(inst);
            case >= IrOp.VectorAesEncrypt and <= IrOp.VectorAesInverseMixColumns:
                return TryEmitAes(inst);
            case >= IrOp.VectorSha1Choose and <= IrOp.VectorSha1Schedule1:
                return TryEmitSha1(inst);
            case >= IrOp.VectorSha256Hash and <= IrOp.VectorSha256Schedule1:
                return TryEmitSha256(inst);
            case >= IrOp.VectorSha512Hash and <= IrOp.VectorSha512Schedule1:
                return TryEmitSha512(inst);
            case >= IrOp.VectorSaturatingAddSigned and <= IrOp.VectorSaturatingNeg:
                return TryEmitSaturatingArithmetic(inst);
            case >= IrOp.VectorSaturatingDoublingMulHigh and <= IrOp.VectorSaturatingDoublingMulLong:
                return TryEmitSaturatingMultiply(inst);
            case >= IrOp.VectorSaturatingShiftLeftSignedImm and <= IrOp.VectorSaturatingShiftLeftSignedToUnsignedImm:
                return TryEmitSaturatingShiftImm(inst);
            case >= IrOp.VectorSaturatingShiftUnsigned and <= IrOp.VectorSaturatingRoundingShiftSigned:
                return TryEmitSaturatingShift(inst);
            case >= IrOp.VectorSaturatingNarrowSigned and <= IrOp.VectorSaturatingNarrowSignedToUnsigned:
                return TryEmitSaturatingNarrow(inst);
            default:
                return false;
        }
    }
}
