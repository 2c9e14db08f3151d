using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Dispatch of the Advanced SIMD integer and cryptographic groups.</summary>
internal static class SimdLifter
{
    /// <summary>False for what is unallocated, and for the floating-point members of groups that hold both; nothing was appended then but pure operations.</summary>
    public static bool Lift(in LiftContext context, A64Instruction instruction, A64Group group)
    {
        switch (group)
        {
            case A64Group.CryptoAes:
                return CryptoAes.Lift(context, instruction);
            case A64Group.CryptoSha:
                return CryptoSha.Lift(context, instruction);
            case A64Group.CryptoSha3:
                return CryptoSha.LiftSha3(context, instruction);
            case A64Group.CryptoSm:
                return CryptoSm.Lift(context, instruction);
            case A64Group.SimdByElementScalar or A64Group.SimdByElement:
                return SimdByElement.Lift(context, instruction);
            case A64Group.SimdCopy:
                return SimdCopy.Lift(context, instruction);
            case A64Group.SimdPermute:
                return SimdPermute.Lift(context, instruction);
            case A64Group.SimdTable:
                return SimdPermute.LiftTable(context, instruction);
            case A64Group.SimdModifiedImmediate:
                return SimdModifiedImmediate.Lift(context, instruction);
            case A64Group.SimdScalarPairwise or A64Group.SimdAcrossLanes:
                return SimdAcrossLanes.Lift(context, instruction);
            case A64Group.SimdShiftImmediateScalar or A64Group.SimdShiftImmediate:
                return SimdShiftImmediate.Lift(context, instruction);
            case A64Group.SimdThreeDifferent or A64Group.SimdThreeDifferentScalar:
                return SimdThreeDifferent.Lift(context, instruction);
            case A64Group.SimdThreeSameExtra:
                return SimdThreeSameExtra.Lift(context, instruction);
            case A64Group.SimdThreeSameScalar or A64Group.SimdThreeSame:
                return SimdThreeSame.Lift(context, instruction);
            case A64Group.SimdLogical:
                return SimdLogical.Lift(context, instruction);
            case A64Group.SimdTwoRegisterScalar or A64Group.SimdTwoRegister:
                return SimdTwoRegister.Lift(context, instruction);
            case A64Group.SimdTwoRegisterFp:
                return SimdTwoRegister.LiftEstimate(context, instruction);
            default:
                return false;
        }
    }
}
