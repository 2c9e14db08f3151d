using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Checksums of both polynomials and all sizes are the interpreter's, whatever is above the bits that count, and wherever the operands are.</summary>
public sealed unsafe class ChecksumTests
{
    private static readonly int[][] Places = [[0, 1, 2], [0, 1, 1], [0, 0, 0], [3, 20, 3], [21, 22, 23]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void ChecksumsAreTheInterpreters(int size)
    {
        var random = new Random(size);
        using var runner = new RegionRunner(HostFeatures.Detect());
        foreach (int[] place in Places)
        {
            foreach (int polynomial in (ReadOnlySpan<int>)[0, 1])
            {
                var b = new IrBuilder(new IrRegion());
                b.BeginBlock(0);
                b.BeginInstruction(0);
                IrValue data = size == 8 ? b.ReadX(place[2]) : b.ReadW(place[2]);
                b.WriteGpr(place[0], b.Emit(IrOp.Crc32, IrType.I32, b.ReadW(place[1]), data, size: size, aux: polynomial));
                b.Exit(ExitReason.Halt);
                b.EndBlock();
                runner.Compile(b.Region);
                for (int n = 0; n < 200; n++)
                {
                    ulong value = Value(n, random), accumulator = Value(n / 4, random);
                    runner.Context->X[place[2]] = value;
                    runner.Context->X[place[1]] = accumulator;
                    value = runner.Context->X[place[2]];
                    runner.Run();
                    FpEnvironment fp = default;
                    Bits128 expected = PureOperations.Evaluate(
                        new IrInst { Op = IrOp.Crc32, Type = IrType.I32, Size = (byte)size, Aux = (byte)polynomial },
                        new Operands { A = new Bits128((uint)accumulator, 0), B = new Bits128(size == 8 ? value : (uint)value, 0) },
                        ref fp);
                    Assert.Equal((uint)expected.Lo, runner.Context->X[place[0]]);
                }
            }
        }
    }

    private static ulong Value(int n, Random random) => (n & 7) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1UL << random.Next(64),
        _ => (ulong)random.NextInt64() * 3,
    };
}
