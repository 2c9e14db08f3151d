using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Why emitted code was left, as one number of a byte: an <see cref="ExitReason"/>, a code of the back end's own, or a kind of resumable exit.</summary>
internal static class ProfiledExit
{
    private const uint ResumableBase = 0x80;

    public static uint Of(SlowKind kind) => ResumableBase + (uint)kind;

    public static string Name(uint code) => code switch
    {
        >= ResumableBase => ((SlowKind)(code - ResumableBase)).ToString(),
        ExitLayout.LinkRequest => "Link",
        ExitLayout.IndirectRequest => "BranchMiss",
        _ => ((ExitReason)code).ToString(),
    };
}
