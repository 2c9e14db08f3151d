using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Operations that become one sequence of host instructions together give what they give apart.</summary>
public sealed unsafe class FusionTests
{
    private static readonly int[][] Places = [[0, 1, 2], [0, 1, 8], [8, 9, 10], [1, 20, 3]];

    private static Bits128 Evaluate(IrOp op, Bits128 a, Bits128 b = default, Bits128 c = default)
    {
        FpEnvironment fp = default;
        return PureOperations.Evaluate(new IrInst { Op = op, Type = IrType.V128, Size = 4 }, new Operands { A = a, B = b, C = c }, ref fp);
    }

    private static Bits128 Random(Random random) => new((ulong)random.NextInt64() * 3, (ulong)random.NextInt64() * 5);

    private static void Finish(IrBuilder b)
    {
        b.Exit(ExitReason.Halt);
        b.EndBlock();
    }

    private static IrBuilder Begin()
    {
        var b = new IrBuilder(new IrRegion());
        b.BeginBlock(0);
        b.BeginInstruction(0);
        return b;
    }

    /// <summary>AESE and AESMC, AESD and AESIMC; the state in between may be wanted too.</summary>
    [Theory]
    [InlineData(IrOp.VectorAesEncrypt, IrOp.VectorAesMixColumns, false)]
    [InlineData(IrOp.VectorAesEncrypt, IrOp.VectorAesMixColumns, true)]
    [InlineData(IrOp.VectorAesEncrypt, IrOp.VectorAesInverseMixColumns, false)]
    [InlineData(IrOp.VectorAesDecrypt, IrOp.VectorAesInverseMixColumns, false)]
    [InlineData(IrOp.VectorAesDecrypt, IrOp.VectorAesInverseMixColumns, true)]
    public void AesRounds(object roundCase, object mixCase, bool keepState)
    {
        var round = (IrOp)roundCase;
        var mix = (IrOp)mixCase;
        var random = new Random(1);
        using var runner = new RegionRunner(HostFeatures.Detect());
        foreach (int[] place in Places)
        {
            IrBuilder b = Begin();
            IrValue state = b.ReadV(place[0]);
            IrValue key = b.ReadV(place[1]);
            IrValue last = default;
            for (int i = 0; i < 3; i++)
            {
                last = b.Vector(round, VectorShape.Q, 1, state, key);
                state = b.Vector(mix, VectorShape.Q, 1, last);
                b.WriteV(place[0], state);
            }

            if (keepState)
                b.WriteV(31, last);
            Finish(b);
            runner.Compile(b.Region);
            for (int n = 0; n < 20; n++)
            {
                Bits128 x = Random(random), k = Random(random);
                runner.Context->SetV(place[0], x);
                runner.Context->SetV(place[1], k);
                runner.Run();
                Bits128 between = default;
                for (int i = 0; i < 3; i++)
                {
                    between = Evaluate(round, x, k);
                    x = Evaluate(mix, between);
                }

                Assert.Equal(x, runner.Context->GetV(place[0]));
                Assert.Equal(k, runner.Context->GetV(place[1]));
                if (keepState)
                    Assert.Equal(between, runner.Context->GetV(31));
            }
        }
    }

    /// <summary>SHA256H and the SHA256H2 of the same rounds, with other work in between and with either result unused.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Sha256BothHalves(bool wantsFirst, bool wantsSecond)
    {
        var random = new Random(2);
        using var runner = new RegionRunner(HostFeatures.Detect());
        foreach (int[] place in Places)
        {
            IrBuilder b = Begin();
            IrValue abcd = b.ReadV(place[0]);
            IrValue efgh = b.ReadV(place[1]);
            IrValue words = b.ReadV(place[2]);
            IrValue first = b.Vector(IrOp.VectorSha256Hash, VectorShape.Q, 4, abcd, efgh, words);
            if (wantsFirst)
                b.WriteV(place[0], first);
            // Enough in between to push the second result out of its register.
            IrValue[] busy = [.. Enumerable.Range(21, 4).Select(i => b.VectorNot(VectorShape.Q, b.ReadV(i)))];
            IrValue second = b.Vector(IrOp.VectorSha256Hash2, VectorShape.Q, 4, efgh, abcd, words);
            if (wantsSecond)
                b.WriteV(place[1], second);
            for (int i = 0; i < busy.Length; i++)
                b.WriteV(26 + i, busy[i]);
            Finish(b);
            runner.Compile(b.Region);
            for (int n = 0; n < 20; n++)
            {
                Bits128 x = Random(random), y = Random(random), w = Random(random);
                Bits128 marker = Random(random);
                runner.Context->SetV(place[0], x);
                runner.Context->SetV(place[1], y);
                runner.Context->SetV(place[2], w);
                runner.Context->SetV(21, marker);
                runner.Run();
                Assert.Equal(wantsFirst ? Evaluate(IrOp.VectorSha256Hash, x, y, w) : x, runner.Context->GetV(place[0]));
                Assert.Equal(wantsSecond ? Evaluate(IrOp.VectorSha256Hash2, y, x, w) : y, runner.Context->GetV(place[1]));
                Assert.Equal(w, runner.Context->GetV(place[2]));
                Assert.Equal(new Bits128(~marker.Lo, ~marker.Hi), runner.Context->GetV(26));
            }
        }
    }

    /// <summary>CNT with ADDV or UADDLV: the bits of a register; flags that are alive stay.</summary>
    [Theory]
    [InlineData(VectorShape.D, false, false)]
    [InlineData(VectorShape.Q, false, false)]
    [InlineData(VectorShape.D, true, false)]
    [InlineData(VectorShape.Q, true, false)]
    [InlineData(VectorShape.Q, false, true)]
    [InlineData(VectorShape.D, true, true)]
    public void SumOfBits(object shapeCase, bool widened, bool keepCounts)
    {
        var shape = (VectorShape)shapeCase;
        var random = new Random(3);
        using var runner = new RegionRunner(HostFeatures.Detect());
        foreach (int[] place in Places)
        {
            IrBuilder b = Begin();
            IrValue difference = b.Binary(IrOp.SubS, IrType.I64, b.ReadX(3), b.ReadX(2));
            IrValue flags = b.FlagsOf(difference);
            IrValue counts = b.Vector(IrOp.VectorPopCount, shape, 1, b.ReadV(place[0]));
            IrValue sum = widened
                ? b.Vector(IrOp.VectorReduceAdd, shape, 2, b.Vector(IrOp.VectorPairAddLongUnsigned, shape, 1, counts))
                : b.Vector(IrOp.VectorReduceAdd, shape, 1, counts);
            b.WriteV(place[0], sum);
            b.WriteV(place[1], sum);
            if (keepCounts)
                b.WriteV(31, counts);
            b.WriteFlags(flags);
            Finish(b);
            runner.Compile(b.Region);
            for (int n = 0; n < 20; n++)
            {
                Bits128 x = n == 0 ? new Bits128(ulong.MaxValue, ulong.MaxValue) : Random(random);
                runner.Context->SetV(place[0], x);
                runner.Context->X[3] = (ulong)(n % 3);
                runner.Context->X[2] = 1;
                runner.Run();
                int bits = System.Numerics.BitOperations.PopCount(x.Lo) + (shape == VectorShape.Q ? System.Numerics.BitOperations.PopCount(x.Hi) : 0);
                Assert.Equal(new Bits128((ulong)bits, 0), runner.Context->GetV(place[0]));
                Assert.Equal(new Bits128((ulong)bits, 0), runner.Context->GetV(place[1]));
                uint nzcv = (n % 3) switch { 0 => 0x8000_0000, 1 => 0x6000_0000, _ => 0x2000_0000 };
                Assert.Equal(nzcv, runner.Context->Nzcv);
            }
        }
    }
}
