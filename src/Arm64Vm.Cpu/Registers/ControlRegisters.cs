namespace Arm64Vm.Cpu.Registers;

/// <summary>Registers that control translation and traps, and those that exceptions write.</summary>
internal static class ControlRegisters
{
    public static void Define(RegisterTable t, CpuModel model)
    {
        t.Add("SCTLR_EL1", 3, 0, 1, 0, 0).Stored((int)SystemSlot.Sctlr, SctlrBits.Reset, SctlrBits.Writable).OnWrite(static (cpu, _) => cpu.TranslationControlsChanged());
        t.Add("ACTLR_EL1", 3, 0, 1, 0, 1).Stored(t.NewSlot());
        t.Add("CPACR_EL1", 3, 0, 1, 0, 2).Stored((int)SystemSlot.Cpacr, 0, 0x3UL << 20);
        t.Add("TTBR0_EL1", 3, 0, 2, 0, 0).Stored((int)SystemSlot.Ttbr0).OnWrite(static (cpu, _) => cpu.TranslationControlsChanged());
        t.Add("TTBR1_EL1", 3, 0, 2, 0, 1).Stored((int)SystemSlot.Ttbr1).OnWrite(static (cpu, _) => cpu.TranslationControlsChanged());
        t.Add("TCR_EL1", 3, 0, 2, 0, 2).Stored((int)SystemSlot.Tcr).OnWrite(static (cpu, _) => cpu.TranslationControlsChanged());
        t.Add("MAIR_EL1", 3, 0, 10, 2, 0).Stored((int)SystemSlot.Mair).OnWrite(static (cpu, _) => cpu.TranslationControlsChanged());
        t.Add("AMAIR_EL1", 3, 0, 10, 3, 0).Stored(t.NewSlot(), 0, 0);
        t.Add("VBAR_EL1", 3, 0, 12, 0, 0).Stored((int)SystemSlot.Vbar, 0, ~0x7FFUL).OnWrite(static (cpu, value) => cpu.VectorBaseWritten(value));
        t.Add("RVBAR_EL1", 3, 0, 12, 0, 1).ReadOnly().Constant(0);
        t.Add("RMR_EL1", 3, 0, 12, 0, 2).Constant(1);
        t.Add("ISR_EL1", 3, 0, 12, 1, 0).ReadOnly().OnRead(static cpu => cpu.PendingInterruptStatus());
        t.Add("PAR_EL1", 3, 0, 7, 4, 0).Stored((int)SystemSlot.Par);
        t.Add("AFSR0_EL1", 3, 0, 5, 1, 0).Stored(t.NewSlot(), 0, 0);
        t.Add("AFSR1_EL1", 3, 0, 5, 1, 1).Stored(t.NewSlot(), 0, 0);
        t.Add("CNTKCTL_EL1", 3, 0, 14, 1, 0).Stored((int)SystemSlot.Cntkctl, 0, 0x3FF).OnWrite(static (cpu, value) => cpu.Counter.ControlChanged(value));
        if (model.HasRas)
        {
            // No error records, and no SError is ever pending for ESB to defer.
            t.Add("DISR_EL1", 3, 0, 12, 1, 1).Stored(t.NewSlot(), 0, 0);
            t.Add("ERRIDR_EL1", 3, 0, 5, 3, 0).ReadOnly().Constant(0);
            t.Add("ERRSELR_EL1", 3, 0, 5, 3, 1).Constant(0);
        }

        if (model.HasContextNumber)
        {
            t.Add("SCXTNUM_EL1", 3, 0, 13, 0, 7).Stored(t.NewSlot());
            t.Add("SCXTNUM_EL0", 3, 3, 13, 0, 7).User(static cpu => (cpu.Slot(SystemSlot.Sctlr) & SctlrBits.TrapContextNumber) == 0).Stored(t.NewSlot());
        }

        DefineImplementationDefined(t, model);
    }

    /// <summary>Cortex-A53/A57/A72 and Neoverse registers that their errata and power code reads (Technical Reference Manuals).</summary>
    private static void DefineImplementationDefined(RegisterTable t, CpuModel model)
    {
        if (model.HasCortexControls)
        {
            t.Add("L2CTLR_EL1", 3, 1, 11, 0, 2).Stored(t.NewSlot());
            t.Add("L2ECTLR_EL1", 3, 1, 11, 0, 3).Stored(t.NewSlot());
            t.Add("L2ACTLR_EL1", 3, 1, 15, 0, 0).Stored(t.NewSlot());
            t.Add("CPUACTLR_EL1", 3, 1, 15, 2, 0).Stored(t.NewSlot());
            t.Add("CPUECTLR_EL1", 3, 1, 15, 2, 1).Stored(t.NewSlot());
            t.Add("CPUMERRSR_EL1", 3, 1, 15, 2, 2).Stored(t.NewSlot());
            t.Add("L2MERRSR_EL1", 3, 1, 15, 2, 3).Stored(t.NewSlot());
            t.Add("CBAR_EL1", 3, 1, 15, 3, 0).ReadOnly().Constant(0);
        }
    }
}
