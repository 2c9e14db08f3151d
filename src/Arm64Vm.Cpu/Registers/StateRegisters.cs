using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Registers;

/// <summary>Registers that are a view of PSTATE, of the stack pointers, of floating-point state, or plain storage beside the general registers.</summary>
internal static class StateRegisters
{
    public static void Define(RegisterTable t, CpuModel model)
    {
        Direct(t.Add("SPSR_EL1", 3, 0, 4, 0, 0), DirectRegister.SavedStatus1);
        Direct(t.Add("ELR_EL1", 3, 0, 4, 0, 1), DirectRegister.ExceptionLink1);
        Direct(t.Add("ESR_EL1", 3, 0, 5, 2, 0), DirectRegister.Syndrome1);
        Direct(t.Add("FAR_EL1", 3, 0, 6, 0, 0), DirectRegister.FaultAddress1);
        Direct(t.Add("CONTEXTIDR_EL1", 3, 0, 13, 0, 1), DirectRegister.ContextId1);
        Direct(t.Add("TPIDR_EL1", 3, 0, 13, 0, 4), DirectRegister.ThreadPointer1);
        Direct(t.Add("TPIDR_EL0", 3, 3, 13, 0, 2).User(), DirectRegister.ThreadPointer0);
        Direct(t.Add("TPIDRRO_EL0", 3, 3, 13, 0, 3).UserRead(), DirectRegister.ThreadPointerReadOnly0);
        t.Add("SP_EL0", 3, 0, 4, 1, 0).OnRead(static cpu => cpu.StackPointer0).OnWrite(static (cpu, v) => cpu.StackPointer0 = v);

        t.Add("SPSel", 3, 0, 4, 2, 0).OnRead(static cpu => cpu.State.SpSel ? 1UL : 0).OnWrite(static (cpu, v) => cpu.SelectStack((v & 1) != 0));
        t.Add("CurrentEL", 3, 0, 4, 2, 2).ReadOnly().OnRead(static cpu => (ulong)cpu.State.El << 2);
        t.Add("NZCV", 3, 3, 4, 2, 0).User().OnRead(static cpu => cpu.Nzcv).OnWrite(static (cpu, v) => cpu.Nzcv = (uint)v & 0xF000_0000);
        t.Add("DAIF", 3, 3, 4, 2, 1).User(static cpu => (cpu.Slot(SystemSlot.Sctlr) & SctlrBits.UserMaskAccess) != 0)
            .OnRead(static cpu => cpu.Daif).OnWrite(static (cpu, v) => cpu.SetDaif((uint)v & PState.DaifMask));
        t.Add("FPCR", 3, 3, 4, 4, 0).User().Float().OnRead(static cpu => cpu.FloatControl).OnWrite(static (cpu, v) => cpu.FloatControl = (uint)v);
        t.Add("FPSR", 3, 3, 4, 4, 1).User().Float().OnRead(static cpu => cpu.FloatStatus).OnWrite(static (cpu, v) => cpu.FloatStatus = (uint)v);

        // PSTATE fields as registers: bit 22 PAN, 23 UAO, 24 DIT, 12 SSBS.
        if (model.HasPan)
            t.Add("PAN", 3, 0, 4, 2, 3).OnRead(static cpu => cpu.State.Pan ? 1UL << 22 : 0).OnWrite(static (cpu, v) => cpu.SetPan((v & (1 << 22)) != 0));
        if (model.HasUao)
            t.Add("UAO", 3, 0, 4, 2, 4).OnRead(static cpu => cpu.State.Uao ? 1UL << 23 : 0).OnWrite(static (cpu, v) => cpu.SetUao((v & (1 << 23)) != 0));
        if (model.HasDit)
            t.Add("DIT", 3, 3, 4, 2, 5).User().OnRead(static cpu => cpu.State.Dit ? 1UL << 24 : 0).OnWrite(static (cpu, v) => cpu.SetDit((v & (1 << 24)) != 0));
        if (model.HasSsbs)
            t.Add("SSBS", 3, 3, 4, 2, 6).User().OnRead(static cpu => cpu.State.Ssbs ? 1UL << 12 : 0).OnWrite(static (cpu, v) => cpu.SetSsbs((v & (1 << 12)) != 0));
        if (model.HasRandom)
        {
            t.Add("RNDR", 3, 3, 2, 4, 0).ReadOnly().UserRead().OnRead(static cpu => cpu.NextRandom());
            t.Add("RNDRRS", 3, 3, 2, 4, 1).ReadOnly().UserRead().OnRead(static cpu => cpu.NextRandom());
        }
    }

    internal static void Direct(RegisterDescriptor row, DirectRegister register)
    {
        row.OnRead(cpu => cpu.GetDirect(register)).OnWrite((cpu, v) => cpu.SetDirect(register, v));
    }
}
