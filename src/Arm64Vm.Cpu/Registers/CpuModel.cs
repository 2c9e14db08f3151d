namespace Arm64Vm.Cpu;

/// <summary>A processor as the guest sees it: identification registers, and from them what is implemented.</summary>
/// <remarks>AArch32, EL2, EL3, the PMU and RAS are absent from every model, also where the real part has them.</remarks>
public sealed record CpuModel
{
    /// <summary>As on the command line, and in the device tree as <see cref="Compatible"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Device tree compatible string, for example <c>arm,cortex-a53</c>.</summary>
    public required string Compatible { get; init; }

    /// <summary>MIDR_EL1.</summary>
    public required ulong Midr { get; init; }

    /// <summary>CNTFRQ_EL0 in Hz.</summary>
    public required ulong TimerFrequency { get; init; }

    internal ulong Revidr { get; init; }

    internal ulong Pfr0 { get; init; }

    internal ulong Pfr1 { get; init; }

    /// <summary>Debug v8, 6 breakpoints of which 2 context-aware, 4 watchpoints, no PMU.</summary>
    internal ulong Dfr0 { get; init; } = 0x1030_5006;

    internal ulong Isar0 { get; init; }

    internal ulong Isar1 { get; init; }

    internal ulong Isar2 { get; init; }

    internal ulong Mmfr0 { get; init; }

    internal ulong Mmfr1 { get; init; }

    internal ulong Mmfr2 { get; init; }

    internal ulong Ctr { get; init; }

    internal ulong Clidr { get; init; }

    /// <summary>CCSIDR_EL1 by CSSELR_EL1: L1 data, L1 instruction, L2.</summary>
    internal ulong[] CacheSizes { get; init; } = [];

    /// <summary>The part has the implementation-defined controls of the Cortex-A family.</summary>
    internal bool HasCortexControls { get; init; }

    internal int PhysicalBits => (int)(Mmfr0 & 15) switch { 0 => 32, 1 => 36, 2 => 40, 3 => 42, 4 => 44, _ => 48 };

    internal bool HasPan => ((Mmfr1 >> 20) & 15) != 0;

    internal bool HasUao => ((Mmfr2 >> 4) & 15) != 0;

    internal bool HasDit => ((Pfr0 >> 48) & 15) != 0;

    internal bool HasSsbs => ((Pfr1 >> 4) & 15) != 0;

    internal bool HasRandom => Isar0 >> 60 != 0;

    internal bool HasHardwareUpdates => (Mmfr1 & 15) >= 2;

    internal bool HasContextNumber => ((Pfr0 >> 56) & 15) >= 2;

    internal bool HasPointerAuthentication => ((Isar1 >> 8) & 15) != 0;

    internal bool HasUnalignedAtomicity => ((Mmfr2 >> 32) & 15) != 0;

    internal bool HasAddressTranslatePan => ((Mmfr1 >> 20) & 15) >= 2;

    internal bool HasRangeInvalidation => ((Isar0 >> 56) & 15) >= 2;
}
