using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu.Tests;

/// <summary>SCTLR_EL1.SA and SA0, on the interpreter and in emitted code.</summary>
public class StackAlignmentTests
{
    private const ulong Fault = (0x26UL << 26) | (1UL << 25);
    private const uint MovSpX1 = 0x9100_003F;
    private const uint LdrX2Sp8 = 0xF940_07E2;
    private const uint LdpX2X3Sp = 0xA940_0FE2;
    private const uint StrX2SpPre24 = 0xF81E_8FE2; // str x2, [sp, #-24]!
    private const uint SubSp32 = 0xD100_83FF;
    private const uint AndSpX1 = 0x927C_EC3F; // and sp, x1, #~15
    private const uint PrfmSp = 0xF980_03E0;
    private const uint LdrQ2Sp = 0x3DC0_03E2;
    private const uint LdaddSp = 0xF822_03E3; // ldadd x2, x3, [sp]
    private const uint LdxrSp = 0xC85F_7FE2;
    private const uint Ld1Sp = 0x4C40_7FE2; // ld1 {v2.16b}... [sp]
    private const uint LdrX2X1 = 0xF940_0022;

    public static TheoryData<bool, uint> Accesses
    {
        get
        {
            var data = new TheoryData<bool, uint>();
            foreach (bool emitted in (bool[])[false, true])
            {
                foreach (uint word in (uint[])[LdrX2Sp8, LdpX2X3Sp, StrX2SpPre24, LdrQ2Sp, LdaddSp, LdxrSp, Ld1Sp])
                    data.Add(emitted, word);
            }

            return data;
        }
    }

    public static TheoryData<bool> Executors => [false, true];

    [Theory]
    [MemberData(nameof(Accesses))]
    public void AccessThroughAMisalignedStackPointerFaults(bool emitted, uint word)
    {
        using TestMachine machine = Make(emitted);
        machine.SetSystem("FAR_EL1", 0x77);
        machine.Cpu.SetX(1, TestMachine.Data + 0x2008);
        machine.RunFrom(0b0101, Asm.Nop, MovSpX1, Asm.Movz(4, 4), word, Asm.Movz(4, 5), Asm.Svc(0));
        Assert.Equal(Fault, machine.Esr);
        Assert.Equal(TestMachine.Data + 12, machine.Elr);
        Assert.Equal(0x77UL, machine.Far);
        Assert.Equal(4UL, machine.Cpu.GetX(4));
        Assert.Equal(TestMachine.Data + 0x2008, machine.Cpu.StackPointer);

        // The same code with an aligned one, twice so that it is linked.
        for (int i = 0; i < 2; i++)
        {
            machine.Cpu.SetX(1, TestMachine.Data + 0x2010);
            machine.RunFrom(0b0101);
            Assert.Equal(0x15UL, machine.Esr >> 26);
        }

        // And without the check.
        machine.SetSystem("SCTLR_EL1", SctlrBits.Reset);
        machine.Cpu.SetX(1, TestMachine.Data + 0x2008);
        machine.RunFrom(0b0101);
        Assert.Equal(0x15UL, machine.Esr >> 26);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void EveryWayToMisalignIsSeenAndAlignedOnesGoOn(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        machine.Cpu.SetX(1, TestMachine.Data + 0x2008);

        // Prefetches and other bases are not checked; masking makes it aligned again.
        machine.RunFrom(0b0101, MovSpX1, PrfmSp, LdrX2X1, AndSpX1, LdpX2X3Sp, SubSp32, LdpX2X3Sp, Asm.Svc(0));
        Assert.Equal(0x15UL, machine.Esr >> 26);

        // Pre-index by 24: that access is fine, the next is not.
        machine.Cpu.SetX(1, TestMachine.Data + 0x2010);
        machine.RunFrom(0b0101, MovSpX1, StrX2SpPre24, LdrX2Sp8, Asm.Svc(0));
        Assert.Equal(Fault, machine.Esr);
        Assert.Equal(TestMachine.Data + 8, machine.Elr);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void EachLevelHasItsOwnControl(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        machine.SetSystem("SP_EL0", TestMachine.Data + 0x2004);
        machine.RunFrom(0, LdpX2X3Sp, Asm.Svc(0));
        Assert.Equal(Fault, machine.Esr);
        Assert.Equal(0x400, machine.Vector);
        machine.SetSystem("SCTLR_EL1", SctlrBits.Reset | SctlrBits.StackAlignment);
        machine.RunFrom(0);
        Assert.Equal(0x15UL, machine.Esr >> 26);

        // At EL1 the pointer in use counts, here SP_EL0.
        machine.RunFrom(0b0100);
        Assert.Equal(Fault, machine.Esr);
        Assert.Equal(0x000, machine.Vector);
    }

    private static TestMachine Make(bool emitted)
    {
        var machine = new TestMachine(new VcpuOptions { NormalMemoryWhenMmuOff = true }, emitted: emitted);
        machine.SetSystem("CPACR_EL1", 3UL << 20);
        machine.SetSystem("SCTLR_EL1", SctlrBits.Reset | SctlrBits.StackAlignment | SctlrBits.UserStackAlignment);
        return machine;
    }
}
