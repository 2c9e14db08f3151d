using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Board;

/// <summary>Chooses and makes what executes guest instructions.</summary>
internal static class Executors
{
    /// <summary>Enough that a unit spans what is usually executed together.</summary>
    public const int SideExits = 3;

    /// <summary>The host's features for <see cref="ExecutionBackend.X64"/>, null for the interpreter.</summary>
    /// <exception cref="MachineConfigurationException">This host cannot run the x64 back end.</exception>
    public static HostFeatures? Choose(ExecutionBackend backend)
    {
        if (backend == ExecutionBackend.Interpreter)
            return null;
        var host = HostFeatures.Detect();
        if (host.MeetsBaseline)
            return host;
        return backend == ExecutionBackend.Auto
            ? null
            : throw new MachineConfigurationException("The x64 back end needs a host with AVX2, FMA, F16C, BMI1, BMI2, LZCNT, POPCNT and MOVBE (x86-64-v3).");
    }

    /// <summary>Makes the executor of one processor; those of a machine share its cache.</summary>
    public static IExecutor Make(CpuModel model, HostFeatures? host, IGuestServices services, ICodeMemory code, TranslationCache? cache)
    {
        var options = new TranslatorOptions { Features = model.Features, MaxSideExits = SideExits };
        return host is null
            ? new InterpreterExecutor(code, services, options)
            : new JitExecutor(code, services, new Translator(options), host, cache!);
    }

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
        }
    }
}
