using System.Reflection;
using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;

namespace Arm64Vm.Backend.X64.Tests.Emit;

/// <summary>Every constant of V, in every form that its shape allows, decodes to the instruction that it is named after.</summary>
public sealed class VexTableTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    public static TheoryData<string> Names
        => [.. typeof(V).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(p => p.PropertyType == typeof(VexOp)).Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void DecodesToItsName(string name)
    {
        var op = (VexOp)typeof(V).GetProperty(name)!.GetValue(null)!;
        Mnemonic mnemonic = MnemonicOf(name);
        foreach ((Xmm d, Xmm a, Xmm b) in Triples(op.IsEvex))
        {
            Registers(op, mnemonic, d, a, b);
        }

        foreach (MemCase m in MemCase.Some)
        {
            int n = _h.Checks;
            Memory(op, mnemonic, (Xmm)(n * 5 & 15), (Xmm)(n * 3 + 1 & 15), m);
        }
    }

    /// <summary>With a register above 15 an instruction that has a twin is encoded as that; one that has none is refused, not encoded as another.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void TwinsReachUpperRegisters(string name)
    {
        var op = (VexOp)typeof(V).GetProperty(name)!.GetValue(null)!;
        if (op.IsEvex)
            return;
        if (!op.HasTwin)
        {
            if (op.Shape is VexShape.Rvm or VexShape.Rm)
                Assert.Throws<InvalidOperationException>(() => Registers(op, MnemonicOf(name), Xmm.Xmm16, Xmm.Xmm16, Xmm.Xmm16));
            return;
        }

        Mnemonic mnemonic = TwinMnemonicOf(name);
        foreach ((Xmm d, Xmm a, Xmm b) in Triples(evex: true))
        {
            if (d >= Xmm.Xmm16 || a >= Xmm.Xmm16 || b >= Xmm.Xmm16)
                Registers(op, d < Xmm.Xmm16 && b < Xmm.Xmm16 && !HasSecondSource(op) ? MnemonicOf(name) : mnemonic, d, a, b);
        }

        foreach (MemCase m in MemCase.Some)
            Memory(op, mnemonic, (Xmm)(16 + (_h.Checks * 5 & 15)), (Xmm)(_h.Checks * 3 + 1 & 31), m);
    }

    private static bool HasSecondSource(VexOp op) => op.Shape is VexShape.Rvm or VexShape.Rvmi or VexShape.Shift;

    [Theory]
    [MemberData(nameof(Names))]
    public void LengthAndEncodingAreAsDeclared(string name)
    {
        var op = (VexOp)typeof(V).GetProperty(name)!.GetValue(null)!;
        bool registers = op.Shape is VexShape.Rvm or VexShape.Rvmi or VexShape.Shift;
        if (!registers)
        {
            return;
        }

        E.VexImm(op, Xmm.Xmm1, Xmm.Xmm2, Xmm.Xmm3, 0);
        Instruction instruction = _h.DecodeAt(0);
        Assert.Equal(op.IsEvex ? EncodingKind.EVEX : EncodingKind.VEX, instruction.Encoding);
        Assert.Equal(op.Is256, instruction.Op0Register.IsYMM());
        Assert.Equal(!op.Is256, instruction.Op0Register.IsXMM());
    }

    [Fact]
    public void WideFormsUseYmm()
    {
        E.Vex(V.Paddd.Wide, Xmm.Xmm9, Xmm.Xmm2, Xmm.Xmm14);
        _h.Expect(Mnemonic.Vpaddd, Register.YMM9, Register.YMM2, Register.YMM14);
        E.Vex(V.Movdqu.Wide, Xmm.Xmm9, MemCase.At(Gpr.Rsp, 8).Mem);
        Assert.Equal(32, _h.Expect(Mnemonic.Vmovdqu, Register.YMM9, MemCase.At(Gpr.Rsp, 8)).MemorySize.GetSize());
        E.Vex(V.EvexPmullq.Wide, Xmm.Xmm9, Xmm.Xmm31, MemCase.At(Gpr.Rax, 64).Mem);
        _h.Expect(Mnemonic.Vpmullq, Register.YMM9, Register.YMM31, MemCase.At(Gpr.Rax, 64));
    }

    [Fact]
    public void RegisterMovesFromHighToLowTakeTheShortPrefix()
    {
        E.Vex(V.Movaps, Xmm.Xmm1, Xmm.Xmm9);
        Assert.Equal(4, E.Position);
        _h.Expect(Mnemonic.Vmovaps, Xmm.Xmm1, Xmm.Xmm9);
    }

    private static Mnemonic MnemonicOf(string name)
    {
        name = name.StartsWith("Evex", StringComparison.Ordinal) ? name[4..] : name;
        name = name.EndsWith("Imm", StringComparison.Ordinal) ? name[..^3] : name;
        return Enum.Parse<Mnemonic>("v" + name, ignoreCase: true);
    }

    /// <summary>Bitwise operations have the size of masked elements in their EVEX names.</summary>
    private static Mnemonic TwinMnemonicOf(string name) => name switch
    {
        nameof(V.Pand) => Mnemonic.Vpandd,
        nameof(V.Pandn) => Mnemonic.Vpandnd,
        nameof(V.Por) => Mnemonic.Vpord,
        nameof(V.Pxor) => Mnemonic.Vpxord,
        _ => MnemonicOf(name),
    };

    private static IEnumerable<(Xmm D, Xmm A, Xmm B)> Triples(bool evex)
    {
        int[] choice = evex ? [0, 7, 8, 15, 16, 23, 24, 31] : [0, 1, 7, 8, 9, 15];
        foreach (int d in choice)
        {
            foreach (int a in choice)
            {
                foreach (int b in choice)
                {
                    yield return ((Xmm)d, (Xmm)a, (Xmm)b);
                }
            }
        }
    }

    private void Registers(VexOp op, Mnemonic name, Xmm d, Xmm a, Xmm b)
    {
        Op rd = Op.Any((int)d);
        Op ra = Op.Any((int)a);
        Op rb = Op.Any((int)b);
        byte imm = (byte)((int)d * 16 + (int)b);
        switch (op.Shape)
        {
            case VexShape.Rvm or VexShape.RvmReg or VexShape.MoveScalar:
                E.Vex(op, d, a, b);
                _h.Expect(name, rd, ra, rb);
                break;
            case VexShape.Shift:
                E.Vex(op, d, a, b);
                _h.Expect(name, rd, ra, rb);
                E.VexShiftImm(op, d, b, imm);
                _h.Expect(name, rd, rb, Op.Imm(imm));
                break;
            case VexShape.Vmi:
                E.VexShiftImm(op, d, b, imm);
                _h.Expect(name, rd, rb, Op.Imm(imm));
                break;
            case VexShape.Rm or VexShape.Move:
                E.Vex(op, d, b);
                _h.Expect(name, rd, rb);
                break;
            case VexShape.Mr:
                E.VexStore(op, d, b);
                _h.Expect(name, rd, rb);
                break;
            case VexShape.Rvmi:
                E.VexImm(op, d, a, b, imm);
                _h.Expect(name, rd, ra, rb, Op.Imm(imm));
                break;
            case VexShape.Rmi:
                E.VexImm2(op, d, b, imm);
                _h.Expect(name, rd, rb, Op.Imm(imm));
                break;
            case VexShape.Mri:
                E.VexStoreImm(op, d, b, imm);
                _h.Expect(name, rd, rb, Op.Imm(imm));
                break;
            case VexShape.Rvmr:
                E.VexBlendv(op, d, a, b, (Xmm)(15 - (int)d));
                _h.Expect(name, rd, ra, rb, Op.Any(15 - (int)d));
                break;
            case VexShape.KRvm:
                E.EvexCmp(op, (int)d & 7, a, b);
                _h.Expect(name, Op.Any((int)d & 7), ra, rb);
                break;
            case VexShape.KRvmi:
                E.EvexCmp(op, (int)d & 7, a, b, 6);
                _h.Expect(name, Op.Any((int)d & 7), ra, rb, Op.Imm(6));
                break;
            case VexShape.RmMem or VexShape.MrMem or VexShape.MoveHalf:
                // Memory only.
                break;
            default:
                Assert.Fail($"No register form is tested for {op.Shape}.");
                break;
        }
    }

    private void Memory(VexOp op, Mnemonic name, Xmm d, Xmm a, MemCase m)
    {
        Op rd = Op.Any((int)d);
        Op ra = Op.Any((int)a);
        switch (op.Shape)
        {
            case VexShape.Rvm or VexShape.Shift:
                E.Vex(op, d, a, m.Mem);
                _h.Expect(name, rd, ra, m);
                break;
            case VexShape.Rm or VexShape.RmMem:
                E.Vex(op, d, m.Mem);
                _h.Expect(name, rd, m);
                break;
            case VexShape.Move or VexShape.MoveScalar:
                E.Vex(op, d, m.Mem);
                _h.Expect(name, rd, m);
                E.VexStore(op, m.Mem, d);
                _h.Expect(name, m, rd);
                break;
            case VexShape.MoveHalf:
                E.Vex(op, d, a, m.Mem);
                _h.Expect(name, rd, ra, m);
                E.VexStore(op, m.Mem, d);
                _h.Expect(name, m, rd);
                break;
            case VexShape.Mr or VexShape.MrMem:
                E.VexStore(op, m.Mem, d);
                _h.Expect(name, m, rd);
                break;
            case VexShape.Rvmi:
                E.VexImm(op, d, a, m.Mem, 0xA5);
                _h.Expect(name, rd, ra, m, Op.Imm(0xA5));
                break;
            case VexShape.Rmi:
                E.VexImm2(op, d, m.Mem, 0x5A);
                _h.Expect(name, rd, m, Op.Imm(0x5A));
                break;
            case VexShape.Mri:
                E.VexStoreImm(op, m.Mem, d, 0x12);
                _h.Expect(name, m, rd, Op.Imm(0x12));
                break;
            case VexShape.Rvmr:
                E.VexBlendv(op, d, a, m.Mem, Xmm.Xmm13);
                _h.Expect(name, rd, ra, m, Xmm.Xmm13);
                break;
            case VexShape.KRvm:
                E.EvexCmp(op, 5, a, m.Mem);
                _h.Expect(name, Register.K5, ra, m);
                break;
            case VexShape.Vmi or VexShape.RvmReg or VexShape.KRvmi:
                // Registers only, here.
                break;
            default:
                Assert.Fail($"No memory form is tested for {op.Shape}.");
                break;
        }
    }
}
