using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>Every vector and floating-point operation that has code of its own, in every size and shape, over random operands: as the oracle says, FPSR included.</summary>
public class OperationTests
{
    private const int States = 150;

    private static readonly IrType[] s_integers = [IrType.I32, IrType.I64];

    private static readonly VectorShape[] s_shapes = [VectorShape.Q, VectorShape.D, VectorShape.Scalar];

    [Fact]
    public void VectorOperationsAgreeWithTheOracle()
    {
        Methods methods = new();
        int compared = 0;
        foreach (IrOp op in Enum.GetValues<IrOp>().Where(op => IrOps.IsVector(op)))
        {
            foreach (VectorShape shape in s_shapes)
            {
                for (int size = 1; size <= 8; size *= 2)
                {
                    IrInst inst = new() { Op = op, Type = IrType.V128, Size = (byte)size, Shape = shape };
                    if (methods.Semantics(inst, 0) is null || !IsValid(op, shape, size))
                        continue;
                    Compare(inst, fpcr: 0);
                    compared++;
                }
            }
        }

        Assert.True(compared > 200, $"{compared} operations");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u << 25)]
    [InlineData(1u << 24)]
    [InlineData(3u << 22)]
    public void FloatOperationsAgreeWithTheOracle(uint fpcr)
    {
        Methods methods = new();
        int compared = 0;
        foreach (IrOp op in Enum.GetValues<IrOp>().Where(op => IrOps.IsFloat(op) && op is not (IrOp.FloatMulAddLongFp8 or IrOp.FloatJavaScriptFlags)))
        {
            foreach (VectorShape shape in s_shapes)
            {
                for (int size = 4; size <= 8; size *= 2)
                {
                    foreach (IrInst inst in Variants(op, shape, size))
                    {
                        if (methods.Semantics(inst, 0) is null)
                            continue;
                        Compare(inst, fpcr);
                        compared++;
                    }
                }
            }
        }

        Assert.True(compared > 80, $"{compared} operations");
    }

    private static bool IsValid(IrOp op, VectorShape shape, int size) => op switch
    {
        IrOp.VectorMul => size < 8,
        IrOp.VectorNarrow => shape != VectorShape.Q,
        IrOp.VectorReduceAdd => shape != VectorShape.Scalar,
        >= IrOp.VectorWidenUnsigned and <= IrOp.VectorMulLongSigned => shape == VectorShape.Q,
        >= IrOp.VectorPairAddLongUnsigned and <= IrOp.VectorPairAddLongSigned => shape != VectorShape.Scalar,
        IrOp.VectorInsertElement or IrOp.VectorInsertFromElement or IrOp.VectorCombine => shape == VectorShape.Q,
        IrOp.VectorExtract or IrOp.VectorTable => size == 1 && shape != VectorShape.Scalar,
        >= IrOp.VectorZip1 and <= IrOp.VectorTranspose2 => shape == VectorShape.Q || (shape == VectorShape.D && size < 8),
        >= IrOp.VectorAesEncrypt and <= IrOp.VectorSm4Key => shape == VectorShape.Q,
        IrOp.VectorReverse => shape != VectorShape.Scalar && size < 8,
        IrOp.VectorConst or IrOp.VectorClearAbove => shape != VectorShape.Scalar || op == IrOp.VectorClearAbove,
        _ => true,
    };

    private static IEnumerable<IrInst> Variants(IrOp op, VectorShape shape, int size)
    {
        IrInst inst = new() { Op = op, Type = IrType.V128, Size = (byte)size, Shape = shape };
        switch (op)
        {
            case IrOp.FloatToFixedSigned or IrOp.FloatToFixedUnsigned when shape == VectorShape.Scalar:
                foreach (IrType type in s_integers)
                {
                    for (byte rounding = 0; rounding < 5; rounding++)
                        yield return inst with { Type = type, Aux = rounding };
                }

                yield return inst with { Type = IrType.I64, Aux = 3, Imm = 5 };
                break;
            case IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned when shape == VectorShape.Scalar:
                yield return inst with { Aux = 4 };
                yield return inst with { Aux = 8 };
                yield return inst with { Aux = 8, Imm = 7 };
                break;
            case IrOp.FloatConvert when shape == VectorShape.Scalar:
                yield return inst with { Aux = (byte)(12 - size) };
                break;
            case IrOp.FloatRoundToIntegral:
                for (byte rounding = 0; rounding < 5; rounding++)
                    yield return inst with { Aux = rounding };
                yield return inst with { Aux = 8 | 7 };
                break;
            case IrOp.FloatCompare when shape == VectorShape.Scalar:
                yield return inst with { Type = IrType.Flags };
                yield return inst with { Type = IrType.Flags, Aux = 1 };
                break;
            case IrOp.FloatCompare or IrOp.FloatConvert or IrOp.FloatToFixedSigned or IrOp.FloatToFixedUnsigned or IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned:
                break;
            default:
                yield return inst;
                break;
        }
    }

    private static void Compare(in IrInst operation, uint fpcr)
    {
        using RegionHarness harness = new();
        Random random = new((int)operation.Op + (operation.Size << 16));
        IrRegion region = new();
        for (int variant = 0; variant < 6; variant++)
        {
            IrInst inst = operation;
            if (IrOps.IsVector(inst.Op))
                Vary(ref inst, random);
            Build(region, inst);
            harness.Compile(region, RegionHarness.Mode(fpcr));
            for (int state = 0; state < States / 6; state++)
            {
                // Where Inexact is set already much less is looked at.
                harness.Randomize(random, fpcr, (state & 1) != 0 ? 0x10u : 0);
                string? difference = harness.RunBoth(region);
                Assert.True(difference is null, $"{difference}\n{IrPrinter.Print(region)}");
            }
        }
    }

    /// <summary>Element numbers and amounts.</summary>
    private static void Vary(ref IrInst inst, Random random)
    {
        int bits = inst.Size * 8, elements = 16 / inst.Size;
        switch (inst.Op)
        {
            case IrOp.VectorShiftLeftImm or IrOp.VectorRotateRightImm:
                inst.Imm = (ulong)random.Next(bits);
                break;
            case IrOp.VectorShiftRightSignedImm or IrOp.VectorShiftRightUnsignedImm:
                inst.Imm = (ulong)random.Next(1, bits + 1);
                break;
            case IrOp.VectorExtract:
                inst.Imm = (ulong)random.Next(inst.Shape == VectorShape.Q ? 16 : 8);
                break;
            case IrOp.VectorTable:
                inst.Imm = (ulong)random.Next(4) * 16;
                break;
            case IrOp.VectorReverse:
                inst.Aux = (byte)(inst.Size << random.Next(1, 4 - int.Log2(inst.Size)));
                break;
            case >= IrOp.VectorWidenUnsigned and <= IrOp.VectorMulLongSigned:
                inst.Aux = (byte)random.Next(2);
                break;
            case IrOp.VectorConst:
                inst.Imm = (ulong)random.NextInt64();
                break;
            case >= IrOp.VectorBroadcastElement and <= IrOp.VectorExtractElementSigned:
                inst.Aux = (byte)random.Next(elements);
                inst.Imm = inst.Op == IrOp.VectorInsertFromElement ? (ulong)random.Next(elements) : 0;
                if (inst.Op is IrOp.VectorExtractElementUnsigned or IrOp.VectorExtractElementSigned)
                    inst.Type = inst.Size == 8 || random.Next(2) == 0 ? IrType.I64 : IrType.I32;
                break;
        }
    }

    /// <summary>Registers, the operation on them, its result to a register, and an exit.</summary>
    private static void Build(IrRegion region, in IrInst inst)
    {
        region.Clear();
        IrBuilder b = new(region);
        b.BeginBlock(0);
        b.BeginInstruction(0);
        bool fromInteger = inst.Op is IrOp.VectorBroadcast or IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned;
        int width = inst.Op == IrOp.VectorBroadcast ? inst.Size : inst.Aux;
        IrValue x = b.Emit(IrOp.GetX, IrType.I64, aux: 1);
        IrValue a = !fromInteger ? b.Emit(IrOp.GetV, IrType.V128, aux: 1) : width == 8 ? x : b.Emit(IrOp.Truncate, IrType.I32, x);
        IrValue second = inst.Op == IrOp.VectorInsertElement
            ? inst.Size == 8 ? x : b.Emit(IrOp.Truncate, IrType.I32, x)
            : b.Emit(IrOp.GetV, IrType.V128, aux: 2);
        IrValue third = b.Emit(IrOp.GetV, IrType.V128, aux: 3);
        IrValue result = b.Emit(inst.Op, inst.Type, a, second, third, size: inst.Size, shape: inst.Shape, aux: inst.Aux, imm: inst.Imm);
        switch (inst.Type)
        {
            case IrType.V128:
                b.Emit(IrOp.SetV, IrType.Void, result, aux: 4);
                break;
            case IrType.Flags:
                b.Emit(IrOp.SetFlags, IrType.Void, result);
                break;
            default:
                b.Emit(IrOp.SetX, IrType.Void, result, aux: 4);
                break;
        }

        b.Exit(ExitReason.Breakpoint);
        b.EndBlock();
    }
}
