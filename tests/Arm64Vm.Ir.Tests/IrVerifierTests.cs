namespace Arm64Vm.Ir.Tests;

public class IrVerifierTests
{
    [Fact]
    public void MissingTerminatorIsFound() => AssertError("terminators", b => b.WriteGpr(0, b.Const64(1)));

    [Fact]
    public void TerminatorInTheMiddleIsFound() => AssertError("terminators", b =>
    {
        b.Jump(4);
        b.Jump(8);
    });

    [Fact]
    public void WidthsMustAgree() => AssertError("is I32", b =>
    {
        b.Add(IrType.I64, b.Const64(1), b.Const32(1));
        b.Jump(4);
    });

    [Fact]
    public void FlagsMustFollowTheirOperation() => AssertError("directly", b =>
    {
        IrValue sum = b.Binary(IrOp.AddS, IrType.I64, b.Const64(1), b.Const64(2));
        b.Const64(0);
        b.WriteFlags(b.FlagsOf(sum));
        b.Jump(4);
    });

    [Fact]
    public void OperandsMustBeThere() => AssertError("operand missing", b =>
    {
        b.Emit(IrOp.Add, IrType.I64, b.Const64(1));
        b.Jump(4);
    });

    [Fact]
    public void FieldsMustFit() => AssertError("immediate", b =>
    {
        b.Emit(IrOp.BitsExtractUnsigned, IrType.I32, b.Const32(1), aux: 20, imm: 13);
        b.Jump(4);
    });

    [Fact]
    public void WellFormedBlockPasses()
    {
        var region = new IrRegion();
        Build(region, b =>
        {
            b.WriteGpr(0, b.Load(IrType.I32, 4, b.ReadXOrSp(31), 8));
            b.Jump(4);
        });

        Assert.Null(IrVerifier.Check(region));
    }

    private static void AssertError(string part, Action<IrBuilder> build)
    {
        var region = new IrRegion();
        Build(region, build);
        string? error = IrVerifier.Check(region);
        Assert.NotNull(error);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => IrVerifier.Verify(region));
    }

    private static void Build(IrRegion region, Action<IrBuilder> build)
    {
        var builder = new IrBuilder(region);
        builder.BeginBlock(0);
        build(builder);
        builder.EndBlock();
    }
}
