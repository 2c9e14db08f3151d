using Arm64Vm.Isa;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Identification registers tell the truth: every field that is not zero is known here, and what it announces works; what it does not announce is UNDEFINED.</summary>
public class FeatureTests
{
    /// <summary>A value of a field and an instruction that exists from that value on; 0 where the feature has none of its own.</summary>
    private sealed record Row(string Register, int Shift, int Value, string Feature, uint Probe = 0);

    private static readonly Row[] Rows =
    [
        new("ID_AA64PFR0_EL1", 0, 1, "EL0 in AArch64"),
        new("ID_AA64PFR0_EL1", 4, 1, "EL1 in AArch64"),
        new("ID_AA64PFR0_EL1", 16, 1, "FP16", 0x1EE2_2820), // fadd h0, h1, h2
        new("ID_AA64PFR0_EL1", 20, 1, "FP16 vectors", 0x0E42_1420), // fadd v0.4h, v1.4h, v2.4h
        new("ID_AA64PFR0_EL1", 24, 1, "GIC system registers"),
        new("ID_AA64PFR0_EL1", 28, 1, "RAS", Asm.Mrs(5, 3, 0, 5, 3, 0)),
        new("ID_AA64PFR0_EL1", 48, 1, "DIT", Asm.Mrs(5, 3, 3, 4, 2, 5)),
        new("ID_AA64PFR0_EL1", 56, 1, "CSV2: nothing is speculated"),
        new("ID_AA64PFR0_EL1", 56, 2, "CSV2_2", Asm.Mrs(5, 3, 0, 13, 0, 7)),
        new("ID_AA64PFR0_EL1", 56, 3, "CSV2_3: nothing is speculated"),
        new("ID_AA64PFR0_EL1", 60, 1, "CSV3: nothing is speculated"),
        new("ID_AA64PFR1_EL1", 0, 1, "BTI"),
        new("ID_AA64PFR1_EL1", 4, 1, "SSBS: nothing is speculated"),
        new("ID_AA64PFR1_EL1", 4, 2, "SSBS2", Asm.Mrs(5, 3, 3, 4, 2, 6)),
        new("ID_AA64DFR0_EL1", 0, 6, "Debug v8", Asm.Mrs(5, 2, 0, 0, 0, 5)),
        new("ID_AA64DFR0_EL1", 8, 1, "PMUv3", Asm.Mrs(5, 3, 3, 9, 13, 0)),
        new("ID_AA64DFR0_EL1", 8, 4, "PMUv3p1"),
        new("ID_AA64DFR0_EL1", 8, 5, "PMUv3p4", Asm.Mrs(5, 3, 0, 9, 14, 6)),
        new("ID_AA64DFR0_EL1", 8, 6, "PMUv3p5"),
        new("ID_AA64DFR0_EL1", 12, 5, "6 breakpoints", Asm.Mrs(5, 2, 0, 0, 5, 5)),
        new("ID_AA64DFR0_EL1", 20, 3, "4 watchpoints", Asm.Mrs(5, 2, 0, 0, 3, 7)),
        new("ID_AA64DFR0_EL1", 28, 1, "2 context breakpoints"),
        new("ID_AA64ISAR0_EL1", 4, 1, "AES", 0x4E28_4820), // aese v0.16b, v1.16b
        new("ID_AA64ISAR0_EL1", 4, 2, "PMULL", 0x0EE2_E020), // pmull v0.1q, v1.1d, v2.1d
        new("ID_AA64ISAR0_EL1", 8, 1, "SHA1", 0x5E28_0820), // sha1h s0, s1
        new("ID_AA64ISAR0_EL1", 12, 1, "SHA256", 0x5E02_4020), // sha256h q0, q1, v2.4s
        new("ID_AA64ISAR0_EL1", 12, 2, "SHA512", 0xCE62_8020), // sha512h q0, q1, v2.2d
        new("ID_AA64ISAR0_EL1", 16, 1, "CRC32", 0x1AC2_4025), // crc32b w5, w1, w2
        new("ID_AA64ISAR0_EL1", 20, 2, "LSE", 0xB822_0023), // ldadd w2, w3, [x1]
        new("ID_AA64ISAR0_EL1", 28, 1, "RDM", 0x2E42_8420), // sqrdmlah v0.4h, v1.4h, v2.4h
        new("ID_AA64ISAR0_EL1", 32, 1, "SHA3", 0xCE02_0C20), // eor3 v0.16b, v1.16b, v2.16b, v3.16b
        new("ID_AA64ISAR0_EL1", 36, 1, "SM3", 0xCE62_C020), // sm3partw1 v0.4s, v1.4s, v2.4s
        new("ID_AA64ISAR0_EL1", 40, 1, "SM4", 0xCEC0_8420), // sm4e v0.4s, v1.4s
        new("ID_AA64ISAR0_EL1", 44, 1, "DotProd", 0x2E82_9420), // udot v0.2s, v1.8b, v2.8b
        new("ID_AA64ISAR0_EL1", 48, 1, "FHM", 0x0E22_EC20), // fmlal v0.2s, v1.2h, v2.2h
        new("ID_AA64ISAR0_EL1", 52, 1, "FlagM", 0xD500_401F), // cfinv
        new("ID_AA64ISAR0_EL1", 52, 2, "FlagM2", 0xD500_403F), // xaflag
        new("ID_AA64ISAR0_EL1", 56, 1, "TLBIOS", Asm.Sys(0, 8, 1, 0)),
        new("ID_AA64ISAR0_EL1", 56, 2, "TLBIRANGE", Asm.Sys(0, 8, 2, 1)),
        new("ID_AA64ISAR0_EL1", 60, 1, "RNG", 0xD53B_2405), // mrs x5, rndr
        new("ID_AA64ISAR1_EL1", 0, 1, "DPB", Asm.Sys(3, 7, 12, 1, 1)),
        new("ID_AA64ISAR1_EL1", 0, 2, "DPB2", Asm.Sys(3, 7, 13, 1, 1)),
        new("ID_AA64ISAR1_EL1", 8, 1, "PAuth", 0xDAC1_00C5), // pacia x5, x6
        new("ID_AA64ISAR1_EL1", 8, 5, "PAuth2, FPAC and FPACCOMBINE"),
        new("ID_AA64ISAR1_EL1", 28, 1, "PACGA", 0x9AC7_30C5), // pacga x5, x6, x7
        new("ID_AA64ISAR1_EL1", 12, 1, "JSCVT", 0x1E7E_0025), // fjcvtzs w5, d1
        new("ID_AA64ISAR1_EL1", 16, 1, "FCMA", 0x6E82_E420), // fcadd v0.4s, v1.4s, v2.4s, #90
        new("ID_AA64ISAR1_EL1", 20, 1, "LRCPC", 0xB8BF_C023), // ldapr w3, [x1]
        new("ID_AA64ISAR1_EL1", 20, 2, "LRCPC2", 0x9940_0023), // ldapur w3, [x1]
        new("ID_AA64ISAR1_EL1", 32, 1, "FRINTTS", 0x1E28_4020), // frint32z s0, s1
        new("ID_AA64ISAR1_EL1", 36, 1, "SB", 0xD503_30FF),
        new("ID_AA64ISAR1_EL1", 44, 1, "BF16", 0x1E63_4020), // bfcvt h0, s1
        new("ID_AA64ISAR1_EL1", 48, 1, "DGH: a hint"),
        new("ID_AA64ISAR1_EL1", 52, 1, "I8MM", 0x4E82_A420), // smmla v0.4s, v1.16b, v2.16b
        new("ID_AA64ISAR1_EL1", 56, 1, "XS", Asm.Sys(0, 9, 7, 0)),
        new("ID_AA64ISAR2_EL1", 0, 2, "WFxT", 0xD503_1025), // wfit x5
        new("ID_AA64ISAR2_EL1", 16, 1, "MOPS", 0x19C6_04A1), // setp [x1]!, x5!, x6
        new("ID_AA64ISAR2_EL1", 52, 1, "CSSC", 0xDAC0_20C5), // abs x5, x6
        new("ID_AA64MMFR0_EL1", 20, 1, "16 KiB granule"),
        new("ID_AA64MMFR0_EL1", 60, 1, "ECV", Asm.Mrs(5, 3, 3, 14, 0, 6)),
        new("ID_AA64MMFR1_EL1", 0, 2, "HAFDBS"),
        new("ID_AA64MMFR1_EL1", 12, 1, "HPDS"),
        new("ID_AA64MMFR1_EL1", 12, 2, "HPDS2: no attribute is defined there"),
        new("ID_AA64MMFR1_EL1", 20, 1, "PAN", Asm.Mrs(5, 3, 0, 4, 2, 3)),
        new("ID_AA64MMFR1_EL1", 20, 2, "PAN2", Asm.Sys(0, 7, 9, 0)),
        new("ID_AA64MMFR1_EL1", 20, 3, "PAN3"),
        new("ID_AA64MMFR1_EL1", 52, 1, "TIDCP1"),
        new("ID_AA64MMFR2_EL1", 0, 1, "CnP"),
        new("ID_AA64MMFR2_EL1", 4, 1, "UAO", Asm.Mrs(5, 3, 0, 4, 2, 4)),
        new("ID_AA64MMFR2_EL1", 28, 1, "TTST"),
        new("ID_AA64MMFR2_EL1", 36, 1, "IDST"),
        new("ID_AA64MMFR2_EL1", 48, 1, "TTL"),
        new("ID_AA64MMFR2_EL1", 52, 2, "BBM level 2"),
        new("ID_AA64MMFR2_EL1", 60, 1, "E0PD"),
    ];

    /// <summary>Fields that are a size, not a feature.</summary>
    private static readonly (string Register, int Shift)[] Quantities = [("ID_AA64MMFR0_EL1", 0), ("ID_AA64MMFR0_EL1", 4)];

    public static TheoryData<string, bool> Models
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (CpuModel model in CpuModels.All)
            {
                data.Add(model.Name, false);
                data.Add(model.Name, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void EveryAnnouncedFieldIsKnown(string name, bool emitted)
    {
        using TestMachine machine = Make(name, emitted);
        foreach (var row in machine.Cpu.Registers.Rows.Where(row => row.Register is { Op0: 3, Op1: 0, CRn: 0, CRm: >= 1 and <= 7 }))
        {
            ulong value = machine.System(row.Name);
            for (int shift = 0; shift < 64; shift += 4)
            {
                int field = (int)(value >> shift) & 15;
                bool isQuantity = Quantities.Contains((row.Name, shift));
                if (field == 0 || isQuantity)
                    continue;
                Assert.True(Rows.Any(known => known.Register == row.Name && known.Shift == shift && known.Value == field), $"{row.Name}[{shift + 3}:{shift}] = {field}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void AnnouncedInstructionsRunAndOthersAreUndefined(string name, bool emitted)
    {
        using TestMachine machine = Make(name, emitted);
        machine.SetSystem("CPACR_EL1", 3UL << 20);
        foreach (Row row in Rows.Where(row => row.Probe != 0))
        {
            int field = (int)(machine.System(row.Register) >> row.Shift) & 15;
            machine.Cpu.SetX(1, TestMachine.Data + 0x1000);
            machine.Cpu.SetX(5, 0);
            machine.SetSystem("ESR_EL1", 0x5555);
            machine.Run(row.Probe);
            bool isUndefined = machine.Vector >= 0;
            Assert.True(isUndefined == field < row.Value, $"{row.Feature}: {row.Register}[{row.Shift + 3}:{row.Shift}] = {field}, undefined: {isUndefined}, ESR {machine.Esr:x}");
            if (isUndefined)
                Assert.Equal(1UL << 25, machine.Esr);
        }
    }

    /// <summary>Floating point has no field that says no here.</summary>
    [Theory]
    [MemberData(nameof(Models))]
    public void FeaturesOfTheTranslatorFollowTheRegisters(string name, bool emitted)
    {
        using TestMachine machine = Make(name, emitted);
        FeatureSetOf(machine, "ID_AA64ISAR2_EL1", 0, 2, A64Feature.WFxT);
        FeatureSetOf(machine, "ID_AA64ISAR0_EL1", 20, 2, A64Feature.Lse);
        FeatureSetOf(machine, "ID_AA64ISAR1_EL1", 56, 1, A64Feature.Xs);
    }

    private static void FeatureSetOf(TestMachine machine, string register, int shift, int value, A64Feature feature) =>
        Assert.Equal(((int)(machine.System(register) >> shift) & 15) >= value, machine.Cpu.Model.Features.Has(feature));

    private static TestMachine Make(string name, bool emitted)
    {
        var clock = new FakeClock();
        clock.Advance(1000);
        return new TestMachine(new VcpuOptions { Model = CpuModels.Find(name)!, Clock = clock }, devices: [new FakeTimerRegisters()], emitted: emitted);
    }
}
