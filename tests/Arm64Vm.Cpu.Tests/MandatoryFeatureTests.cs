namespace Arm64Vm.Cpu.Tests;

/// <summary>What an announced feature makes mandatory is announced, too (Arm ARM A2.2, D13.11, and the descriptions of the ID registers).</summary>
public sealed class MandatoryFeatureTests
{
    /// <summary>A field that is at least so much wants another to be at least so much.</summary>
    private sealed record Rule(string Register, int Shift, int Value, string OtherRegister, int OtherShift, int OtherValue, string Why);

    private const string Pfr0 = "ID_AA64PFR0_EL1";
    private const string Dfr0 = "ID_AA64DFR0_EL1";
    private const string Isar0 = "ID_AA64ISAR0_EL1";
    private const string Isar1 = "ID_AA64ISAR1_EL1";
    private const string Mmfr0 = "ID_AA64MMFR0_EL1";
    private const string Mmfr2 = "ID_AA64MMFR2_EL1";

    private static readonly Rule[] Rules =
    [
        new(Pfr0, 16, 1, Pfr0, 20, 1, "FP16 is of both floating point and Advanced SIMD"),
        new(Pfr0, 20, 1, Pfr0, 16, 1, "FP16 is of both floating point and Advanced SIMD"),
        new(Isar0, 8, 1, Isar0, 12, 1, "SHA1 comes with SHA256"),
        new(Isar0, 12, 1, Isar0, 8, 1, "SHA256 comes with SHA1"),
        new(Isar0, 12, 2, Isar0, 32, 1, "SHA512 comes with SHA3"),
        new(Isar0, 32, 1, Isar0, 12, 2, "SHA3 comes with SHA512"),
        new(Isar0, 36, 1, Isar0, 40, 1, "SM3 comes with SM4"),
        new(Isar0, 40, 1, Isar0, 36, 1, "SM4 comes with SM3"),
        new(Isar0, 48, 1, Pfr0, 20, 1, "FHM needs FP16"),
        new(Isar1, 8, 1, Isar1, 28, 1, "address codes come with generic ones, of the same algorithm"),
        new(Isar1, 28, 1, Isar1, 8, 1, "generic codes come with address codes, of the same algorithm"),
        new(Isar1, 4, 1, Isar1, 24, 1, "address codes come with generic ones, of the same algorithm"),
        new(Isar1, 24, 1, Isar1, 4, 1, "generic codes come with address codes, of the same algorithm"),
        new(Mmfr2, 60, 1, Pfr0, 60, 1, "E0PD needs CSV3"),
    ];

    /// <summary>Events by the PMU's version (ID_AA64DFR0_EL1.PMUVer): PMUv3, p1, p4.</summary>
    private static readonly (int Version, int Event)[] Events =
    [
        (1, 0x00), // SW_INCR
        (1, 0x03), // L1D_CACHE_REFILL, where there is a first level cache of data
        (1, 0x04), // L1D_CACHE
        (1, 0x08), // INST_RETIRED, or INST_SPEC
        (1, 0x10), // BR_MIS_PRED
        (1, 0x11), // CPU_CYCLES
        (1, 0x12), // BR_PRED

        // Recommended ones: what emulators can count.
        (1, 0x02), // L1I_TLB_REFILL
        (1, 0x05), // L1D_TLB_REFILL
        (1, 0x06), // LD_RETIRED
        (1, 0x07), // ST_RETIRED
        (1, 0x09), // EXC_TAKEN
        (1, 0x0A), // EXC_RETURN
        (1, 0x0C), // PC_WRITE_RETIRED
        (1, 0x0D), // BR_IMMED_RETIRED
        (1, 0x0E), // BR_RETURN_RETIRED
        (1, 0x13), // MEM_ACCESS
        (1, 0x1B), // INST_SPEC
        (1, 0x21), // BR_RETIRED
        (1, 0x22), // BR_MIS_PRED_RETIRED
        (1, 0x25), // L1D_TLB
        (4, 0x23), // STALL_FRONTEND
        (4, 0x24), // STALL_BACKEND
        (5, 0x3C), // STALL
    ];

    /// <summary>Registers that a value of a field brings with it.</summary>
    private static readonly (string Register, int Shift, int Value, string Brings)[] Registers =
    [
        (Dfr0, 8, 1, "PMCCFILTR_EL0"),
        (Dfr0, 8, 1, "PMCEID1_EL0"),
        (Dfr0, 8, 5, "PMMIR_EL1"),
        (Pfr0, 28, 1, "DISR_EL1"),
        (Pfr0, 56, 2, "SCXTNUM_EL0"),
        (Pfr0, 56, 2, "SCXTNUM_EL1"),
    ];

    public static TheoryData<string> Models => [.. CpuModels.All.Select(model => model.Name), "max,pauth=qarma5", "max,pauth=off"];

    [Theory]
    [MemberData(nameof(Models))]
    public void AnnouncedFeaturesBringWhatTheyMakeMandatory(string name)
    {
        using var machine = new TestMachine(new VcpuOptions { Model = CpuModels.Find(name)! });
        foreach (Rule rule in Rules)
        {
            if (Field(machine, rule.Register, rule.Shift) >= rule.Value)
                Assert.True(Field(machine, rule.OtherRegister, rule.OtherShift) >= rule.OtherValue, rule.Why);
        }

        // Of breakpoints some may compare contexts, not more than there are; large pages are announced the other way round.
        Assert.True(Field(machine, Dfr0, 28) <= Field(machine, Dfr0, 12));
        Assert.Equal(0, Field(machine, Mmfr0, 28));
        foreach ((string register, int shift, int value, string brings) in Registers)
        {
            if (Field(machine, register, shift) >= value)
                Assert.Contains(machine.Cpu.Registers.Rows, row => row.Name == brings);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void ThePmuHasTheEventsOfItsVersion(string name)
    {
        using var machine = new TestMachine(new VcpuOptions { Model = CpuModels.Find(name)!, Clock = new FakeClock(), PmuInterrupt = new FakeLine() });
        int version = Field(machine, Dfr0, 8);
        ulong announced = (uint)machine.System("PMCEID0_EL0") | (machine.System("PMCEID1_EL0") << 32);
        foreach ((int since, int number) in Events)
        {
            Assert.True(((announced >> number) & 1) != 0 == version >= since, $"event {number:x} of PMU version {version}");
            if (version < since)
                continue;

            // It can be chosen and read.
            machine.SetSystem("PMEVTYPER0_EL0", (ulong)number);
            Assert.Equal((ulong)number, machine.System("PMEVTYPER0_EL0"));
            Assert.Equal(0UL, machine.System("PMEVCNTR0_EL0"));
        }

        // Nothing is announced that is not known here; CHAIN comes with more than one counter.
        Assert.Equal(0UL, announced & ~Events.Aggregate(1UL << 0x1E, (all, one) => all | (1UL << one.Event)));
    }

    private static int Field(TestMachine machine, string register, int shift) => (int)(machine.System(register) >> shift) & 15;
}
