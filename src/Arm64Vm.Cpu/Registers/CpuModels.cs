namespace Arm64Vm.Cpu;

/// <summary>The processors that can be presented. Values of the named parts are from their Technical Reference Manuals.</summary>
internal static class CpuModels
{
    private const ulong NamedFrequency = 62_500_000;

    /// <summary>Everything that is implemented, chosen so that guests need no costly work-arounds.</summary>
    /// <remarks>
    /// CSV2, CSV3 and E0PD let kernels leave out their speculation defences; hardware access and dirty flags, TLBI ranges and BBM
    /// level 2 save faults and invalidations; CTR_EL0.IDC and DIC save cache maintenance. Pointer authentication uses an
    /// algorithm that emitted code computes (<see cref="CpuModel.WithPointerAuthentication"/> chooses another, or none).
    /// </remarks>
    public static CpuModel Max { get; } = new()
    {
        Name = "max",
        Compatible = "arm,armv8",
        Midr = 0x000F_0510,
        TimerFrequency = 1_000_000_000,

        // CSV3, CSV2_3, DIT, RAS, AdvSIMD and FP with half precision, EL1 and EL0 in AArch64 only.
        Pfr0 = 0x1301_0000_1011_0011,

        // SSBS with MSR and MRS, BTI.
        Pfr1 = 0x21,

        // RNDR, TLBI range, FlagM2, FHM, DP, SM4, SM3, SHA3, RDM, LSE, CRC32, SHA512, SHA1, AES+PMULL.
        Isar0 = 0x1221_1111_1021_2120,

        // XS, I8MM, DGH, BF16, SB, FRINTTS, generic and address codes of the fast algorithm (FPACCOMBINE), LRCPC2, FCMA, JSCVT, DC CVADP.
        Isar1 = 0x0111_1011_1021_1502,

        // CSSC, MOPS, WFxT.
        Isar2 = 0x0010_0000_0001_0002,

        // PMUv3p5, with 64-bit event counters.
        Dfr0 = 0x1030_5606,

        // ECV, 48-bit PA, 16-bit ASIDs, all granules.
        Mmfr0 = 0x1000_0000_0010_0025,

        // TIDCP1, PAN3, HPDS, HAFDBS.
        Mmfr1 = 0x0010_0000_0030_1002,

        // E0PD, BBM level 2, TTL, IDST, small translation tables, UAO, CnP.
        Mmfr2 = 0x1021_0010_1000_0011,
        Ctr = 0xB444_C004,
        Clidr = 0x0A20_0023,
        CacheSizes = [0x701F_E01A, 0x201F_E01A, 0x70FF_E07A],
    };

    public static CpuModel NeoverseN1 { get; } = new()
    {
        Name = "neoverse-n1",
        Compatible = "arm,neoverse-n1",
        Midr = 0x414F_D0C1,
        TimerFrequency = NamedFrequency,
        Dfr0 = 0x1030_5406,
        PmuImplementer = 0x410C_0000,
        Pfr0 = 0x1100_0000_1011_0011,
        Pfr1 = 0x20,
        Isar0 = 0x0000_1000_1021_1120,
        Isar1 = 0x0000_0000_0010_0001,
        Mmfr0 = 0x0000_0000_0010_0025,
        Mmfr1 = 0x0000_0000_0020_2002,
        Mmfr2 = 0x0000_0000_0000_0011,
        Ctr = 0x8444_C004,
        Clidr = 0x0000_0000_8200_0023,
        CacheSizes = [0x701F_E01A, 0x201F_E01A, 0x70FF_E03A],
    };

    public static CpuModel CortexA72 { get; } = new()
    {
        Name = "cortex-a72",
        Compatible = "arm,cortex-a72",
        Midr = 0x410F_D083,
        PmuImplementer = 0x4102_0000,
        TimerFrequency = NamedFrequency,
        Pfr0 = 0x11,
        Isar0 = 0x0000_0000_0001_1120,
        Mmfr0 = 0x24,
        Ctr = 0x8444_C004,
        Clidr = 0x0A20_0023,
        CacheSizes = [0x701F_E00A, 0x201F_E012, 0x70FF_E07A],
        HasCortexControls = true,
    };

    public static CpuModel CortexA53 { get; } = new()
    {
        Name = "cortex-a53",
        Compatible = "arm,cortex-a53",
        Midr = 0x410F_D034,
        PmuImplementer = 0x4103_0000,
        TimerFrequency = NamedFrequency,
        Pfr0 = 0x11,
        Isar0 = 0x0000_0000_0001_1120,
        Mmfr0 = 0x22,
        Ctr = 0x8444_8004,
        Clidr = 0x0A20_0023,
        CacheSizes = [0x700F_E01A, 0x201F_E00A, 0x707F_E07A],
        HasCortexControls = true,
    };

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<CpuModel> All { get; } = [Max, NeoverseN1, CortexA72, CortexA53];

    /// <summary>Finds a model by its name, which options may follow: <c>max,pauth=qarma5,bti=off</c>. Null where there is no such model or option.</summary>
    /// <remarks>
    /// <code>
    /// pauth=fast|qarma5|off   pointer authentication
    /// bti=on|off              branch target identification
    /// </code>
    /// </remarks>
    public static CpuModel? Find(string name)
    {
        string[] parts = name.Split(',');
        CpuModel? found = null;
        foreach (CpuModel model in All)
        {
            if (string.Equals(model.Name, parts[0], StringComparison.OrdinalIgnoreCase))
                found = model;
        }

        for (int i = 1; i < parts.Length && found != null; i++)
            found = found.WithOption(parts[i]);
        return found;
    }

    private static CpuModel? WithOption(this CpuModel model, string option) => option switch
    {
        "pauth=fast" => model.WithPointerAuthentication(PointerAlgorithm.Fast),
        "pauth=qarma5" => model.WithPointerAuthentication(PointerAlgorithm.Qarma5),
        "pauth=off" => model.WithPointerAuthentication(PointerAlgorithm.None),
        "bti=on" => model.WithBranchTargets(true),
        "bti=off" => model.WithBranchTargets(false),
        _ => null,
    };
}
