using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Dispatch of the SIMD, cryptographic and floating-point groups.</summary>
internal static partial class Lifter
{
    /// <summary>Groups that hold both integer and floating-point members are offered to both.</summary>
    private static bool LiftSimdAndFloat(in LiftContext context, A64Instruction instruction, A64Group group) =>
        SimdLifter.Lift(context, instruction, group) || FloatLifter.Lift(context, instruction, group);
}
