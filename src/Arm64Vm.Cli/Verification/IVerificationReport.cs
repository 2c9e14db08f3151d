using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Cli.Verification;

/// <summary>Gets the outcome of every file as it is there.</summary>
internal interface IVerificationReport
{
    void File(string executor, VectorReport report);

    void End(int passed, int failed);
}
