using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Every exception class with its syndrome, fault address, return address and saved status, on the interpreter and in emitted code.</summary>
public class ExceptionTableTests
{
    private const uint El0 = 0;
    private const uint El1 = 0b0101;
    private const ulong UserPage = TestMachine.Data + 0x3000;
    private const ulong Missing0 = 0x8000_0000_0000;
    private const ulong Missing1 = 0x2_0000_0000;
    private const ulong Missing2 = 0x7000_0000;
    private const ulong Missing3 = 0x4010_0000;
    private const uint Write = 1 << 6;
    private const uint Maintenance = 1 << 8;
    private const uint FloatAdd = 0x1E62_2820;
    private const uint WfetX3 = 0xD503_1003;
    private const uint WfitX3 = 0xD503_1023;

    /// <summary>One instruction (at X1 its address, where it has one) and what it must raise; no FAR given means that FAR stays.</summary>
    private sealed record Case(uint Level, uint Word, ExceptionClass Class, uint Iss, ulong? Far = null, ulong X1 = 0, int Elr = 0, ulong Sctlr = 0, ulong? Target = null);

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["svc from EL0"] = new(El0, Asm.Svc(0xBEEF), ExceptionClass.SupervisorCall, 0xBEEF, Elr: 4),
        ["svc from EL1"] = new(El1, Asm.Svc(1), ExceptionClass.SupervisorCall, 1, Elr: 4),
        ["hvc from EL0"] = new(El0, Asm.Hvc(1), ExceptionClass.Unknown, 0),
        ["hvc without EL2"] = new(El1, Asm.Hvc(1), ExceptionClass.Unknown, 0),
        ["smc from EL0"] = new(El0, Asm.Smc(1), ExceptionClass.Unknown, 0),
        ["smc without EL3"] = new(El1, Asm.Smc(1), ExceptionClass.Unknown, 0),
        ["brk from EL0"] = new(El0, Asm.Brk(0xF001), ExceptionClass.SoftwareBreakpoint, 0xF001),
        ["brk from EL1"] = new(El1, Asm.Brk(2), ExceptionClass.SoftwareBreakpoint, 2),
        ["hlt"] = new(El0, Asm.Hlt(1), ExceptionClass.Unknown, 0),
        ["udf"] = new(El0, 0x0000_1234, ExceptionClass.Unknown, 0),
        ["eret at EL0"] = new(El0, Asm.Eret, ExceptionClass.Unknown, 0),
        ["EL1 register at EL0"] = new(El0, Asm.Mrs(3, 3, 0, 1, 0, 0), ExceptionClass.Unknown, 0),
        ["msr spsel at EL0"] = new(El0, Asm.MsrImm(0, 5, 0), ExceptionClass.Unknown, 0),
        ["tlbi at EL0"] = new(El0, Asm.Sys(0, 8, 7, 0), ExceptionClass.Unknown, 0),
        ["dc ivac at EL0"] = new(El0, Asm.Sys(0, 7, 6, 1, 1), ExceptionClass.Unknown, 0),
        ["FP at EL0"] = new(El0, FloatAdd, ExceptionClass.FloatTrap, 0x1E0_0000),
        ["FP at EL1"] = new(El1, FloatAdd, ExceptionClass.FloatTrap, 0x1E0_0000),
        ["fpcr at EL0"] = new(El0, Asm.Mrs(3, 3, 3, 4, 4, 0), ExceptionClass.FloatTrap, 0x1E0_0000),
        ["wfi at EL0"] = new(El0, Asm.Wfi, ExceptionClass.WaitForX, 0x1E0_0000),
        ["wfit at EL0"] = new(El0, WfitX3, ExceptionClass.WaitForX, 0x1E0_0000 | (3 << 5) | 4 | 2),
        ["read id register at EL0"] = new(El0, Asm.Mrs(7, 3, 0, 0, 4, 0), ExceptionClass.SystemRegister, Trap(3, 0, 0, 4, 0, 7, true)),
        ["read midr at EL0"] = new(El0, Asm.Mrs(7, 3, 0, 0, 0, 0), ExceptionClass.SystemRegister, Trap(3, 0, 0, 0, 0, 7, true)),
        ["daif at EL0"] = new(El0, Asm.Mrs(7, 3, 3, 4, 2, 1), ExceptionClass.SystemRegister, Trap(3, 3, 4, 2, 1, 7, true)),
        ["daifset at EL0"] = new(El0, Asm.MsrImm(3, 6, 15), ExceptionClass.SystemRegister, Trap(0, 3, 4, 15, 6, 31, false)),
        ["ctr_el0 at EL0"] = new(El0, Asm.Mrs(7, 3, 3, 0, 0, 1), ExceptionClass.SystemRegister, Trap(3, 3, 0, 0, 1, 7, true)),
        ["cntvct at EL0"] = new(El0, Asm.Mrs(7, 3, 3, 14, 0, 2), ExceptionClass.SystemRegister, Trap(3, 3, 14, 0, 2, 7, true)),
        ["pmccntr at EL0"] = new(El0, Asm.Mrs(7, 3, 3, 9, 13, 0), ExceptionClass.SystemRegister, Trap(3, 3, 9, 13, 0, 7, true)),
        ["mdccsr at EL0"] = new(El0, Asm.Mrs(7, 2, 3, 0, 1, 0), ExceptionClass.SystemRegister, Trap(2, 3, 0, 1, 0, 7, true)),
        ["scxtnum at EL0"] = new(El0, Asm.Msr(3, 3, 13, 0, 7, 7), ExceptionClass.SystemRegister, Trap(3, 3, 13, 0, 7, 7, false), Sctlr: SctlrBits.TrapContextNumber),
        ["impdef register at EL0"] = new(El0, Asm.Msr(3, 1, 15, 2, 3, 7), ExceptionClass.SystemRegister, Trap(3, 1, 15, 2, 3, 7, false), Sctlr: SctlrBits.TrapImplementationDefined),
        ["impdef register, not trapped"] = new(El0, Asm.Msr(3, 1, 15, 2, 3, 7), ExceptionClass.Unknown, 0),
        ["dc cvac at EL0"] = new(El0, Asm.Sys(3, 7, 10, 1, 1), ExceptionClass.SystemRegister, Trap(1, 3, 7, 10, 1, 1, false), X1: UserPage),
        ["ic ivau at EL0"] = new(El0, Asm.Sys(3, 7, 5, 1, 1), ExceptionClass.SystemRegister, Trap(1, 3, 7, 5, 1, 1, false), X1: UserPage),
        ["dc zva at EL0"] = new(El0, Asm.Sys(3, 7, 4, 1, 1), ExceptionClass.SystemRegister, Trap(1, 3, 7, 4, 1, 1, false), X1: UserPage),
        ["dc cvac of nothing"] = new(El0, Asm.Sys(3, 7, 10, 1, 1), ExceptionClass.DataAbortLower, Maintenance | Write | 0x07, Missing3, Missing3, Sctlr: SctlrBits.UserCacheMaintenance),
        ["dc zva of nothing"] = new(El0, Asm.Sys(3, 7, 4, 1, 1), ExceptionClass.DataAbortLower, Write | 0x07, Missing3 + 5, Missing3 + 5, Sctlr: SctlrBits.UserZero),
        ["read, translation level 0"] = new(El0, Asm.Ldr(3, 1), ExceptionClass.DataAbortLower, 0x04, Missing0, Missing0),
        ["read, translation level 1"] = new(El0, Asm.Ldr(3, 1), ExceptionClass.DataAbortLower, 0x05, Missing1, Missing1),
        ["read, translation level 2"] = new(El0, Asm.Ldr(3, 1), ExceptionClass.DataAbortLower, 0x06, Missing2, Missing2),
        ["read, translation level 3"] = new(El0, Asm.Ldr(3, 1), ExceptionClass.DataAbortLower, 0x07, Missing3, Missing3),
        ["write, translation level 3 at EL1"] = new(El1, Asm.Str(3, 1), ExceptionClass.DataAbort, Write | 0x07, Missing3, Missing3),
        ["read, beyond both halves"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x04, 1UL << 52, 1UL << 52),
        ["read, access flag level 1"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x09, 0x3_0000_0008, 0x3_0000_0008),
        ["read, access flag level 2"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x0A, 0x5000_0000, 0x5000_0000),
        ["write, access flag level 3"] = new(El1, Asm.Str(3, 1), ExceptionClass.DataAbort, Write | 0x0B, 0x5120_0000, 0x5120_0000),
        ["write, permission level 1"] = new(El1, Asm.Str(3, 1), ExceptionClass.DataAbort, Write | 0x0D, 0x3_4000_0010, 0x3_4000_0010),
        ["write, permission level 2"] = new(El1, Asm.Str(3, 1), ExceptionClass.DataAbort, Write | 0x0E, 0x5140_0000, 0x5140_0000),
        ["write, permission level 3"] = new(El0, Asm.Str(3, 1), ExceptionClass.DataAbortLower, Write | 0x0F, TestMachine.Data, TestMachine.Data),
        ["read of a kernel page at EL0"] = new(El0, Asm.Ldr(3, 1), ExceptionClass.DataAbortLower, 0x0F, TestMachine.Code, TestMachine.Code),
        ["ldtr of a kernel page"] = new(El1, Asm.Ldtr(3, 1), ExceptionClass.DataAbort, 0x0F, TestMachine.Code, TestMachine.Code),
        ["read, address size level 1"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x01, 0x3_8000_0000, 0x3_8000_0000),
        ["read, address size level 2"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x02, 0x5160_0000, 0x5160_0000),
        ["read, address size level 3"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x03, 0x5120_1000, 0x5120_1000),
        ["read, external abort on the walk level 2"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x16, 0x3_C000_0000, 0x3_C000_0000),
        ["read, external abort"] = new(El1, Asm.Ldr(3, 1), ExceptionClass.DataAbort, 0x10, 0x5120_2000, 0x5120_2000),
        ["swp to a read-only page"] = new(El1, 0xF822_8023, ExceptionClass.DataAbort, Write | 0x0F, TestMachine.Data, TestMachine.Data),
        ["swp to nothing"] = new(El1, 0xF822_8023, ExceptionClass.DataAbort, 0x07, Missing3, Missing3),
        ["stxr to nothing"] = new(El1, Asm.Stxr(4, 3, 1), ExceptionClass.DataAbort, Write | 0x07, Missing3, Missing3),
        ["ldxr, misaligned"] = new(El1, Asm.Ldxr(3, 1), ExceptionClass.DataAbort, 0x21, UserPage + 4, UserPage + 4),
        ["ldadd, misaligned"] = new(El1, Asm.Ldadd(2, 3, 1), ExceptionClass.DataAbort, 0x21, UserPage + 4, UserPage + 4),
        ["ldar, misaligned"] = new(El0, 0xC8DF_FC23, ExceptionClass.DataAbortLower, 0x21, UserPage + 4, UserPage + 4),
        ["stlr, misaligned"] = new(El0, 0xC89F_FC23, ExceptionClass.DataAbortLower, Write | 0x21, UserPage + 4, UserPage + 4),
        ["ldr, misaligned and checked"] = new(El0, Asm.Ldr(3, 1), ExceptionClass.DataAbortLower, 0x21, UserPage + 4, UserPage + 4, Sctlr: SctlrBits.AlignmentCheck),
        ["str, misaligned in device memory"] = new(El1, Asm.Str(3, 1), ExceptionClass.DataAbort, Write | 0x21, 0x5120_3004, 0x5120_3004),
        ["ldxr of device memory"] = new(El1, Asm.Ldxr(3, 1), ExceptionClass.DataAbort, 0x35, 0x5120_2000, 0x5120_2000),
        ["fetch, translation level 0"] = new(El0, Asm.Br(1), ExceptionClass.InstructionAbortLower, 0x04, Missing0, Missing0, Target: Missing0),
        ["fetch, translation level 1"] = new(El0, Asm.Br(1), ExceptionClass.InstructionAbortLower, 0x05, Missing1, Missing1, Target: Missing1),
        ["fetch, translation level 2"] = new(El1, Asm.Br(1), ExceptionClass.InstructionAbort, 0x06, Missing2, Missing2, Target: Missing2),
        ["fetch, translation level 3"] = new(El1, Asm.Br(1), ExceptionClass.InstructionAbort, 0x07, Missing3, Missing3, Target: Missing3),
        ["fetch, access flag level 2"] = new(El1, Asm.Br(1), ExceptionClass.InstructionAbort, 0x0A, 0x5000_0000, 0x5000_0000, Target: 0x5000_0000),
        ["fetch, permission level 3 at EL0"] = new(El0, Asm.Br(1), ExceptionClass.InstructionAbortLower, 0x0F, UserPage, UserPage, Target: UserPage),
        ["fetch of memory that EL0 may write"] = new(El1, Asm.Br(1), ExceptionClass.InstructionAbort, 0x0F, UserPage, UserPage, Target: UserPage),
        ["fetch, address size level 2"] = new(El1, Asm.Br(1), ExceptionClass.InstructionAbort, 0x02, 0x5160_0000, 0x5160_0000, Target: 0x5160_0000),
        ["fetch, external abort"] = new(El1, Asm.Br(1), ExceptionClass.InstructionAbort, 0x10, 0x5120_2000, 0x5120_2000, Target: 0x5120_2000),
        ["fetch, misaligned"] = new(El0, Asm.Br(1), ExceptionClass.PcAlignment, 0, Missing3 + 2, Missing3 + 2, Target: Missing3 + 2),
        ["stack, misaligned"] = new(El0, 0xF940_03E3, ExceptionClass.StackAlignment, 0, Sctlr: SctlrBits.UserStackAlignment),
    };

    public static TheoryData<string, bool> Names
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string name in Cases.Keys)
            {
                data.Add(name, false);
                data.Add(name, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void IsReportedExactly(string name, bool emitted)
    {
        Case expected = Cases[name];
        using TestMachine machine = Make(emitted, expected.Sctlr);
        machine.SetSystem("FAR_EL1", 0xFA12);
        machine.SetSystem("SP_EL0", UserPage + 8);
        machine.Cpu.SetX(1, expected.X1);
        machine.Cpu.SetX(3, 0x7FFF_FFFF_FFFF_FFFF);
        const uint Flags = 0xA000_0000;
        machine.RunFrom(expected.Level | Flags, Asm.Nop, expected.Word, Asm.Brk(0xDEAD));
        Assert.Equal($"{Syndrome.Make(expected.Class, expected.Iss):x}", $"{machine.Esr:x}");
        Assert.Equal(expected.Far ?? 0xFA12, machine.Far);
        Assert.Equal(expected.Target ?? TestMachine.Data + 4 + (ulong)expected.Elr, machine.Elr);
        // BR leaves its branch type for the instruction that it reaches.
        uint branchType = expected.Word == Asm.Br(1) ? 1u << 10 : 0;
        Assert.Equal(expected.Level | Flags | branchType, machine.Spsr & ~(1UL << 22));
        Assert.Equal(expected.Level == El0 ? 0x400 : 0x200, machine.Vector);
        Assert.Equal(0x3C5u, machine.Cpu.ProcessorState & 0x3CF);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WaitsThatAreOverAreNotTrapped(bool emitted)
    {
        using TestMachine machine = Make(emitted, 0);
        machine.Cpu.SetX(3, 5);
        machine.RunFrom(El0, WfitX3, WfetX3, Asm.Svc(3));
        Assert.Equal(Syndrome.Make(ExceptionClass.SupervisorCall, 3), machine.Esr);

        // The return set the event register, which WFE takes; the next one traps.
        machine.RunFrom(El0, Asm.Wfe, Asm.Wfe);
        Assert.Equal(Syndrome.Make(ExceptionClass.WaitForX, 0x1E0_0001), machine.Esr);
        Assert.Equal(TestMachine.Data + 4, machine.Elr);
    }

    private static uint Trap(int op0, int op1, int crn, int crm, int op2, int rt, bool isRead) =>
        (uint)Syndrome.SystemRegister(new SystemRegister(op0, op1, crn, crm, op2), (uint)rt, isRead) & 0x1FF_FFFF;

    /// <summary>Four levels of tables, 36 bits of output address.</summary>
    private static TestMachine Make(bool emitted, ulong sctlr)
    {
        var clock = new FakeClock();
        clock.Advance(1000);
        var machine = new TestMachine(new VcpuOptions { Clock = clock }, devices: [new FakeTimerRegisters()], emitted: emitted);
        var tables = new PageTables(machine, TestMachine.Ram + 0x40_0000, inputBits: 48);
        const ulong Kernel = PageTables.Accessed | PageTables.Shareable;
        const ulong TooFar = 1UL << 36;
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x2_0000, Kernel);
        tables.MapRange(TestMachine.Data, TestMachine.Data, 0x3000, Kernel | PageTables.User | PageTables.ReadOnly);
        tables.Map(UserPage, UserPage, Kernel | PageTables.User | PageTables.Uxn);
        tables.Map(0x3_0000_0000, TestMachine.Ram, PageTables.Shareable, level: 1);
        tables.Map(0x3_4000_0000, TestMachine.Ram, Kernel | PageTables.ReadOnly, level: 1);
        tables.Map(0x3_8000_0000, TooFar, Kernel, level: 1);
        machine.Write64(tables.Slot(0x3_C000_0000, 1), 0x2000_0000 | 3);
        tables.Map(0x5000_0000, TestMachine.Ram, PageTables.Shareable, level: 2);
        tables.Map(0x5140_0000, TestMachine.Ram, Kernel | PageTables.ReadOnly, level: 2);
        tables.Map(0x5160_0000, TooFar, Kernel, level: 2);
        tables.Map(0x5120_0000, TestMachine.Ram, PageTables.Shareable);
        tables.Map(0x5120_1000, TooFar, Kernel);
        tables.Map(0x5120_2000, 0x1000_0000, Kernel | PageTables.DeviceAttribute);
        tables.Map(0x5120_3000, TestMachine.Ram, Kernel | PageTables.DeviceAttribute);
        tables.Enable(sctlrBits: sctlr | SctlrBits.SetPrivilegedNeverOff);
        machine.SetSystem("MDSCR_EL1", 1 << 12);
        machine.SetSystem("TCR_EL1", (tables.Tcr & ~(7UL << 32)) | (1UL << 32));
        return machine;
    }
}
