namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>The instruction that reaches PSCI.</summary>
internal enum PsciConduit
{
    None,
    Hvc,
    Smc,
}

/// <summary>One level of first-level cache as the tree describes it.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="LineSize">Bytes.</param>
/// <param name="Sets">Number of sets.</param>
internal sealed record CacheGeometry(uint Size, uint LineSize, uint Sets);

/// <summary>What the device tree has to say about a machine.</summary>
internal sealed record VirtBoard
{
    /// <summary>Bytes of RAM.</summary>
    public required ulong RamSize { get; init; }

    public int CpuCount { get; init; } = 1;

    /// <summary>For example <c>arm,cortex-a57</c>.</summary>
    public string CpuCompatible { get; init; } = "arm,cortex-a57";

    public GicVersion Gic { get; init; } = GicVersion.V3;

    /// <summary>A GICv3 with an interrupt translation service.</summary>
    public bool HasIts { get; init; }

    /// <summary>A GICv2m frame for message-signalled interrupts.</summary>
    public bool HasV2m { get; init; }

    /// <summary>The processors have PMUv3.</summary>
    public bool HasPmu { get; init; }

    /// <summary>The processors have EL2: the timers and the GIC show its interrupts.</summary>
    public bool HasEl2 { get; init; }

    public PsciConduit Psci { get; init; } = PsciConduit.Hvc;

    /// <summary>First-level instruction cache; null leaves it to the identification registers.</summary>
    public CacheGeometry? InstructionCache { get; init; }

    /// <summary>First-level data cache; null leaves it to the identification registers.</summary>
    public CacheGeometry? DataCache { get; init; }

    /// <summary>A generic watchdog.</summary>
    public bool HasWatchdog { get; init; }

    /// <summary>How a trusted platform module is reached; null: there is none.</summary>
    public TpmInterface? Tpm { get; init; }

    /// <summary>A second PL011 for the guest.</summary>
    public bool HasUart1 { get; init; }

    /// <summary>Randomness for the kernel's address space layout; null: none.</summary>
    public ulong? KaslrSeed { get; init; }

    /// <summary>Randomness for the kernel's generator; empty: none.</summary>
    public ReadOnlyMemory<byte> RngSeed { get; init; }

    /// <summary>MPIDR affinity of a processor: 16 to a cluster with GICv3 (what one SGI can target), 8 with GICv2.</summary>
    public uint Affinity(int cpu)
    {
        var perCluster = Gic == GicVersion.V3 ? 16 : 8;
        return (uint)((cpu / perCluster << 8) | (cpu % perCluster));
    }
}
