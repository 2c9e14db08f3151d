using Arm64Vm.Cpu.Debugging;

namespace Arm64Vm.Cpu.Registers;

/// <summary>Self-hosted debug (Arm ARM D2, D24.3). There is no external debugger behind the communication channel.</summary>
internal static class DebugRegisters
{
    public static void Define(RegisterTable t)
    {
        t.Add("MDSCR_EL1", 2, 0, 0, 2, 2).Stored((int)SystemSlot.Mdscr, 0, 0x0000_0000_FFFF_FFFF).OnWrite(static (cpu, _) => cpu.StepControlChanged());
        t.Add("MDCCSR_EL0", 2, 3, 0, 1, 0).ReadOnly().UserRead(IsChannelAllowed).Constant(0);
        t.Add("MDCCINT_EL1", 2, 0, 0, 2, 0).Stored(t.NewSlot(), 0, 0x6000_0000);
        t.Add("DBGDTR_EL0", 2, 3, 0, 4, 0).User(IsChannelAllowed).Constant(0);
        t.Add("DBGDTRRX_EL0", 2, 3, 0, 5, 0).User(IsChannelAllowed).Constant(0);
        t.Add("OSDTRRX_EL1", 2, 0, 0, 0, 2).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        t.Add("OSDTRTX_EL1", 2, 0, 0, 3, 2).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        t.Add("OSECCR_EL1", 2, 0, 0, 6, 2).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);
        t.Add("MDRAR_EL1", 2, 0, 1, 0, 0).ReadOnly().Constant(0);
        t.Add("DBGVCR32_EL2", 2, 4, 0, 7, 0).Stored(t.NewSlot(), 0, 0xFFFF_FFFF);

        // The OS lock is set by a reset; OSLSR_EL1.OSLM says that it is implemented.
        t.Add("OSLAR_EL1", 2, 0, 1, 0, 4).WriteOnly().Stored((int)SystemSlot.OsLock, 1, 1).OnWrite(static (cpu, _) => cpu.DebugControlsChanged());
        t.Add("OSLSR_EL1", 2, 0, 1, 1, 4).ReadOnly().OnRead(static cpu => 0b1000 | ((cpu.Slot(SystemSlot.OsLock) & 1) << 1));
        t.Add("OSDLR_EL1", 2, 0, 1, 3, 4).Stored(t.NewSlot(), 0, 1);
        t.Add("DBGPRCR_EL1", 2, 0, 1, 4, 4).Stored(t.NewSlot(), 0, 1);
        t.Add("DBGCLAIMSET_EL1", 2, 0, 7, 8, 6).Constant(0xFF);
        t.Add("DBGCLAIMCLR_EL1", 2, 0, 7, 9, 6).Constant(0);
        t.Add("DBGAUTHSTATUS_EL1", 2, 0, 7, 14, 6).ReadOnly().Constant(0xAA);

        for (int i = 0; i < DebugComparators.Breakpoints; i++)
        {
            int slot = (int)SystemSlot.FirstBreakpoint + (2 * i);

            // An address, or a context number: then bits 1:0 count.
            Comparator(t.Add($"DBGBVR{i}_EL1", 2, 0, 0, i, 4), slot, ulong.MaxValue);

            // BT, LBN, SSC, HMC, PMC and E. BAS is RES1 without AArch32.
            Comparator(t.Add($"DBGBCR{i}_EL1", 2, 0, 0, i, 5), slot + 1, 0x00FF_E007, 0x1E0);
        }

        for (int i = 0; i < DebugComparators.Watchpoints; i++)
        {
            int slot = (int)SystemSlot.FirstWatchpoint + (2 * i);
            Comparator(t.Add($"DBGWVR{i}_EL1", 2, 0, 0, i, 6), slot, ~3UL);

            // MASK, WT, LBN, SSC, HMC, BAS, LSC, PAC and E.
            Comparator(t.Add($"DBGWCR{i}_EL1", 2, 0, 0, i, 7), slot + 1, 0x1F1F_FFFF);
        }
    }

    /// <summary>MDSCR_EL1.TDCC traps the communication channel at EL0.</summary>
    private static bool IsChannelAllowed(Vcpu cpu) => (cpu.Slot(SystemSlot.Mdscr) & (1UL << 12)) == 0;

    private static void Comparator(RegisterDescriptor row, int slot, ulong mask, ulong ones = 0) =>
        row.Stored(slot, ones, mask).OnWrite(static (cpu, _) => cpu.DebugControlsChanged());
}
