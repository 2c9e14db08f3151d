using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using Label = Arm64Vm.Backend.X64.Emit.Label;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed unsafe class PatchableTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void FieldsCrossNoMultipleOfEightAndFallThroughUntilPatched()
    {
        for (int before = 0; before < 16; before++)
        {
            CheckField(before, Mnemonic.Jmp, 1, () => E.JmpPatchable());
            CheckField(before, Mnemonic.Call, 1, () => E.CallPatchable());
            foreach (Cc cc in Enum.GetValues<Cc>())
            {
                CheckField(before, BitTests.Conditional("j", cc), 2, () => E.JccPatchable(cc));
            }
        }
    }

    [Fact]
    public void TheFirstTargetCanBeALabel()
    {
        Label label = E.NewLabel();
        int jmp = E.JmpPatchable(label);
        int call = E.CallPatchable(label);
        int jcc = E.JccPatchable(Cc.S, label);
        E.Nop(50);
        E.Bind(label);
        ulong expected = (ulong)(_h.Base + E.PositionOf(label));
        Assert.Equal(expected, _h.DecodeAt(jmp - 1).NearBranchTarget);
        Assert.Equal(expected, _h.DecodeAt(call - 1).NearBranchTarget);
        Assert.Equal(expected, _h.DecodeAt(jcc - 2).NearBranchTarget);
    }

    [Fact]
    public void PatchChangesTheTarget()
    {
        E.Nop(2);
        int field = E.JmpPatchable();
        byte* rwField = E.RwAddressOf(field);
        byte* rxField = E.RxAddress(field);
        foreach (long distance in new long[] { 0, 100, -100, int.MaxValue, int.MinValue })
        {
            byte* target = rxField + 4 + distance;
            CodePatcher.PatchRel32(rwField, rxField, target);
            Assert.Equal((ulong)target, _h.DecodeAt(field - 1).NearBranchTarget);
            Assert.Equal((nint)target, (nint)CodePatcher.TargetOf(rwField, rxField));
        }
    }

    [Fact]
    public void PatchRefusesWhatIsNotAtomicOrNotInReach()
    {
        byte* field = _h.Base + 64;
        Assert.Throws<ArgumentException>(() => CodePatcher.PatchRel32(field + 5, field + 5, field));
        Assert.Throws<ArgumentException>(() => CodePatcher.PatchConstant(field + 7, 1));
        Assert.Throws<ArgumentException>(() => CodePatcher.PatchRel32(field, field, field + 5 + int.MaxValue));
    }

    [Fact]
    public void AConstantOfAComparisonCanBePatched()
    {
        for (int before = 0; before < 16; before++)
        {
            _h.Restart();
            E.Nop(before);
            int field = E.CmpPatchable(Mem.Index(Gpr.R15, Gpr.Rcx, 1, 0x1234), 1);
            Assert.InRange((field + (int)((nint)_h.Base & 7)) & 7, 0, 4);
            Assert.Equal(field + 4, E.Position);
            Instruction unpatched = _h.DecodeAt(field - 8);
            Assert.Equal(Mnemonic.Cmp, unpatched.Mnemonic);
            Assert.Equal(1u, unpatched.Immediate32);
            CodePatcher.PatchConstant(E.RwAddressOf(field), 0x7654_3210);
            Assert.Equal(0x7654_3210u, _h.DecodeAt(field - 8).Immediate32);
        }
    }

    private void CheckField(int before, Mnemonic mnemonic, int opcodeLength, Func<int> emit)
    {
        _h.Restart();
        E.Nop(before);
        int field = emit();
        Assert.InRange((field + (int)((nint)_h.Base & 7)) & 7, 0, 4);
        Assert.Equal(field + 4, E.Position);
        Assert.InRange(field - opcodeLength - before, 0, 3);
        Instruction branch = _h.DecodeAt(field - opcodeLength);
        Assert.Equal(mnemonic, branch.Mnemonic);
        Assert.Equal(4 + opcodeLength, branch.Length);
        Assert.Equal((ulong)(_h.Base + E.Position), branch.NearBranchTarget);
    }
}
