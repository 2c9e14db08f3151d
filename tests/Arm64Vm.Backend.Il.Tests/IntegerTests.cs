using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>Integer operations, flags and every condition on them, over random operands: as the interpreter says.</summary>
public class IntegerTests
{
    private const int Programs = 400;
    private const int States = 25;

    private static readonly IrOp[] s_operations =
    [
        IrOp.Add, IrOp.Sub, IrOp.And, IrOp.Or, IrOp.Xor, IrOp.AndNot, IrOp.Not, IrOp.Neg, IrOp.Mul, IrOp.DivSigned, IrOp.DivUnsigned,
        IrOp.Shl, IrOp.Shr, IrOp.Sar, IrOp.Ror, IrOp.ExtractPair, IrOp.BitsExtractUnsigned, IrOp.BitsExtractSigned, IrOp.BitsInsert,
        IrOp.CountLeadingZeros, IrOp.CountLeadingSigns, IrOp.CountTrailingZeros, IrOp.PopulationCount, IrOp.ReverseBits, IrOp.ReverseBytes,
        IrOp.AddS, IrOp.SubS, IrOp.AndS, IrOp.AndNotS, IrOp.AdcS, IrOp.SbcS, IrOp.CondCompare, IrOp.CondCompareNegative, IrOp.Select,
    ];

    [Fact]
    public void ProgramsEndAsTheInterpretersDo()
    {
        using RegionHarness harness = new();
        IrRegion region = new();
        for (int seed = 0; seed < Programs; seed++)
        {
            Random random = new(seed);
            Build(region, random);
            harness.Compile(region, RegionHarness.Mode());
            for (int state = 0; state < States; state++)
            {
                harness.Randomize(random, 0, 0);
                string? difference = harness.RunBoth(region);
                Assert.True(difference is null, $"seed {seed}: {difference}\n{IrPrinter.Print(region)}");
            }
        }
    }

    /// <summary>A few operations on few registers; flags are used soon, late, and across writes of the registers they came from.</summary>
    private static void Build(IrRegion region, Random random)
    {
        region.Clear();
        IrBuilder b = new(region);
        b.BeginBlock(0);
        b.BeginInstruction(0);
        IrValue flags = b.Emit(IrOp.GetFlags, IrType.Flags);
        for (int n = 0; n < 10; n++)
        {
            IrType type = random.Next(2) == 0 ? IrType.I64 : IrType.I32;
            IrOp op = s_operations[random.Next(s_operations.Length)];
            IrValue x = Operand(b, random, type), y = Operand(b, random, type);
            if (op is IrOp.CondCompare or IrOp.CondCompareNegative)
            {
                flags = b.Emit(op, IrType.Flags, x, y, flags, size: type == IrType.I64 ? 8 : 4, aux: random.Next(14), imm: (ulong)random.Next(16));
                continue;
            }

            IrValue result = Emit(b, op, type, x, y, flags, random);
            if (op is >= IrOp.AddS and <= IrOp.SbcS)
                flags = b.Emit(IrOp.FlagsOf, IrType.Flags, result);
            b.Emit(IrOp.SetX, IrType.Void, result, aux: random.Next(6));
            if (random.Next(3) == 0)
                b.Emit(IrOp.SetFlags, IrType.Void, flags);
        }

        b.Emit(IrOp.SetFlags, IrType.Void, flags);
        b.Exit(ExitReason.Breakpoint);
        b.EndBlock();
    }

    private static IrValue Operand(IrBuilder b, Random random, IrType type)
    {
        if (random.Next(5) == 0)
            return b.Emit(IrOp.Const, type, imm: type == IrType.I64 ? (ulong)random.NextInt64() : (uint)random.Next(100));
        IrValue x = b.Emit(IrOp.GetX, IrType.I64, aux: random.Next(6));
        return type == IrType.I64 ? x : b.Emit(IrOp.Truncate, IrType.I32, x);
    }

    private static IrValue Emit(IrBuilder b, IrOp op, IrType type, IrValue x, IrValue y, IrValue flags, Random random)
    {
        int width = type == IrType.I64 ? 64 : 32;
        switch (op)
        {
            case IrOp.ExtractPair:
                return b.Emit(op, type, x, y, imm: (ulong)random.Next(width));
            case IrOp.BitsExtractSigned or IrOp.BitsExtractUnsigned or IrOp.BitsInsert:
                int lsb = random.Next(width);
                IrValue inserted = op == IrOp.BitsInsert ? y : default;
                return b.Emit(op, type, x, inserted, aux: lsb, imm: (ulong)random.Next(1, width - lsb + 1));
            case IrOp.ReverseBytes:
                return b.Emit(op, type, x, size: 2 << random.Next(type == IrType.I64 ? 3 : 2));
            case IrOp.Not or IrOp.Neg or (>= IrOp.CountLeadingZeros and <= IrOp.ReverseBits):
                return b.Emit(op, type, x);
            case IrOp.AdcS or IrOp.SbcS:
                return b.Emit(op, type, x, y, flags);
            case IrOp.Select:
                return b.Emit(op, type, x, y, flags, aux: random.Next(16));
            default:
                return b.Emit(op, type, x, y);
        }
    }
}
