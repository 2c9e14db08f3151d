using Arm64Vm.Cpu.Pmu;
using Arm64Vm.Isa;
using Arm64Vm.Translation;

namespace Arm64Vm.Cpu;

/// <summary>A processor as the guest sees it: identification registers, and from them what is implemented.</summary>
/// <remarks>AArch32, EL2 and EL3 are absent from every model, also where the real part has them.</remarks>
internal sealed record CpuModel
{
    /// <summary>As on the command line, and in the device tree as <see cref="Compatible"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Device tree compatible string, for example <c>arm,cortex-a53</c>.</summary>
    public required string Compatible { get; init; }

    /// <summary>MIDR_EL1.</summary>
    public required ulong Midr { get; init; }

    /// <summary>CNTFRQ_EL0 in Hz.</summary>
    public required ulong TimerFrequency { get; init; }

    /// <summary>Instructions that the identification registers announce; what a translator for this processor accepts.</summary>
    public FeatureSet Features
    {
        get
        {
            FeatureSet set = FeatureSet.Default.Without(A64Feature.Lor);
            Limit(Isar0, 4, 1, A64Feature.Aes);
            Limit(Isar0, 8, 1, A64Feature.Sha1);
            Limit(Isar0, 12, 1, A64Feature.Sha256);
            Limit(Isar0, 12, 2, A64Feature.Sha512);
            Limit(Isar0, 16, 1, A64Feature.Crc32);
            Limit(Isar0, 20, 2, A64Feature.Lse);
            Limit(Isar0, 28, 1, A64Feature.Rdm);
            Limit(Isar0, 32, 1, A64Feature.Sha3);
            Limit(Isar0, 36, 1, A64Feature.Sm3);
            Limit(Isar0, 40, 1, A64Feature.Sm4);
            Limit(Isar0, 44, 1, A64Feature.DotProd);
            Limit(Isar0, 48, 1, A64Feature.Fhm);
            Limit(Isar0, 52, 1, A64Feature.FlagM);
            Limit(Isar0, 52, 2, A64Feature.FlagM2);
            if (PointerAlgorithm == PointerAlgorithm.None)
                set = set.Without(A64Feature.PAuth);
            Limit(Isar1, 12, 1, A64Feature.Jscvt);
            Limit(Isar1, 16, 1, A64Feature.Fcma);
            Limit(Isar1, 20, 1, A64Feature.Lrcpc);
            Limit(Isar1, 20, 2, A64Feature.Lrcpc2);
            Limit(Isar1, 32, 1, A64Feature.FrintTs);
            Limit(Isar1, 36, 1, A64Feature.Sb);
            Limit(Isar1, 44, 1, A64Feature.Bf16);
            Limit(Isar1, 52, 1, A64Feature.I8mm);
            Limit(Isar1, 48, 1, A64Feature.Dgh);
            Limit(Isar1, 56, 1, A64Feature.Xs);
            Limit(Isar2, 0, 2, A64Feature.WFxT);
            Limit(Isar2, 16, 1, A64Feature.Mops);
            Limit(Isar2, 52, 1, A64Feature.Cssc);
            Limit(Pfr0, 16, 1, A64Feature.Fp16);
            Limit(Pfr1, 0, 1, A64Feature.Bti);
            return set;

            void Limit(ulong register, int shift, ulong minimum, A64Feature feature)
            {
                if (((register >> shift) & 15) < minimum)
                    set = set.Without(feature);
            }
        }
    }

    /// <summary>How pointer authentication codes are computed; <see cref="PointerAlgorithm.None"/>: FEAT_PAuth is absent.</summary>
    public PointerAlgorithm PointerAlgorithm => ((Isar1 >> 8) & 15) != 0 ? PointerAlgorithm.Fast : ((Isar1 >> 4) & 15) != 0 ? PointerAlgorithm.Qarma5 : PointerAlgorithm.None;

    /// <summary>The same processor with another algorithm for pointer authentication, or without it.</summary>
    public CpuModel WithPointerAuthentication(PointerAlgorithm algorithm)
    {
        // ID_AA64ISAR1_EL1: APA 7:4, API 11:8, GPA 27:24, GPI 31:28. FEAT_FPACCOMBINE = 5.
        const ulong All = 0xFF00_0FF0;
        return this with
        {
            Isar1 = (Isar1 & ~All) | algorithm switch
            {
                PointerAlgorithm.Fast => 0x1000_0500UL,
                PointerAlgorithm.Qarma5 => 0x0100_0050UL,
                _ => 0,
            },
        };
    }

    /// <summary>The same processor with or without branch target identification (ID_AA64PFR1_EL1.BT).</summary>
    public CpuModel WithBranchTargets(bool present) => this with { Pfr1 = (Pfr1 & ~0xFUL) | (present ? 1UL : 0) };

    internal ulong Revidr { get; init; }

    internal ulong Pfr0 { get; init; }

    internal ulong Pfr1 { get; init; }

    /// <summary>Debug v8, 6 breakpoints of which 2 context-aware, 4 watchpoints, PMUv3.</summary>
    internal ulong Dfr0 { get; init; } = 0x1030_5106;

    /// <summary>PMCR_EL0.IMP and IDCODE.</summary>
    internal ulong PmuImplementer { get; init; }

    internal ulong Isar0 { get; init; }

    internal ulong Isar1 { get; init; }

    internal ulong Isar2 { get; init; }

    internal ulong Mmfr0 { get; init; }

    internal ulong Mmfr1 { get; init; }

    internal ulong Mmfr2 { get; init; }

    internal ulong Ctr { get; init; }

    internal ulong Clidr { get; init; }

    /// <summary>CCSIDR_EL1 by CSSELR_EL1: L1 data, L1 instruction, L2.</summary>
    internal IReadOnlyList<ulong> CacheSizes { get; init; } = [];

    /// <summary>The part has the implementation-defined controls of the Cortex-A family.</summary>
    internal bool HasCortexControls { get; init; }

    internal int PhysicalBits => (int)(Mmfr0 & 15) switch { 0 => 32, 1 => 36, 2 => 40, 3 => 42, 4 => 44, _ => 48 };

    /// <summary>The processor has performance monitors (PMUv3).</summary>
    public bool HasPmu => PmuVersion is not (0 or 15);

    /// <summary>Event counters of the PMU.</summary>
    internal int PmuCounters => HasPmu ? 6 : 0;

    /// <summary>The common events of the PMU's version, by number: bits 31:0 are those of PMCEID0_EL0, 63:32 those of PMCEID1_EL0.</summary>
    internal ulong PmuEvents
    {
        get
        {
            ulong events = 0;
            foreach (PmuEvent one in Enum.GetValues<PmuEvent>())
            {
                ulong since = one switch { PmuEvent.FrontendStalls or PmuEvent.BackendStalls => 4, PmuEvent.Stalls => 5, _ => 1UL };
                if (HasPmu && PmuVersion >= since)
                    events |= 1UL << (int)one;
            }

            return events;
        }
    }

    /// <summary>FEAT_PMUv3p4: PMMIR_EL1.</summary>
    internal bool HasPmuSlots => HasPmu && PmuVersion >= 5;

    /// <summary>FEAT_PMUv3p5: 64-bit event counters.</summary>
    internal bool HasLongPmuEvents => HasPmu && PmuVersion >= 6;

    internal bool HasPan => ((Mmfr1 >> 20) & 15) != 0;

    internal bool HasUao => ((Mmfr2 >> 4) & 15) != 0;

    internal bool HasBranchTargets => (Pfr1 & 15) != 0;

    internal bool HasDit => ((Pfr0 >> 48) & 15) != 0;

    internal bool HasSsbs => ((Pfr1 >> 4) & 15) != 0;

    internal bool HasRandom => Isar0 >> 60 != 0;

    internal bool HasHardwareUpdates => (Mmfr1 & 15) >= 2;

    internal bool HasContextNumber => ((Pfr0 >> 56) & 15) >= 2;

    internal bool HasPointerAuthentication => PointerAlgorithm != PointerAlgorithm.None;

    internal bool HasUnalignedAtomicity => ((Mmfr2 >> 32) & 15) != 0;

    /// <summary>FEAT_MOPS.</summary>
    internal bool HasMemoryOperations => ((Isar2 >> 16) & 15) != 0;

    internal bool HasAddressTranslatePan => ((Mmfr1 >> 20) & 15) >= 2;

    private ulong PmuVersion => (Dfr0 >> 8) & 15;

    /// <summary>FEAT_PAN3: PAN also guards pages that EL0 may only execute, with SCTLR_EL1.EPAN.</summary>
    internal bool HasEnhancedPan => ((Mmfr1 >> 20) & 15) >= 3;

    /// <summary>FEAT_TIDCP1: SCTLR_EL1.TIDCP traps IMPLEMENTATION DEFINED registers at EL0.</summary>
    internal bool HasImplementationTrap => ((Mmfr1 >> 52) & 15) != 0;

    /// <summary>FEAT_IDST: reads of identification registers at EL0 are reported as trapped.</summary>
    internal bool HasIdentificationTrap => ((Mmfr2 >> 36) & 15) != 0;

    /// <summary>FEAT_ECV: CNTPCTSS_EL0 and CNTVCTSS_EL0.</summary>
    internal bool HasSynchronizedCounters => Mmfr0 >> 60 != 0;

    internal bool HasRas => ((Pfr0 >> 28) & 15) != 0;

    /// <summary>FEAT_XS: TLBI with the nXS qualifier.</summary>
    internal bool HasXs => ((Isar1 >> 56) & 15) != 0;

    /// <summary>FEAT_TLBIOS.</summary>
    internal bool HasOuterInvalidation => ((Isar0 >> 56) & 15) >= 1;

    /// <summary>DC CVAP (1) and DC CVADP (2).</summary>
    internal int PersistenceLevel => (int)(Isar1 & 15);

    internal bool HasRangeInvalidation => ((Isar0 >> 56) & 15) >= 2;
}
