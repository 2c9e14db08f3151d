using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Dispatch of the floating-point groups, scalar and Advanced SIMD.</summary>
internal static class FloatLifter
{
    /// <summary>False for what is unallocated, and for the integer members of groups that hold both.</summary>
    public static bool Lift(in LiftContext context, A64Instruction instruction, A64Group group)
    {
        switch (group)
        {
            case A64Group.FloatingPointFixedPoint or A64Group.FloatingPointInteger:
                return FpInteger.Lift(context, instruction);
            case A64Group.FloatingPointOneSource:
                return FpOneSource.Lift(context, instruction);
            case A64Group.FloatingPointCompare or A64Group.FloatingPointConditionalSelect:
                return FpCompare.Lift(context, instruction);
            case A64Group.FloatingPointImmediate or A64Group.FloatingPointTwoSource or A64Group.FloatingPointThreeSource:
                return FpArithmetic.Lift(context, instruction);
            case A64Group.SimdThreeSameFpScalar or A64Group.SimdThreeSameFp or A64Group.SimdThreeSameHalfScalar or A64Group.SimdThreeSameHalf:
                return SimdFpThreeSame.Lift(context, instruction);
            case A64Group.SimdTwoRegisterFpScalar or A64Group.SimdTwoRegisterFp or A64Group.SimdTwoRegisterHalfScalar or A64Group.SimdTwoRegisterHalf:
                return SimdFpTwoRegister.Lift(context, instruction) || SimdFpConvert.Lift(context, instruction);
            case A64Group.SimdShiftImmediateScalar or A64Group.SimdShiftImmediate:
                return SimdFpConvert.LiftFixedPoint(context, instruction);
            case A64Group.SimdByElementScalar or A64Group.SimdByElement or A64Group.SimdByElementFp:
                return SimdFpByElement.Lift(context, instruction);
            case A64Group.SimdFpMultiplyLong:
                return SimdFpMultiplyLong.Lift(context, instruction);
            case A64Group.SimdThreeSameExtra:
                return SimdFpComplex.Lift(context, instruction) || SimdFpMultiplyLong.LiftBf16(context, instruction);
            case A64Group.SimdScalarPairwise:
                return SimdFpReduce.LiftPair(context, instruction);
            case A64Group.SimdAcrossLanes:
                return SimdFpReduce.LiftAcross(context, instruction);
            default:
                return false;
        }
    }
}
