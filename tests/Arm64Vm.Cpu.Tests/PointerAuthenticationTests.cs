using Arm64Vm.Cpu.Authentication;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

public unsafe class PointerAuthenticationTests
{
    private const ulong Pointer = 0x12_3456_7890;

    /// <summary>The vector of the QARMA paper for five rounds and σ2.</summary>
    [Fact]
    public void QarmaGivesTheCodeOfItsPaper() =>
        Assert.Equal(0xC003_B939_99B3_3765, Qarma5.Compute(0xFB62_3599_DA6E_8127, 0x477D_469D_EC0B_8762, 0xEC28_02D4_E0A4_88E9, 0x84BE_85CE_9804_E94B));

    [Theory]
    [InlineData(PointerAlgorithm.Fast)]
    [InlineData(PointerAlgorithm.Qarma5)]
    public void PointersAuthenticateOnlyWithTheirModifierAndKey(object algorithmCase)
    {
        var algorithm = (PointerAlgorithm)algorithmCase;
        using var machine = new TestMachine(new VcpuOptions { Model = CpuModels.Max.WithPointerAuthentication(algorithm) });
        string[] keys = ["APIAKeyLo_EL1", "APIAKeyHi_EL1", "APIBKeyLo_EL1", "APIBKeyHi_EL1"];
        for (var i = 0; i < keys.Length; i++)
            machine.SetSystem(keys[i], (ulong)(i + 1) * 0x9E37_79B9_7F4A_7C15);
        machine.SetSystem("TCR_EL1", 25 | (25UL << 16));
        Assert.Equal((true, Pointer), Do(machine, PointerAuthentication.SignIA, Pointer, 5));
        machine.SetSystem("SCTLR_EL1", SctlrBits.Reset | SctlrBits.EnableKeys);
        foreach (var pointer in (ulong[])[Pointer, Pointer | (ulong.MaxValue << 39)])
        {
            (_, var signed) = Do(machine, PointerAuthentication.SignIA, pointer, 5);
            Assert.NotEqual(pointer, signed);
            Assert.Equal(pointer & (1UL << 55), signed & (1UL << 55));
            Assert.Equal((true, pointer), Do(machine, PointerAuthentication.AuthIA, signed, 5));
            Assert.Equal((true, pointer), Do(machine, PointerAuthentication.StripInstruction, signed, 0));
            Assert.False(Do(machine, PointerAuthentication.AuthIA, signed, 6).Done);
            Assert.Equal(0x1CUL, machine.System("ESR_EL1") >> 26);
            Assert.False(Do(machine, PointerAuthentication.AuthIB, signed, 5).Done);
            Assert.Equal(1UL, machine.System("ESR_EL1") & 0x1FF_FFFF);
        }
    }

    /// <summary>Both halves, with and without an ignored top byte, and pointers that are not canonical: emitted code does what the interpreter does.</summary>
    [Fact]
    public void EmittedCodeSignsAndAuthenticatesAsTheInterpreter()
    {
        const uint Pacia = 0xDAC1_0041, Paciza = 0xDAC1_23E1, Pacdb = 0xDAC1_0C41, Autia = 0xDAC1_1041, Autiza = 0xDAC1_33E1, Autdb = 0xDAC1_1C41;
        const uint MovX3X1 = 0xAA01_03E3;
        const uint Xpaci = 0xDAC1_43E1, Xpacd = 0xDAC1_47E1;
        (uint Sign, uint Authenticate)[] pairs = [(Pacia, Autia), (Paciza, Autiza), (Pacdb, Autdb), (Pacia, Xpaci), (Pacdb, Xpacd)];
        ulong[] pointers = [Pointer, Pointer | (ulong.MaxValue << 39), 0, ulong.MaxValue, 0x5A00_0012_3456_7890, 0xA5FF_FF92_3456_7890, 0x0080_0012_3456_7890, 0x8000_0000_0000_0000];
        foreach (var ignored in (ulong[])[0, 3UL << 37, (3UL << 37) | (3UL << 51)])
        {
            using var interpreted = Make(ignored, emitted: false);
            using var emitted = Make(ignored, emitted: true);
            foreach (var (sign, authenticate) in pairs)
            {
                foreach (var pointer in pointers)
                {
                    Assert.Equal(Run(interpreted, pointer, sign, MovX3X1, authenticate), Run(emitted, pointer, sign, MovX3X1, authenticate));
                    Assert.Equal(Run(interpreted, pointer, authenticate, MovX3X1), Run(emitted, pointer, authenticate, MovX3X1));
                    Assert.Equal(Run(interpreted, pointer, sign, MovX3X1, 0xD240_0021 /* eor x1, x1, #1 */, authenticate), Run(emitted, pointer, sign, MovX3X1, 0xD240_0021, authenticate));
                }
            }
        }

        static TestMachine Make(ulong tcr, bool emitted)
        {
            var machine = new TestMachine(emitted: emitted);
            machine.SetSystem("TCR_EL1", 25 | (25UL << 16) | tcr);
            machine.SetSystem("SCTLR_EL1", SctlrBits.Reset | SctlrBits.EnableKeys);

            // MSR APIAKeyLo_EL1, X4 and so on, by the guest.
            machine.Cpu.SetX(4, 0x0123_4567_89AB_CDEF);
            machine.Run(0xD518_2104, 0xD518_2124, 0xD518_2264);
            Assert.Equal(0x0123_4567_89AB_CDEFUL, machine.System("APDBKeyHi_EL1"));
            return machine;
        }

        static (ulong X1, ulong X3, ulong Syndrome, ulong Return) Run(TestMachine machine, ulong pointer, params uint[] words)
        {
            machine.SetSystem("ESR_EL1", 0);
            machine.SetSystem("ELR_EL1", 0);
            machine.Cpu.SetX(1, pointer);
            machine.Cpu.SetX(2, 0x77);
            machine.Run(words);
            return (machine.Cpu.GetX(1), machine.Cpu.GetX(3), machine.System("ESR_EL1"), machine.System("ELR_EL1"));
        }
    }

    private static (bool Done, ulong Result) Do(TestMachine machine, PointerAuthentication operation, ulong pointer, ulong modifier)
    {
        var done = machine.Cpu.TryPointerAuth(machine.Cpu.Context, operation, pointer, modifier, 0, out var result);
        return (done, result);
    }
}
