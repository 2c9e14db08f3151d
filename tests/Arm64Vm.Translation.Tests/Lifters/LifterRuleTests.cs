using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Tests.Lifters;

/// <summary>Rules that vectors recorded at EL0 of one processor cannot show.</summary>
public class LifterRuleTests
{
    private const uint Fadd = 0x1E62_2820;
    private const uint LdrQ = 0x3DC0_0020;
    private const uint Aese = 0x4E28_4820;
    private const uint Paciasp = 0xD503_233F;
    private const uint Ldaddal = 0xB8E0_0041;
    private const uint Hvc = 0xD400_0002;
    private const uint Eret = 0xD69F_03E0;
    private const uint Svc = 0xD400_0001;
    private const uint MsrFpcr = 0xD51B_4400;
    private const uint MsrNzcv = 0xD51B_4200;
    private const uint MsrTtbr0 = 0xD518_2000;
    private const uint MsrTpidr = 0xD51B_D040;
    private const uint DcZva = 0xD50B_7420;
    private const uint DcCvau = 0xD50B_7B20;
    private const uint IcIvau = 0xD50B_7520;
    private const uint TlbiVmalle1Is = 0xD508_831F;
    private const uint Isb = 0xD503_3FDF;

    private readonly LifterHarness harness = new();

    [Theory]
    [InlineData(Fadd)]
    [InlineData(LdrQ)]
    [InlineData(Aese)]
    [InlineData(MsrFpcr)]
    public void VectorRegistersTrapWhereTheyAreTrapped(uint word)
    {
        Assert.Equal(ExitReason.FloatTrap, harness.ExitOf(word, LifterHarness.Mode(0, floatTrapped: true), FeatureSet.All));
        Assert.NotEqual(ExitReason.FloatTrap, harness.ExitOf(word, LifterHarness.Mode(0), FeatureSet.All));
    }

    [Theory]
    [InlineData(Hvc)]
    [InlineData(Eret)]
    public void PrivilegedInstructionsAreUndefinedAtEl0(uint word)
    {
        Assert.Equal(ExitReason.Undefined, harness.ExitOf(word, LifterHarness.Mode(0), FeatureSet.All));
        Assert.NotEqual(ExitReason.Undefined, harness.ExitOf(word, LifterHarness.Mode(1), FeatureSet.All));
    }

    [Fact]
    public void MissingFeatureIsUndefinedButMissingHintDoesNothing()
    {
        FeatureSet lean = FeatureSet.All.Without(A64Feature.Lse).Without(A64Feature.PAuth);
        Assert.Equal(ExitReason.Undefined, harness.ExitOf(Ldaddal, LifterHarness.Mode(0), lean));
        Assert.Equal(2, harness.Lift(Paciasp, LifterHarness.Mode(0), lean).Count);
        Assert.Contains(harness.Lift(Paciasp, LifterHarness.Mode(0), FeatureSet.All).Instructions.ToArray(), i => i.Op == IrOp.PointerAuth);
    }

    [Theory]
    [InlineData(MsrTtbr0, true)]
    [InlineData(MsrFpcr, true)]
    [InlineData(Isb, true)]
    [InlineData(MsrTpidr, false)]
    [InlineData(MsrNzcv, false)]
    [InlineData(TlbiVmalle1Is, false)]
    public void WritesThatChangeTranslationEndTheBlock(uint word, bool ends)
    {
        IrRegion region = harness.Lift(word, LifterHarness.Mode(1), FeatureSet.All);
        IrInst[] code = region.Instructions.ToArray();
        int write = Array.FindIndex(code, i => i.Op == IrOp.WriteSystem);
        if (write >= 0)
            Assert.Equal(ends ? 1 : 0, code[write].Aux);
        Assert.Equal(ends, IsTerminatedByItself(word));
    }

    [Fact]
    public void SupervisorCallLeavesBehindItself()
    {
        IrInst last = harness.Lift(Svc, LifterHarness.Mode(0), FeatureSet.All).Instructions[^1];
        Assert.Equal(IrOp.ExitAfter, last.Op);
        Assert.Equal(ExitReason.SupervisorCall, (ExitReason)last.Aux);
    }

    [Theory]
    [InlineData(DcCvau)]
    [InlineData(IcIvau)]
    public void CacheMaintenanceIsNothingAtEl1AndCheckedAtEl0(uint word)
    {
        Assert.Equal(2, harness.Lift(word, LifterHarness.Mode(1), FeatureSet.All).Count);
        Assert.Contains(harness.Lift(word, LifterHarness.Mode(0), FeatureSet.All).Instructions.ToArray(), i => i.Op == IrOp.SystemOperation);
    }

    [Fact]
    public void DcZvaIsAMemoryOperation() =>
        Assert.Contains(harness.Lift(DcZva, LifterHarness.Mode(0), FeatureSet.All).Instructions.ToArray(), i => i.Op == IrOp.ZeroBlock);

    /// <summary>A lifter that ends the block appends its own jump; the harness adds one only where it does not, and then behind nothing of the lifter's.</summary>
    private bool IsTerminatedByItself(uint word)
    {
        var region = new IrRegion();
        var builder = new IrBuilder(region);
        builder.BeginBlock(0);
        builder.BeginInstruction(0);
        Translation.Lifters.Lifter.Lift(new Translation.Lifters.LiftContext(builder, LifterHarness.Mode(1), 0, FeatureSet.All), word);
        return builder.IsTerminated;
    }
}
