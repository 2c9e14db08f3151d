using static Arm64Vm.Ir.Tests.Passes.PassHarness;

namespace Arm64Vm.Ir.Tests.Passes;

/// <summary>Rotations written as SHL and SRI, or USHR and SLI.</summary>
public class VectorIdentitiesTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 8)]
    [InlineData(4, 12)]
    [InlineData(4, 31)]
    [InlineData(8, 1)]
    public void ShiftLeftAndInsertRightIsARotation(int size, int left)
    {
        int bits = size * 8;
        string text = Optimize(b =>
        {
            IrValue x = b.ReadV(1);
            IrValue shifted = b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.Q, size, x, left);
            IrValue kept = b.VectorAnd(VectorShape.Q, shifted, b.VectorConst(VectorShape.Q, Each(size, ~0UL << left)));
            b.WriteV(0, b.VectorOr(VectorShape.Q, b.VectorShiftImm(IrOp.VectorShiftRightUnsignedImm, VectorShape.Q, size, x, bits - left), kept));
        });
        AssertBody(text, "%1 = GetV.V128 v1", $"%2 = VectorRotateRightImm.V128.{size}.Q %1 #0x{bits - left:x}", "SetV %2 -> v0");
    }

    [Fact]
    public void ShiftRightAndInsertLeftIsARotation()
    {
        string text = Optimize(b =>
        {
            IrValue x = b.ReadV(1);
            IrValue shifted = b.VectorShiftImm(IrOp.VectorShiftRightUnsignedImm, VectorShape.D, 4, x, 7);
            IrValue kept = b.VectorAnd(VectorShape.D, shifted, b.VectorConst(VectorShape.D, Each(4, 0x01FF_FFFF)));
            b.WriteV(0, b.VectorOr(VectorShape.D, b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.D, 4, x, 25), kept));
        });
        AssertBody(text, "%1 = GetV.V128 v1", "%2 = VectorRotateRightImm.V128.4.D %1 #0x7", "SetV %2 -> v0");
    }

    [Fact]
    public void ARotationByNothingIsTheValue()
    {
        string text = Optimize(b =>
        {
            IrValue x = b.ReadV(1);
            IrValue shifted = b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.Q, 4, x, 0);
            b.WriteV(0, b.VectorOr(VectorShape.Q, shifted, b.VectorShiftImm(IrOp.VectorShiftRightUnsignedImm, VectorShape.Q, 4, x, 32)));
        });
        AssertBody(text, "%1 = GetV.V128 v1", "SetV %1 -> v0");
    }

    /// <summary>A mask that clears a bit which the shift left alone, shifts that leave a gap, of another value, or of other elements.</summary>
    [Theory]
    [InlineData(12, 20, 4, 0xFFFF_E000, 1)]
    [InlineData(12, 21, 4, 0xFFFF_F000, 1)]
    [InlineData(12, 20, 4, 0xFFFF_F000, 2)]
    [InlineData(12, 20, 8, 0xFFFF_F000, 1)]
    public void OthersAreNot(int left, int right, int rightSize, ulong mask, int rightRegister)
    {
        string text = Optimize(b =>
        {
            IrValue shifted = b.VectorShiftImm(IrOp.VectorShiftLeftImm, VectorShape.Q, 4, b.ReadV(1), left);
            IrValue kept = b.VectorAnd(VectorShape.Q, shifted, b.VectorConst(VectorShape.Q, Each(4, mask)));
            b.WriteV(0, b.VectorOr(VectorShape.Q, b.VectorShiftImm(IrOp.VectorShiftRightUnsignedImm, VectorShape.Q, rightSize, b.ReadV(rightRegister), right), kept));
        });
        Assert.DoesNotContain("Rotate", text, StringComparison.Ordinal);
        Assert.Equal(mask != 0xFFFF_F000, text.Contains("VectorAnd", StringComparison.Ordinal));
    }

    /// <summary>The low bits of a number in each element.</summary>
    private static ulong Each(int size, ulong value)
    {
        ulong all = 0;
        for (int at = 0; at < 64; at += size * 8)
            all |= (value & (ulong.MaxValue >> (64 - (size * 8)))) << at;
        return all;
    }
}
