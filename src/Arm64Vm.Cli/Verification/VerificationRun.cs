using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Machine;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Cli.Verification;

/// <summary>Runs the vectors on one back end at the tiers asked for.</summary>
/// <param name="runner">The vectors.</param>
/// <param name="backend">What executes them.</param>
/// <param name="host">What x64 may use.</param>
internal sealed class VerificationRun(VectorRunner runner, ExecutionBackend backend, HostFeatures host)
{
    private const long CacheSize = 32L << 20;

    /// <summary>Tier 0 translates as it lifts; tier 1 runs the IR passes. Vectors may use every instruction of the table.</summary>
    private static readonly TranslatorOptions[] s_tiers =
    [
        new() { Features = FeatureSet.All, Optimize = false },
        new() { Features = FeatureSet.All, Optimize = true },
    ];

    public static string[] TierNames { get; } = [.. Enumerable.Range(0, s_tiers.Length).Select(tier => tier.ToString())];

    /// <summary>Runs them; false where a vector differs.</summary>
    public bool Execute(string tierName, IVerificationReport report)
    {
        int passed = 0, failed = 0, files = 0;
        for (var tier = 0; tier < s_tiers.Length; tier++)
        {
            if (tierName != "all" && tierName != TierNames[tier])
                continue;
            foreach (var result in runner.RunAll(FactoryOf(s_tiers[tier])))
            {
                report.File($"{backend.ToString().ToLowerInvariant()} tier {tier}", result);
                passed += result.Passed;
                failed += result.Failures.Count;
                files++;
            }
        }

        if (files == 0)
            throw CliException.Failure("there are no vectors in the folder");
        report.End(passed, failed);
        return failed == 0;
    }

    private ExecutorFactory FactoryOf(TranslatorOptions options) => (services, memory) => Make(options, services, memory);

    /// <summary>The il back end compiles everything here before it runs.</summary>
    private IExecutor Make(TranslatorOptions options, IGuestServices services, ICodeMemory memory)
    {
        if (backend == ExecutionBackend.X64)
            return new JitExecutor(memory, services, new Translator(options), host, CacheSize);
        if (backend == ExecutionBackend.Il && RuntimeFeature.IsDynamicCodeSupported)
            return new IlExecutor(memory, services, options, IlOptions.Immediate);
        return new InterpreterExecutor(memory, services, options);
    }
}
