using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Cpu.Tests;

public unsafe class SystemRegisterTests
{
    public static TheoryData<string> Models => [.. CpuModels.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void EveryRowReadsAndWritesAtEl1(string name)
    {
        using var machine = new TestMachine(new VcpuOptions { Model = CpuModels.Find(name)! });
        machine.SetSystem("CPACR_EL1", 3UL << 20);
        foreach (RegisterDescriptor row in machine.Cpu.Registers.Rows)
        {
            bool read = machine.Cpu.TryReadSystem(machine.Cpu.Context, row.Register.Encoding, 0, out ulong value);
            Assert.Equal(row.ReadLevel <= 1, read);
            if (row.WriteLevel <= 1 && row.Name is not ("SCTLR_EL1" or "SPSel" or "CPACR_EL1"))
                Assert.True(machine.Cpu.TryWriteSystem(machine.Cpu.Context, row.Register.Encoding, 0, value), row.Name);
        }
    }

    /// <summary>Code is translated for its exception level, so asking for it needs no help; at EL0 the register does not exist.</summary>
    [Fact]
    public void TheExceptionLevelIsReadInEmittedCode()
    {
        using var machine = new TestMachine(emitted: true);
        uint read = Asm.Mrs(9, 3, 0, 4, 2, 2);
        machine.Run(read);
        Assert.Equal(4UL, machine.Cpu.GetX(9));
        Assert.Equal(0, ((JitExecutor)machine.Executor!).Counters.SystemExits);
        machine.RunFrom(0, read);
        Assert.Equal(0x400, machine.Vector);
        Assert.Equal(0UL, machine.Esr >> 26);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void NoEncodingAtAllCrashes(int level)
    {
        using var machine = new TestMachine(new VcpuOptions { StartAtEl0 = level == 0 });
        machine.Cpu.Reset(TestMachine.Code);
        for (uint encoding = 0; encoding < 0x1_0000; encoding++)
        {
            machine.Cpu.Reset(TestMachine.Code);
            machine.Cpu.TryReadSystem(machine.Cpu.Context, encoding, 0, out _);
            machine.Cpu.Reset(TestMachine.Code);
            machine.Cpu.TryWriteSystem(machine.Cpu.Context, encoding, 0, 0x5A5A_5A5A_A5A5_A5A5);
            machine.Cpu.Reset(TestMachine.Code);
            machine.Cpu.TrySystemOperation(machine.Cpu.Context, encoding, 0, 0x5A5A_5A5A_A5A5_A5A5);
            machine.Cpu.Reset(TestMachine.Code);
            machine.Cpu.TryWritePState(machine.Cpu.Context, encoding & 0x3F, (encoding >> 8) & 15, 0);
            Assert.InRange(machine.Cpu.ExceptionLevel, level, 1);
        }
    }

    [Theory]
    [InlineData(DirectRegisters.TPIDR_EL0, "TPIDR_EL0")]
    [InlineData(DirectRegisters.TPIDRRO_EL0, "TPIDRRO_EL0")]
    [InlineData(DirectRegisters.TPIDR_EL1, "TPIDR_EL1")]
    [InlineData(DirectRegisters.SP_EL0, "SP_EL0")]
    [InlineData(DirectRegisters.ELR_EL1, "ELR_EL1")]
    [InlineData(DirectRegisters.SPSR_EL1, "SPSR_EL1")]
    [InlineData(DirectRegisters.ESR_EL1, "ESR_EL1")]
    [InlineData(DirectRegisters.FAR_EL1, "FAR_EL1")]
    [InlineData(DirectRegisters.CONTEXTIDR_EL1, "CONTEXTIDR_EL1")]
    [InlineData(DirectRegisters.DAIF, "DAIF")]
    [InlineData(DirectRegisters.DCZID_EL0, "DCZID_EL0")]
    [InlineData(DirectRegisters.CTR_EL0, "CTR_EL0")]
    [InlineData(DirectRegisters.SCTLR_EL1, "SCTLR_EL1")]
    [InlineData(DirectRegisters.TCR_EL1, "TCR_EL1")]
    [InlineData(DirectRegisters.TTBR0_EL1, "TTBR0_EL1")]
    [InlineData(DirectRegisters.TTBR1_EL1, "TTBR1_EL1")]
    public void DirectRegistersAreTheOnesOfTheTable(uint encoding, string name)
    {
        using var machine = new TestMachine();
        RegisterDescriptor row = machine.Cpu.Registers.Rows.Single(r => r.Name == name);
        Assert.Equal(encoding, row.Register.Encoding);
        int offset = DirectRegisters.OffsetOf(encoding, 1, write: false);
        Assert.InRange(offset, GuestContext.DirectRegistersOffset, GuestContext.DirectRegistersOffset + ((int)DirectRegister.Count * 8) - 8);
        ulong* word = (ulong*)((byte*)machine.Cpu.Context + offset);
        Assert.Equal(*word, machine.System(name));
        if (DirectRegisters.OffsetOf(encoding, 1, write: true) >= 0)
        {
            Assert.Equal(offset, DirectRegisters.OffsetOf(encoding, 1, write: true));
            *word = 0x1234_5678;
            Assert.Equal(0x1234_5678UL, machine.System(name));
        }
    }

    /// <summary>TCR_EL1 is read by every use of a kernel's address size: in a copy, which follows every write and a restored state.</summary>
    [Fact]
    public void TranslationControlsReadBackWhatWasWritten()
    {
        using var machine = new TestMachine();
        var values = new Dictionary<string, ulong> { ["TCR_EL1"] = 0x1_9519, ["TTBR0_EL1"] = 0x12_4000_1000, ["TTBR1_EL1"] = 0x34_4000_2000 };
        foreach (var (name, value) in values)
            machine.SetSystem(name, value);
        var saved = machine.Cpu.Save();
        ExpectRead();
        foreach (var name in values.Keys)
            machine.SetSystem(name, 0);
        machine.Cpu.Restore(saved);
        ExpectRead();

        void ExpectRead()
        {
            machine.Run(Asm.Mrs(1, 3, 0, 2, 0, 2), Asm.Mrs(2, 3, 0, 2, 0, 0), Asm.Mrs(3, 3, 0, 2, 0, 1), Asm.Mrs(4, 3, 0, 1, 0, 0));
            Assert.Equal([.. values.Values, machine.System("SCTLR_EL1")], [machine.Cpu.GetX(1), machine.Cpu.GetX(2), machine.Cpu.GetX(3), machine.Cpu.GetX(4)]);
        }
    }

    [Fact]
    public void FeatureSpaceReadsAsZeroWhereUnallocated()
    {
        using var machine = new TestMachine();
        machine.Run(Asm.Movz(1, 1), Asm.Mrs(1, 3, 0, 0, 3, 7), Asm.Mrs(2, 3, 0, 0, 4, 0));
        Assert.Equal(0UL, machine.Cpu.GetX(1));
        Assert.Equal(0x1301_0000_1111_0011UL, machine.Cpu.GetX(2));
    }

    [Fact]
    public void NamedModelsCarryTheirNames()
    {
        Assert.Equal(0x410F_D034UL, CpuModels.CortexA53.Midr);
        Assert.Equal(0x410F_D083UL, CpuModels.CortexA72.Midr);
        Assert.Equal(0x414F_D0C1UL, CpuModels.NeoverseN1.Midr);
        Assert.Equal(62_500_000UL, CpuModels.CortexA53.TimerFrequency);
        Assert.Same(CpuModels.CortexA72, CpuModels.Find("Cortex-A72"));
        Assert.Null(CpuModels.Find("cortex-a15"));
        Assert.Equal(PointerAlgorithm.Qarma5, CpuModels.Find("max,pauth=qarma5")!.PointerAlgorithm);
        Assert.Equal(PointerAlgorithm.None, CpuModels.Find("max,pauth=off,bti=off")!.PointerAlgorithm);
        Assert.Null(CpuModels.Find("max,pauth=sometimes"));
        Assert.False(CpuModels.CortexA53.Features.Has(Isa.A64Feature.Lse));
        Assert.True(CpuModels.NeoverseN1.Features.Has(Isa.A64Feature.Lse));
    }

    [Fact]
    public void TimerRegistersAreTrappedAtEl0ByCntkctl()
    {
        var timer = new FakeTimerRegisters();
        using var machine = new TestMachine(devices: [timer]);
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0);
        machine.Program(TestMachine.Data, Asm.Mrs(5, 3, 3, 14, 0, 2), Asm.Svc(9));
        machine.Run(Asm.Eret);
        Assert.Equal(0x18UL, machine.Esr >> 26);
        machine.SetSystem("CNTKCTL_EL1", 2);
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0);
        machine.Run(Asm.Eret);
        Assert.Equal(0x15UL, machine.Esr >> 26);
        Assert.Equal(77UL, machine.Cpu.GetX(5));
    }

    [Fact]
    public void TaggedBranchTargetsLoseTheTag()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, TestMachine.Ram + 0x40_0000);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x4_0000, PageTables.Accessed | PageTables.Shareable);
        tables.Enable(tcrBits: 1UL << 37);
        machine.Program(TestMachine.Data, 0x1000_0002, Asm.Hlt(0xF000)); // adr x2, .
        machine.Cpu.SetX(1, TestMachine.Data | (0x5AUL << 56));
        machine.Run(Asm.Br(1));
        Assert.Equal(TestMachine.Data, machine.Cpu.GetX(2));
    }

}
