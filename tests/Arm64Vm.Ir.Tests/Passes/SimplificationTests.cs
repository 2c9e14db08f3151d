using static Arm64Vm.Ir.Tests.Passes.PassHarness;

namespace Arm64Vm.Ir.Tests.Passes;

public class SimplificationTests
{
    [Fact]
    public void RegisterIsReadOnceAndForwardedFromItsWrite()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(1, b.Add(IrType.I64, b.ReadX(0), b.ReadX(0)));
            b.WriteGpr(2, b.Add(IrType.I64, b.ReadX(1), b.ReadX(0)));
        });

        AssertBody(text, "%1 = GetX.I64 x0", "%2 = Add.I64 %1, %1", "SetX %2 -> x1", "%4 = Add.I64 %2, %1", "SetX %4 -> x2");
    }

    [Fact]
    public void NarrowWriteIsReadBackWithoutConversion()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(1, b.Add(IrType.I32, b.ReadW(0), b.ReadW(2)));
            b.WriteGpr(3, b.Xor(IrType.I32, b.ReadW(1), b.ReadW(0)));
        });

        AssertBody(
            text,
            "%1 = GetX.I64 x0",
            "%2 = Truncate.I32 %1",
            "%3 = GetX.I64 x2",
            "%4 = Truncate.I32 %3",
            "%5 = Add.I32 %2, %4",
            "SetX %5 -> x1",
            "%7 = Xor.I32 %5, %2",
            "SetX %7 -> x3");
    }

    [Fact]
    public void WideReadOfNarrowWriteIsZeroExtended()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(1, b.Unary(IrOp.Not, IrType.I32, b.ReadW(0)));
            b.WriteGpr(2, b.Add(IrType.I64, b.ReadX(1), b.ReadX(1)));
        });

        AssertBody(
            text,
            "%1 = GetX.I64 x0",
            "%2 = Truncate.I32 %1",
            "%3 = Not.I32 %2",
            "SetX %3 -> x1",
            "%5 = ZeroExtend.I64 %3",
            "%6 = Add.I64 %5, %5",
            "SetX %6 -> x2");
    }

    [Fact]
    public void WritingBackWhatIsThereIsDropped()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(1, b.ReadX(1));
            b.WriteFlags(b.ReadFlags());
            b.WriteV(3, b.ReadV(3));
        });

        AssertBody(text);
    }

    [Fact]
    public void ConstantsFoldThroughMoveWideSequences()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(0, b.Const64(0x1234));
            b.WriteGpr(0, b.Emit(IrOp.BitsInsert, IrType.I64, b.ReadX(0), b.Const64(0x5678), aux: 16, imm: 16));
            b.WriteGpr(0, b.Emit(IrOp.BitsInsert, IrType.I64, b.ReadX(0), b.Const64(0x9abc), aux: 48, imm: 16));
        });

        AssertBody(text, "%1 = Const.I64 #0x9abc000056781234", "SetX %1 -> x0");
    }

    [Fact]
    public void AdditionsOfConstantsJoin()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(0, b.Add(IrType.I64, b.ReadX(0), b.Const64(8)));
            b.WriteGpr(0, b.Sub(IrType.I64, b.ReadX(0), b.Const64(24)));
        });

        AssertBody(text, "%1 = GetX.I64 x0", "%2 = Const.I64 #0xfffffffffffffff0", "%3 = Add.I64 %1, %2", "SetX %3 -> x0");
    }

    [Fact]
    public void PreIndexMovesIntoDisplacement()
    {
        string text = Optimize(b =>
        {
            IrValue address = b.Add(IrType.I64, b.ReadXOrSp(31), b.Const64(unchecked((ulong)-16)));
            b.StorePair(8, address, b.ReadX(29), b.ReadX(30));
            b.WriteGprOrSp(31, address);
        });

        Assert.Contains("StorePair.8 [%1-16], ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AddressInRegisterStaysTheBase()
    {
        string text = Optimize(b =>
        {
            b.WriteGpr(1, b.Add(IrType.I64, b.ReadX(0), b.Const64(64)));
            b.WriteGpr(2, b.Load(IrType.I64, 8, b.ReadX(1), 8));
        });

        Assert.Contains("Load.I64.8 [%3+8]", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(IrOp.Add, 0ul)]
    [InlineData(IrOp.Sub, 0ul)]
    [InlineData(IrOp.Or, 0ul)]
    [InlineData(IrOp.Xor, 0ul)]
    [InlineData(IrOp.AndNot, 0ul)]
    [InlineData(IrOp.And, ulong.MaxValue)]
    [InlineData(IrOp.Shl, 64ul)]
    [InlineData(IrOp.Ror, 0ul)]
    [InlineData(IrOp.Mul, 1ul)]
    public void NeutralElementsVanish(object opCase, ulong neutral)
    {
        var op = (IrOp)opCase;
        string text = Optimize(b => b.WriteGpr(1, b.Binary(op, IrType.I64, b.ReadX(0), b.Const64(neutral))));

        AssertBody(text, "%1 = GetX.I64 x0", "SetX %1 -> x1");
    }

    [Fact]
    public void BranchOnConstantIsDecided()
    {
        string text = Optimize(b => b.Emit(IrOp.BranchZero, IrType.Void, b.Const64(0), size: 8, imm: IrBuilder.Targets(0x40, 0x80)));

        Assert.Equal("block 0 at +0x0:\n  Jump to +0x40\n", text);
    }

    [Fact]
    public void StoreOfNarrowRegisterTakesItWhole()
    {
        string text = Optimize(b => b.Store(1, b.ReadXOrSp(1), b.ReadW(2)));

        AssertBody(text, "%1 = GetX.I64 x1", "%2 = GetX.I64 x2", "Store.1 [%1], %2");
    }
}
