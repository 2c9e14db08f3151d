namespace Arm64Vm.Cpu.Registers;

/// <summary>Who the processor is and what it can do (Arm ARM D24.2, registers MIDR_EL1 to ID_AA64*_EL1, CTR_EL0, DCZID_EL0).</summary>
internal static class IdentificationRegisters
{
    private const int FeatureSpaceFirstCRm = 1;
    private const int FeatureSpaceLastCRm = 7;

    public static void Define(RegisterTable t, CpuModel model, bool hasGicRegisters)
    {
        t.Add("MIDR_EL1", 3, 0, 0, 0, 0).ReadOnly().Constant(model.Midr);
        t.Add("MPIDR_EL1", 3, 0, 0, 0, 5).ReadOnly().OnRead(static cpu => cpu.Affinity);
        t.Add("REVIDR_EL1", 3, 0, 0, 0, 6).ReadOnly().Constant(model.Revidr);
        t.Add("AIDR_EL1", 3, 1, 0, 0, 7).ReadOnly().Constant(0);

        // The whole feature space reads as zero where nothing is allocated (Arm ARM D23.3.1).
        for (int crm = FeatureSpaceFirstCRm; crm <= FeatureSpaceLastCRm; crm++)
        {
            for (int op2 = 0; op2 < 8; op2++)
            {
                (string name, ulong value) = Feature(model, hasGicRegisters, crm, op2);
                t.Add(name, 3, 0, 0, crm, op2).ReadOnly().Constant(value);
            }
        }

        t.Add("CCSIDR_EL1", 3, 1, 0, 0, 0).ReadOnly().OnRead(static cpu => cpu.CacheSizeId());
        t.Add("CLIDR_EL1", 3, 1, 0, 0, 1).ReadOnly().Constant(model.Clidr);
        t.Add("CSSELR_EL1", 3, 2, 0, 0, 0).Stored((int)SystemSlot.Csselr, 0, 0xF);
        t.Add("CTR_EL0", 3, 3, 0, 0, 1).ReadOnly().UserRead(static cpu => (cpu.Slot(SystemSlot.Sctlr) & SctlrBits.UserCacheType) != 0).Constant(model.Ctr);
        t.Add("DCZID_EL0", 3, 3, 0, 0, 7).ReadOnly().UserRead().OnRead(static cpu => cpu.ZeroBlockId(cpu.State.El));
    }

    private static (string Name, ulong Value) Feature(CpuModel model, bool hasGicRegisters, int crm, int op2) => (crm, op2) switch
    {
        (4, 0) => ("ID_AA64PFR0_EL1", model.Pfr0 | (hasGicRegisters ? 1UL << 24 : 0)),
        (4, 1) => ("ID_AA64PFR1_EL1", model.Pfr1),
        (5, 0) => ("ID_AA64DFR0_EL1", model.Dfr0),
        (6, 0) => ("ID_AA64ISAR0_EL1", model.Isar0),
        (6, 1) => ("ID_AA64ISAR1_EL1", model.Isar1),
        (6, 2) => ("ID_AA64ISAR2_EL1", model.Isar2),
        (7, 0) => ("ID_AA64MMFR0_EL1", model.Mmfr0),
        (7, 1) => ("ID_AA64MMFR1_EL1", model.Mmfr1),
        (7, 2) => ("ID_AA64MMFR2_EL1", model.Mmfr2),
        _ => ($"S3_0_C0_C{crm}_{op2}", 0),
    };
}
