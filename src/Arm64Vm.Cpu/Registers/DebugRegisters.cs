namespace Arm64Vm.Cpu.Registers;

/// <summary>Self-hosted debug (Arm ARM D19): the registers are kept, breakpoints and watchpoints do not fire.</summary>
internal static class DebugRegisters
{
    /// <summary>Breakpoints and watchpoints, as ID_AA64DFR0_EL1 counts them for every model.</summary>
    private const int Breakpoints = 6;
    private const int Watchpoints = 4;

    public static void Define(RegisterTable t)
    {
        t.Add("MDSCR_EL1", 2, 0, 0, 2, 2).Stored((int)SystemSlot.Mdscr, 0, 0x0000_0000_FFFF_FFFF).OnWrite(static (cpu, _) => cpu.StepControlChanged());
        t.Add("MDCCSR_EL0", 2, 3, 0, 1, 0).ReadOnly().UserRead().Constant(0);
        t.Add("MDCCINT_EL1", 2, 0, 0, 2, 0).Stored(t.NewSlot(), 0, 0x6000_0000);
        t.Add("DBGDTR_EL0", 2, 3, 0, 4, 0).Constant(0);
        t.Add("DBGDTRRX_EL0", 2, 3, 0, 5, 0).Constant(0);
        t.Add("OSDTRRX_EL1", 2, 0, 0, 0, 2).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        t.Add("OSDTRTX_EL1", 2, 0, 0, 3, 2).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        t.Add("OSECCR_EL1", 2, 0, 0, 6, 2).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        t.Add("MDRAR_EL1", 2, 0, 1, 0, 0).ReadOnly().Constant(0);
        t.Add("DBGVCR32_EL2", 2, 4, 0, 7, 0).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);

        // The OS lock is set by a reset; OSLSR_EL1.OSLM says that it is implemented.
        t.Add("OSLAR_EL1", 2, 0, 1, 0, 4).WriteOnly().Stored((int)SystemSlot.OsLock, 1, 1);
        t.Add("OSLSR_EL1", 2, 0, 1, 1, 4).ReadOnly().OnRead(static cpu => 0b1000 | ((cpu.Slot(SystemSlot.OsLock) & 1) << 1));
        t.Add("OSDLR_EL1", 2, 0, 1, 3, 4).Stored(t.NewSlot(), 0, 1);
        t.Add("DBGPRCR_EL1", 2, 0, 1, 4, 4).Stored(t.NewSlot(), 0, 1);
        t.Add("DBGCLAIMSET_EL1", 2, 0, 7, 8, 6).Constant(0xFF);
        t.Add("DBGCLAIMCLR_EL1", 2, 0, 7, 9, 6).Constant(0);
        t.Add("DBGAUTHSTATUS_EL1", 2, 0, 7, 14, 6).ReadOnly().Constant(0xAA);

        for (int i = 0; i < Breakpoints; i++)
        {
            t.Add($"DBGBVR{i}_EL1", 2, 0, 0, i, 4).Stored(t.NewSlot());
            t.Add($"DBGBCR{i}_EL1", 2, 0, 0, i, 5).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        }

        for (int i = 0; i < Watchpoints; i++)
        {
            t.Add($"DBGWVR{i}_EL1", 2, 0, 0, i, 6).Stored(t.NewSlot());
            t.Add($"DBGWCR{i}_EL1", 2, 0, 0, i, 7).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        }
    }
}
