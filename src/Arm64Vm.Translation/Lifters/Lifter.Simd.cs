using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Dispatch of the SIMD, cryptographic and floating-point groups.</summary>
internal static partial class Lifter
{
    private static bool LiftSimdAndFloat(in LiftContext context, A64Instruction instruction, A64Group group)
    {
        _ = context;
        _ = instruction;
        switch (group)
        {
            default:
                return false;
        }
    }
}
