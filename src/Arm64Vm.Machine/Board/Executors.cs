using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Machine.Board;

/// <summary>What was chosen to execute guest instructions.</summary>
/// <param name="Backend">Never <see cref="ExecutionBackend.Auto"/>.</param>
/// <param name="Features">The host's, for <see cref="ExecutionBackend.X64"/>.</param>
/// <param name="Il">Tiers of <see cref="ExecutionBackend.Il"/>; null: the usual ones.</param>
/// <param name="KeepsFlags">NZCV is exact behind every unit.</param>
/// <param name="Rounds">Rounds of a short loop in one unit.</param>
internal sealed record ExecutorChoice(ExecutionBackend Backend, HostFeatures? Features = null, IlOptions? Il = null, bool KeepsFlags = false, int Rounds = 1);

/// <summary>Chooses and makes what executes guest instructions.</summary>
internal static class Executors
{
    /// <summary>Chooses: emitted code where the host has what it needs, else IL, else the interpreter.</summary>
    /// <exception cref="MachineConfigurationException">This host or this build cannot do what is asked for.</exception>
    public static ExecutorChoice Choose(ExecutionBackend backend, IlOptions? il = null)
    {
        switch (backend)
        {
            case ExecutionBackend.Interpreter:
                return new ExecutorChoice(backend);
            case ExecutionBackend.Il when !RuntimeFeature.IsDynamicCodeSupported:
                throw new MachineConfigurationException("The il back end is not in native builds: it needs the .NET runtime's own compiler.");
            case ExecutionBackend.Il:
                return new ExecutorChoice(backend, Il: il);
        }

        var host = HostFeatures.Detect();
        if (host.MeetsBaseline)
            return new ExecutorChoice(ExecutionBackend.X64, host, Rounds: TranslatorOptions.MachineRounds);
        if (backend == ExecutionBackend.X64)
            throw new MachineConfigurationException("The x64 back end needs a host with AVX2, FMA, F16C, BMI1, BMI2, LZCNT, POPCNT and MOVBE (x86-64-v3).");
        return RuntimeFeature.IsDynamicCodeSupported ? new ExecutorChoice(ExecutionBackend.Il, Il: il) : new ExecutorChoice(ExecutionBackend.Interpreter);
    }

    /// <summary>How instructions are translated for a model.</summary>
    public static TranslatorOptions Options(CpuModel model, ExecutorChoice choice) =>
        new() { Features = model.Features, MaxSideExits = TranslatorOptions.MachineSideExits, MaxRounds = choice.Rounds, KeepsFlags = choice.KeepsFlags };

    /// <summary>Makes the executor of one processor; x64 ones of a machine share its cache.</summary>
    public static IExecutor Make(
        CpuModel model, ExecutorChoice choice, IGuestServices services, ICodeMemory code, TranslationCache? cache, ICodeStops? stops = null, ImageStore? images = null)
    {
        var options = Options(model, choice) with { Stops = stops };
        if (choice.Features is { } host)
            return new JitExecutor(code, services, new Translator(options), host, cache!) { Images = images };
        if (choice.Backend == ExecutionBackend.Il && RuntimeFeature.IsDynamicCodeSupported)
            return new IlExecutor(code, services, options, choice.Il);
        return new InterpreterExecutor(code, services, options);
    }

    /// <summary>Makes an executor count guest instructions, where it can.</summary>
    public static void CountInstructions(IExecutor executor)
    {
        if (executor is JitExecutor jit)
            jit.CountsInstructions = true;
        else if (RuntimeFeature.IsDynamicCodeSupported && executor is IlExecutor il)
            il.CountsInstructions = true;
    }

    /// <summary>Whether <see cref="CountInstructions"/> had an effect.</summary>
    public static bool CountsInstructions(IExecutor executor) =>
        executor is JitExecutor { CountsInstructions: true } || (RuntimeFeature.IsDynamicCodeSupported && executor is IlExecutor { CountsInstructions: true });

    /// <summary>Makes an executor come back after every translation unit.</summary>
    public static void StepUnits(IExecutor executor)
    {
        switch (executor)
        {
            case JitExecutor jit:
                jit.StepsUnits = true;
                break;
            case InterpreterExecutor interpreter:
                interpreter.StepsUnits = true;
                break;
            default:
                if (RuntimeFeature.IsDynamicCodeSupported && executor is IlExecutor il)
                    il.StepsUnits = true;
                break;
        }
    }
}
