using System.Reflection;
using Arm64Vm.Translation.Verification;
using Xunit.Sdk;
using Xunit.v3;

namespace Arm64Vm.Translation.Tests.Verification;

/// <summary>Every vector file, with the passes on and off.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CombinatorialFilesAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var rows = new List<ITheoryDataRow>();
        foreach (string file in VectorRunner.Files)
        {
            rows.Add(new TheoryDataRow<string, bool>(file, false));
            rows.Add(new TheoryDataRow<string, bool>(file, true));
        }

        return new(rows);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}
