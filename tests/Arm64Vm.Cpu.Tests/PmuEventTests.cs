namespace Arm64Vm.Cpu.Tests;

/// <summary>Events that code counts: exact between two writes of system registers, on both executors.</summary>
public class PmuEventTests
{
    private const uint SubsX1By1 = 0xF100_0421;
    private const uint LdrX3FromX4 = 0xF940_0083;
    private const uint StrX3ToX4 = 0xF900_0083;
    private const uint LdpX5X6FromX4 = 0xA940_1885;
    private const uint SwpX3X3InX4 = 0xF823_8083;
    private const uint PrefetchX4 = 0xF980_0080;
    private const uint LdapurX3 = 0xD940_0083;
    private const uint LiteralX3 = 0x5800_0003;
    private const int EnableSet = 1; // op2 of PMCNTENSET_EL0, of PMCNTENCLR_EL0 below
    private const int EnableClear = 2;

    public static TheoryData<bool> Executors => [false, true];

    [Theory]
    [MemberData(nameof(Executors))]
    public void BranchesLoadsAndStoresAreCountedExactly(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        ulong[] counts = Count(
            machine,
            [0x06, 0x07, 0x21, 0x0C, 0x0D, 0x08],
            Asm.Movz(1, 100),
            LdrX3FromX4,
            StrX3ToX4,
            StrX3ToX4,
            LdpX5X6FromX4,
            SwpX3X3InX4,
            PrefetchX4,
            LdapurX3,
            LiteralX3,
            SubsX1By1,
            Back(9)); // b.ne

        // A round: five loads (ldr, ldp, swp, ldapur, literal), three stores, a branch that the last round does not take.
        Assert.Equal([500UL, 300UL, 100UL, 99UL, 100UL, 1002UL], counts);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void BranchesOfEveryKindAreTakenOrNot(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        ulong[] counts = Count(
            machine,
            [0x21, 0x0C, 0x0D, 0x0E, 0x13, 0x12],
            Asm.Movz(1, 2),
            0xB400_0041, // cbz x1, +8: not taken
            0xB500_0041, // cbnz x1, +8: taken
            Asm.Nop,
            0x3708_0041, // tbnz w1, #1, +8: taken
            Asm.Nop,
            0x3608_0041, // tbz w1, #1, +8: not taken
            0x3400_0041, // cbz w1, +8: not taken
            0x3500_0041, // cbnz w1, +8: taken
            Asm.Nop,
            0xF100_083F, // cmp x1, #2
            0x5400_0040, // b.eq +8: taken
            Asm.Nop,
            0x5400_0041, // b.ne +8: not taken
            0x1400_0002, // b +8
            Asm.Nop,
            0x9400_0003, // bl +12
            0x1400_0003, // b +12
            Asm.Nop,
            0xD65F_03C0); // ret, to the branch
        Assert.Equal([12UL, 8UL, 11UL, 1UL, 0UL, 12UL], counts);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void ExceptionsAreCounted(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        machine.Program(TestMachine.Vectors + 0x200, Asm.Eret);
        Assert.Equal([3UL, 3UL], Count(machine, [0x09, 0x0A], Asm.Svc(0), Asm.Svc(0), Asm.Svc(0)));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void NothingIsCountedThatNobodyWants(bool emitted)
    {
        using TestMachine machine = Make(emitted);
        machine.SetSystem("PMEVTYPER0_EL0", 0x06);
        machine.Cpu.SetX(4, TestMachine.Data);
        machine.Run(LdrX3FromX4, LdrX3FromX4);
        machine.SetSystem("PMCR_EL0", 1);
        machine.SetSystem("PMCNTENSET_EL0", 1);
        Assert.Equal(0UL, machine.System("PMEVCNTR0_EL0"));
        machine.Run(LdrX3FromX4, LdrX3FromX4);
        Assert.Equal(2UL, machine.System("PMEVCNTR0_EL0"));
    }

    private static TestMachine Make(bool emitted) =>
        new(new VcpuOptions { Clock = new FakeClock(), PmuInterrupt = new FakeLine(), NormalMemoryWhenMmuOff = true }, emitted: emitted);

    private static uint Back(uint instructions) => 0x5400_0000 | (((0 - instructions) << 5) & 0xFF_FFE0) | 1;

    /// <summary>Runs code between enabling and disabling counters of events; returns the counters. The write that disables is not branch, load or store.</summary>
    private static ulong[] Count(TestMachine machine, int[] events, params uint[] code)
    {
        for (int i = 0; i < events.Length; i++)
            machine.SetSystem($"PMEVTYPER{i}_EL0", (ulong)events[i]);
        machine.SetSystem("PMCR_EL0", 3);
        machine.Cpu.SetX(2, 0x3F);
        machine.Cpu.SetX(4, TestMachine.Data);
        machine.Run([Asm.Msr(3, 3, 9, 12, EnableSet, 2), .. code, Asm.Msr(3, 3, 9, 12, EnableClear, 2)]);
        var counts = new ulong[events.Length];
        for (int i = 0; i < events.Length; i++)
            counts[i] = machine.System($"PMEVCNTR{i}_EL0");
        return counts;
    }
}
