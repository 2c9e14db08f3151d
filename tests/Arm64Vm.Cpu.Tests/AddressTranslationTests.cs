using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu.Tests;

/// <summary>AT instructions, PAN with execute-only pages, UAO, E0PD and TLBI forms, on the interpreter and in emitted code.</summary>
public class AddressTranslationTests
{
    private const uint El1 = 0b0101;
    private const ulong Pan = 1UL << 22;
    private const ulong Res1 = 1UL << 11;
    private const ulong NonSecure = 1UL << 9;
    private const ulong NormalPage = TestMachine.Ram + 0x3_0000;
    private const ulong DevicePage = TestMachine.Ram + 0x3_1000;
    private const ulong ReadOnlyUser = TestMachine.Ram + 0x3_2000;
    private const ulong OuterPage = TestMachine.Ram + 0x3_3000;
    private const ulong Missing = TestMachine.Ram + 0x10_0000;
    private const ulong ExecuteOnly = TestMachine.Ram + 0x3_4000;
    private static readonly uint S1E1R = Asm.Sys(0, 7, 8, 0, 1);
    private static readonly uint S1E1W = Asm.Sys(0, 7, 8, 1, 1);
    private static readonly uint S1E0R = Asm.Sys(0, 7, 8, 2, 1);
    private static readonly uint S1E0W = Asm.Sys(0, 7, 8, 3, 1);
    private static readonly uint S1E1RP = Asm.Sys(0, 7, 9, 0, 1);

    public static TheoryData<bool> Executors => [false, true];

    [Theory]
    [MemberData(nameof(Executors))]
    public void ParHoldsAddressAttributesAndShareabilityOrTheFault(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        Assert.Equal((0xFFUL << 56) | TestMachine.Data | Res1 | NonSecure | (3 << 7), Translate(machine, S1E1R, NormalPage + 0x123));
        Assert.Equal((0x04UL << 56) | TestMachine.Data | Res1 | NonSecure | (2 << 7), Translate(machine, S1E1W, DevicePage));
        Assert.Equal((0xFFUL << 56) | TestMachine.Data | Res1 | NonSecure | (2 << 7), Translate(machine, S1E1W, OuterPage));
        Assert.Equal((0xFFUL << 56) | TestMachine.Data | Res1 | NonSecure | (3 << 7), Translate(machine, S1E0R, ReadOnlyUser));
        Assert.Equal(1 | (0x0FUL << 1) | Res1, Translate(machine, S1E0W, ReadOnlyUser));
        Assert.Equal(1 | (0x0FUL << 1) | Res1, Translate(machine, S1E0R, NormalPage));
        Assert.Equal(1 | (0x07UL << 1) | Res1, Translate(machine, S1E1R, Missing));

        // S1E1RP looks at PSTATE.PAN, S1E1R does not.
        machine.SetSystem("PAN", Pan);
        Assert.Equal(1 | (0x0FUL << 1) | Res1, Translate(machine, S1E1RP, ReadOnlyUser));
        Assert.Equal(0UL, Translate(machine, S1E1R, ReadOnlyUser) & 1);
        machine.SetSystem("PAN", 0);
        Assert.Equal(0UL, Translate(machine, S1E1RP, ReadOnlyUser) & 1);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void EnhancedPanGuardsPagesThatEl0MayOnlyExecute(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        machine.Cpu.SetX(1, ExecuteOnly);
        machine.RunFrom(El1 | (uint)Pan, Asm.Ldr(2, 1), Asm.Svc(0));
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.SetSystem("SCTLR_EL1", machine.System("SCTLR_EL1") | SctlrBits.EnhancedPan);
        machine.RunFrom(El1 | (uint)Pan);
        Assert.Equal((0x25UL << 26) | (1UL << 25) | 0x0F, machine.Esr);
        machine.RunFrom(El1);
        Assert.Equal(0x15UL, machine.Esr >> 26);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void UserAccessOverrideGivesUnprivilegedAccessesThePrivilege(bool emitted)
    {
        const uint Uao = 1 << 23;
        using TestMachine machine = Make(emitted);
        machine.Cpu.SetX(1, NormalPage);
        for (int i = 0; i < 2; i++)
        {
            machine.RunFrom(El1 | Uao, Asm.Ldtr(2, 1), Asm.Svc(0));
            Assert.Equal(0x15UL, machine.Esr >> 26);
            machine.RunFrom(El1);
            Assert.Equal((0x25UL << 26) | (1UL << 25) | 0x0F, machine.Esr);
        }

        // MSR UAO, #1 in the same block.
        machine.RunFrom(El1, Asm.MsrImm(0, 3, 1), Asm.Ldtr(2, 1), Asm.MsrImm(0, 3, 0), Asm.Ldtr(2, 1));
        Assert.Equal(TestMachine.Data + 12, machine.Elr);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void E0pdMakesAHalfInvisibleToEl0AndToUnprivilegedAccesses(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        machine.Cpu.SetX(1, ReadOnlyUser);
        machine.RunFrom(El1, Asm.Ldtr(2, 1), Asm.Svc(0));
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.SetSystem("TCR_EL1", machine.System("TCR_EL1") | (1UL << 55));
        machine.RunFrom(El1);
        Assert.Equal((0x25UL << 26) | (1UL << 25) | 0x04, machine.Esr);
        machine.RunFrom(0);
        Assert.Equal((0x20UL << 26) | (1UL << 25) | 0x04, machine.Esr);
    }

    public static TheoryData<bool, int, int, int> Invalidations
    {
        get
        {
            var data = new TheoryData<bool, int, int, int>();
            foreach (bool emitted in (bool[])[false, true])
            {
                foreach (int crn in (int[])[8, 9])
                {
                    foreach (int crm in (int[])[7, 3, 1])
                    {
                        foreach (int op2 in (int[])[0, 1, 2, 3, 5, 7])
                            data.Add(emitted, crn, crm, op2);
                    }

                    foreach (int crm in (int[])[6, 2, 5])
                    {
                        foreach (int op2 in (int[])[1, 3, 5, 7])
                            data.Add(emitted, crn, crm, op2);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Invalidations))]
    public void EveryInvalidationMakesANewDescriptorVisible(bool emitted, int crn, int crm, int op2)
    {
        using TestMachine machine = Make(emitted);
        var tables = new PageTables(machine, TestMachine.Ram + 0x60_0000);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x3_0000, PageTables.Accessed | PageTables.Shareable);
        ulong slot = tables.Map(NormalPage, TestMachine.Data + 0x1000, PageTables.Accessed | PageTables.Shareable | PageTables.NonGlobal);
        machine.Write64(TestMachine.Data + 0x1000, 1);
        machine.Write64(TestMachine.Data + 0x2000, 2);
        const ulong Asid = 5UL << 48;
        tables.Enable(tcrBits: 1UL << 36);
        machine.SetSystem("TTBR0_EL1", tables.Root | Asid);
        bool isRange = crm is 6 or 2 or 5;
        ulong operand = Asid | (NormalPage >> 12) | (isRange ? (1UL << 46) | (1UL << 39) : 0);
        machine.Cpu.SetX(1, NormalPage);
        machine.Cpu.SetX(2, operand);
        machine.Cpu.SetX(5, slot);
        machine.Cpu.SetX(6, (TestMachine.Data + 0x2000) | 0x703 | PageTables.NonGlobal);
        tables.Map(slot & ~0xFFFUL, slot & ~0xFFFUL, PageTables.Accessed | PageTables.Shareable);

        // Read, change the descriptor, invalidate, read again.
        machine.RunFrom(El1, Asm.Ldr(3, 1), Asm.Str(6, 5), Asm.Sys(0, crn, crm, op2, op2 is 0 ? 31 : 2), Asm.Isb, Asm.Ldr(4, 1), Asm.Svc(0));
        Assert.Equal(0x15UL, machine.Esr >> 26);
        Assert.Equal(1UL, machine.Cpu.GetX(3));
        Assert.Equal(2UL, machine.Cpu.GetX(4));
    }

    private static ulong Translate(TestMachine machine, uint operation, ulong address)
    {
        machine.Cpu.SetX(1, address);
        machine.Run(operation);
        Assert.Equal(-1, machine.Vector);
        return machine.System("PAR_EL1");
    }

    private static TestMachine Make(bool emitted)
    {
        var machine = new TestMachine(emitted: emitted);
        var tables = new PageTables(machine, TestMachine.Ram + 0x40_0000);
        const ulong Kernel = PageTables.Accessed | PageTables.Shareable;
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x3_0000, Kernel);
        tables.Map(NormalPage, TestMachine.Data, Kernel);
        tables.Map(DevicePage, TestMachine.Data, Kernel | PageTables.DeviceAttribute);
        tables.Map(ReadOnlyUser, TestMachine.Data, Kernel | PageTables.User | PageTables.ReadOnly);
        tables.Map(OuterPage, TestMachine.Data, PageTables.Accessed | (2UL << 8));
        tables.Map(ExecuteOnly, TestMachine.Data, Kernel | PageTables.Pxn);
        tables.Enable(sctlrBits: SctlrBits.SetPrivilegedNeverOff);
        return machine;
    }
}
