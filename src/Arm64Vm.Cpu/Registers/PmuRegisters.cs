using Arm64Vm.Cpu.Pmu;

namespace Arm64Vm.Cpu.Registers;

/// <summary>The performance monitors as system registers (Arm ARM D24.5). PMUSERENR_EL0 says what EL0 may do.</summary>
internal static class PmuRegisters
{
    private const ulong UserAll = 1;
    private const ulong UserIncrement = 2;
    private const ulong UserCycles = 4;
    private const ulong UserEvents = 8;

    public static void Define(RegisterTable t, CpuModel model)
    {
        All(t.Add("PMCR_EL0", 3, 3, 9, 12, 0)).OnRead(static cpu => cpu.Pmu.Control | cpu.Model.PmuImplementer).OnWrite(static (cpu, v) => cpu.Pmu.Control = v);
        All(t.Add("PMCNTENSET_EL0", 3, 3, 9, 12, 1)).OnRead(static cpu => cpu.Pmu.Enabled).OnWrite(static (cpu, v) => cpu.Pmu.ChangeEnabled(v, set: true));
        All(t.Add("PMCNTENCLR_EL0", 3, 3, 9, 12, 2)).OnRead(static cpu => cpu.Pmu.Enabled).OnWrite(static (cpu, v) => cpu.Pmu.ChangeEnabled(v, set: false));
        All(t.Add("PMOVSCLR_EL0", 3, 3, 9, 12, 3)).OnRead(static cpu => cpu.Pmu.Overflows).OnWrite(static (cpu, v) => cpu.Pmu.ChangeOverflows(v, set: false));
        t.Add("PMSWINC_EL0", 3, 3, 9, 12, 4).UserWrite(static cpu => Allows(cpu, UserIncrement)).OnWrite(static (cpu, v) => cpu.Pmu.SoftwareIncrement(v));
        t.Add("PMSELR_EL0", 3, 3, 9, 12, 5).User(static cpu => Allows(cpu, UserEvents)).Stored((int)SystemSlot.PmuSelect, 0, 31);
        All(t.Add("PMCEID0_EL0", 3, 3, 9, 12, 6).ReadOnly(), readOnly: true).Constant((uint)model.PmuEvents);
        All(t.Add("PMCEID1_EL0", 3, 3, 9, 12, 7).ReadOnly(), readOnly: true).Constant(model.PmuEvents >> 32);
        t.Add("PMCCNTR_EL0", 3, 3, 9, 13, 0).User(static cpu => Allows(cpu, UserCycles), static cpu => Allows(cpu, 0))
            .OnRead(static cpu => cpu.Pmu.Read(PerformanceMonitors.CycleCounter)).OnWrite(static (cpu, v) => cpu.Pmu.Write(PerformanceMonitors.CycleCounter, v));
        All(t.Add("PMXEVTYPER_EL0", 3, 3, 9, 13, 1)).OnRead(static cpu => cpu.Pmu.ReadType(Selected(cpu))).OnWrite(static (cpu, v) => cpu.Pmu.WriteType(Selected(cpu), v));
        Events(t.Add("PMXEVCNTR_EL0", 3, 3, 9, 13, 2))
            .OnRead(static cpu => Selected(cpu) == PerformanceMonitors.CycleCounter ? 0 : cpu.Pmu.Read(Selected(cpu)))
            .OnWrite(static (cpu, v) =>
            {
                if (Selected(cpu) != PerformanceMonitors.CycleCounter)
                    cpu.Pmu.Write(Selected(cpu), v);
            });
        t.Add("PMUSERENR_EL0", 3, 3, 9, 14, 0).UserRead().Stored((int)SystemSlot.PmuUserEnable, 0, 15);
        t.Add("PMINTENSET_EL1", 3, 0, 9, 14, 1).OnRead(static cpu => cpu.Pmu.Interrupts).OnWrite(static (cpu, v) => cpu.Pmu.ChangeInterrupts(v, set: true));
        t.Add("PMINTENCLR_EL1", 3, 0, 9, 14, 2).OnRead(static cpu => cpu.Pmu.Interrupts).OnWrite(static (cpu, v) => cpu.Pmu.ChangeInterrupts(v, set: false));
        All(t.Add("PMOVSSET_EL0", 3, 3, 9, 14, 3)).OnRead(static cpu => cpu.Pmu.Overflows).OnWrite(static (cpu, v) => cpu.Pmu.ChangeOverflows(v, set: true));
        All(t.Add("PMCCFILTR_EL0", 3, 3, 14, 15, 7))
            .OnRead(static cpu => cpu.Pmu.ReadType(PerformanceMonitors.CycleCounter)).OnWrite(static (cpu, v) => cpu.Pmu.WriteType(PerformanceMonitors.CycleCounter, v));
        if (model.HasPmuSlots)
            t.Add("PMMIR_EL1", 3, 0, 9, 14, 6).ReadOnly().Constant(0);
        for (int i = 0; i < model.PmuCounters; i++)
            DefineCounter(t, i);
    }

    private static void DefineCounter(RegisterTable t, int number)
    {
        Events(t.Add($"PMEVCNTR{number}_EL0", 3, 3, 14, 8 + (number >> 3), number & 7))
            .OnRead(cpu => cpu.Pmu.Read(number)).OnWrite((cpu, v) => cpu.Pmu.Write(number, v));
        All(t.Add($"PMEVTYPER{number}_EL0", 3, 3, 14, 12 + (number >> 3), number & 7))
            .OnRead(cpu => cpu.Pmu.ReadType(number)).OnWrite((cpu, v) => cpu.Pmu.WriteType(number, v));
    }

    private static int Selected(Vcpu cpu) => (int)cpu.Slot(SystemSlot.PmuSelect);

    private static bool Allows(Vcpu cpu, ulong bit) => (cpu.Slot(SystemSlot.PmuUserEnable) & (UserAll | bit)) != 0;

    private static RegisterDescriptor All(RegisterDescriptor row, bool readOnly = false) =>
        readOnly ? row.UserRead(static cpu => Allows(cpu, 0)) : row.User(static cpu => Allows(cpu, 0));

    /// <summary>Event counters: EL0 may read with ER, and write with EN only.</summary>
    private static RegisterDescriptor Events(RegisterDescriptor row) =>
        row.User(static cpu => Allows(cpu, UserEvents), static cpu => Allows(cpu, 0));
}
