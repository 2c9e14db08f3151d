using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu.Tests;

/// <summary>FEAT_BTI on guarded pages, on the interpreter and in emitted code.</summary>
public class BranchTargetTests
{
    private const ulong Guarded = 1UL << 50;
    private const ulong Target = TestMachine.Code + 0x100;
    private const uint BrX1 = 0xD61F_0020, BrX16 = 0xD61F_0200, BlrX1 = 0xD63F_0020, RetX1 = 0xD65F_0020;
    private const uint Nop = 0xD503_201F, Bti = 0xD503_241F, BtiC = 0xD503_245F, BtiJ = 0xD503_249F, BtiJc = 0xD503_24DF, Paciasp = 0xD503_233F;

    /// <summary>Target instruction; whether BR X1, BR X16, BLR X1 may reach it.</summary>
    public static TheoryData<bool, uint, bool, bool, bool> Targets
    {
        get
        {
            var data = new TheoryData<bool, uint, bool, bool, bool>();
            foreach (var emitted in (bool[])[false, true])
            {
                data.Add(emitted, Nop, false, false, false);
                data.Add(emitted, Bti, false, false, false);
                data.Add(emitted, BtiC, false, true, true);
                data.Add(emitted, BtiJ, true, true, false);
                data.Add(emitted, BtiJc, true, true, true);
                data.Add(emitted, Paciasp, true, true, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void BranchesReachTheTargetsOfTheirType(bool emitted, uint target, bool jump, bool trampoline, bool call)
    {
        using var machine = Make(emitted, Guarded);
        machine.Program(Target, target, Asm.Svc(7));
        var branches = ((uint Word, uint Type, bool Allowed)[])[(BrX1, 3, jump), (BrX16, 1, trampoline), (BlrX1, 2, call), (RetX1, 0, true)];

        // Each kind again after all the others: what one of them may reach must not be remembered for another.
        for (var round = 0; round < 3; round++)
        {
            foreach ((var word, var type, var allowed) in branches)
                Branch(machine, word, type, allowed);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OtherPagesAreNotGuarded(bool emitted)
    {
        using var machine = Make(emitted, 0);
        machine.Program(Target, Nop, Asm.Svc(7));
        foreach (var word in (uint[])[BrX1, BrX16, BlrX1, RetX1])
            Branch(machine, word, 0, allowed: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SigningInstructionsAreNoTargetsOfJumpsWithStrictTargets(bool emitted)
    {
        using var machine = Make(emitted, Guarded);
        machine.Program(Target, Paciasp, Asm.Svc(7));
        Branch(machine, BrX1, 3, allowed: true);
        machine.SetSystem("SCTLR_EL1", machine.System("SCTLR_EL1") | SctlrBits.StrictTargets);
        Branch(machine, BrX1, 3, allowed: false);
        Branch(machine, BlrX1, 2, allowed: true);
    }

    /// <summary>An exception return restores BTYPE, and the instruction it goes to is checked.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnExceptionReturnBringsTheBranchTypeBack(bool emitted)
    {
        using var machine = Make(emitted, Guarded);
        machine.Program(Target, BtiC, Asm.Svc(7));
        const uint Eret = 0xD69F_03E0;
        foreach ((var type, var allowed) in ((uint, bool)[])[(0, true), (1, true), (2, true), (3, false)])
        {
            machine.SetSystem("ELR_EL1", Target);
            machine.SetSystem("SPSR_EL1", 0x3C5 | (type << 10));
            machine.Run(Eret);
            Assert.Equal(allowed ? 0x15UL : 0x0DUL, machine.System("ESR_EL1") >> 26);
        }
    }

    private static void Branch(TestMachine machine, uint word, uint type, bool allowed)
    {
        machine.Cpu.SetX(1, Target);
        machine.Cpu.SetX(16, Target);
        machine.Run(word);
        if (allowed)
        {
            Assert.Equal((0x15UL << 26) | (1UL << 25) | 7, machine.System("ESR_EL1"));
            return;
        }

        Assert.Equal((0x0DUL << 26) | (1UL << 25) | type, machine.System("ESR_EL1"));
        Assert.Equal(Target, machine.System("ELR_EL1"));
        Assert.Equal(type, (uint)(machine.System("SPSR_EL1") >> 10) & 3);
    }

    private static TestMachine Make(bool emitted, ulong attributes)
    {
        var machine = new TestMachine(emitted: emitted);
        var tables = new PageTables(machine, TestMachine.Ram + 0x10_0000);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x4_0000, PageTables.Accessed | PageTables.Shareable | attributes);
        tables.Enable();
        return machine;
    }
}
