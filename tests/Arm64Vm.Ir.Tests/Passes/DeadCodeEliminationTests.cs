using static Arm64Vm.Ir.Tests.Passes.PassHarness;

namespace Arm64Vm.Ir.Tests.Passes;

public class DeadCodeEliminationTests
{
    [Fact]
    public void OverwrittenRegisterIsWrittenOnce()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(0, b.Unary(IrOp.Not, IrType.I64, b.ReadX(1)));
            b.WriteGpr(0, b.ReadX(2));
        });

        AssertBody(text, "%1 = GetX.I64 x2", "SetX %1 -> x0");
    }

    [Fact]
    public void RegisterOverwrittenAfterALoadIsWrittenBeforeIt()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(0, b.ReadX(1));
            b.WriteGpr(0, b.Load(IrType.I64, 8, b.ReadX(2)));
        });

        AssertBody(text, "%1 = GetX.I64 x1", "SetX %1 -> x0", "%3 = GetX.I64 x2", "%4 = Load.I64.8 [%3]", "SetX %4 -> x0");
    }

    [Fact]
    public void UnusedLoadStays()
    {
        string text = Optimize(b => b.Load(IrType.I64, 8, b.ReadX(2)));

        AssertBody(text, "%1 = GetX.I64 x2", "%2 = Load.I64.8 [%1]");
    }

    [Fact]
    public void OverwrittenFlagsTurnTheSubtractionPlain()
    {
        string text = Optimize(b =>
        {
            Subtract(b, 0);
            Subtract(b, 1);
        });

        Assert.Equal(1, Count(text, "SubS"));
        Assert.Equal(1, Count(text, "= Sub."));
        Assert.Equal(1, Count(text, "SetFlags"));
    }

    [Fact]
    public void FlagsStayWhereALoadBetweenMayFault()
    {
        string text = Optimize(b =>
        {
            Subtract(b, 0);
            b.Load(IrType.I64, 8, b.ReadX(2));
            Subtract(b, 1);
        });

        Assert.Equal(2, Count(text, "SetFlags"));
    }

    [Fact]
    public void FlagsUsedByABranchNeedNotBeStoredWhenDeadBehindIt()
    {
        string text = Optimize(
            b =>
            {
                Subtract(b, 0);
                b.Emit(IrOp.BranchCond, IrType.Void, b.ReadFlags(), aux: (int)Condition.NE, imm: IrBuilder.Targets(0, 8));
            },
            flagsDeadAtEnd: true);

        Assert.Equal(0, Count(text, "SetFlags"));
        Assert.Equal(1, Count(text, "FlagsOf"));
        Assert.Equal(0, Count(text, "GetFlags"));
    }

    [Fact]
    public void UnusedComparisonDisappears()
    {
        string text = Optimize(
            b =>
            {
                IrValue result = b.Binary(IrOp.SubS, IrType.I64, b.ReadX(0), b.ReadX(1));
                b.WriteFlags(b.FlagsOf(result));
            },
            flagsDeadAtEnd: true);

        AssertBody(text);
    }

    [Theory]
    [InlineData(true, "LeaveCond SetFlags")]
    [InlineData(false, "SetFlags LeaveCond")]
    public void FlagsAreStoredBehindAnExitThatLeadsToWhereTheyAreOverwritten(bool dead, string order)
    {
        string text = Optimize(b =>
        {
            Subtract(b, 0);
            b.Emit(IrOp.LeaveCond, IrType.Void, b.ReadFlags(), aux: (int)Condition.NE, imm: SideExit.Make(0x40, 1, dead));
        });

        string[] present = [.. text.Split('\n').Select(line => line.Trim().Split(' ')[0]).Where(word => word is "SetFlags" or "LeaveCond")];
        Assert.Equal(order, string.Join(' ', present));
    }

    private static void Subtract(IrBuilder b, int register)
    {
        IrValue result = b.Binary(IrOp.SubS, IrType.I64, b.ReadX(register), b.Const64(1));
        IrValue flags = b.FlagsOf(result);
        b.WriteGpr(register, result);
        b.WriteFlags(flags);
    }

    private static int Count(string text, string part) => (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;
}
