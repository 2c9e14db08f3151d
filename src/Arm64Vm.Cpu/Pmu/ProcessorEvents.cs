namespace Arm64Vm.Cpu.Pmu;

/// <summary>What the processor counts outside of guest code, always, since it costs nothing there. Never saved: only differences matter.</summary>
internal sealed class ProcessorEvents
{
    public ulong ExceptionsTaken { get; set; }

    public ulong ExceptionReturns { get; set; }

    /// <summary>Walks of the translation tables for instructions.</summary>
    public ulong CodeWalks { get; set; }

    /// <summary>Walks of the translation tables for data.</summary>
    public ulong DataWalks { get; set; }
}
