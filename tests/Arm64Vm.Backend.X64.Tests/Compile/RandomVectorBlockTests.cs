using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;
using Xunit.Sdk;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Long random blocks of vector operations: registers run out, values are spilled, constants and guest registers come and go.</summary>
public sealed unsafe class RandomVectorBlockTests
{
    private const int Programs = 1500;
    private const int Inputs = 3;

    private static readonly IrInst[] Forms =
        [.. Enum.GetValues<IrOp>().Where(IrOps.IsVector).SelectMany(op => Some(VectorCases.FormsOf(op)))];

    private static IEnumerable<IrInst> Some(IEnumerable<IrInst> forms)
    {
        IrInst[] all = [.. forms];
        int step = Math.Max(1, all.Length / 24);
        return all.Where((_, index) => index % step == 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gfni,avx512,avxvnni,aes,sha,pclmulqdq")]
    public void BlocksEqualTheOracle(string without)
    {
        using var runner = new RegionRunner(HostFeatures.Detect().Without(without));
        for (int seed = 0; seed < Programs; seed++)
        {
            var random = new Random(seed);
            IrRegion region = Build(random);
            runner.Compile(region);
            for (int input = 0; input < Inputs; input++)
                RunAndCompare(runner, region, random, seed);
        }
    }

    private static IrRegion Build(Random random)
    {
        var region = new IrRegion();
        var b = new IrBuilder(region);
        b.BeginBlock(0);
        b.BeginInstruction(0);
        List<IrValue> vectors = [];
        List<IrValue> words = [];
        int length = random.Next(4, 50);
        // Few recent values: short lives; all: long ones.
        int window = random.Next(2) == 0 ? 4 : 1000;
        for (int i = 0; i < length; i++)
        {
            switch (random.Next(9))
            {
                case 0:
                    b.WriteV(random.Next(32), Pick(random, b, vectors, window));
                    break;
                case 1:
                    vectors.Add(b.VectorConst(random.Next(2) == 0 ? VectorShape.Q : VectorShape.D, random.Next(3) switch { 0 => 0, 1 => ulong.MaxValue, _ => (ulong)random.NextInt64() }));
                    break;
                case 2:
                    // A pair that may be fused.
                    IrValue last = b.Vector(IrOp.VectorAesEncrypt, VectorShape.Q, 1, Pick(random, b, vectors, window), Pick(random, b, vectors, window));
                    vectors.Add(b.Vector(IrOp.VectorAesMixColumns, VectorShape.Q, 1, last));
                    if (random.Next(4) == 0)
                        vectors.Add(last);
                    break;
                case 3:
                    IrValue abcd = Pick(random, b, vectors, window), efgh = Pick(random, b, vectors, window), w = Pick(random, b, vectors, window);
                    vectors.Add(b.Vector(IrOp.VectorSha256Hash, VectorShape.Q, 4, abcd, efgh, w));
                    vectors.Add(b.Vector(IrOp.VectorSha256Hash2, VectorShape.Q, 4, efgh, abcd, w));
                    break;
                case 4:
                    VectorShape shape = random.Next(2) == 0 ? VectorShape.Q : VectorShape.D;
                    IrValue counts = b.Vector(IrOp.VectorPopCount, shape, 1, Pick(random, b, vectors, window));
                    if (random.Next(2) == 0)
                        vectors.Add(b.Vector(IrOp.VectorReduceAdd, shape, 1, counts));
                    else
                        vectors.Add(b.Vector(IrOp.VectorReduceAdd, shape, 2, b.Vector(IrOp.VectorPairAddLongUnsigned, shape, 1, counts)));
                    break;
                default:
                    Append(random, b, Forms[random.Next(Forms.Length)], vectors, words, window);
                    break;
            }
        }

        for (int i = 0; i < 6 && vectors.Count > 0; i++)
            b.WriteV(random.Next(32), vectors[random.Next(vectors.Count)]);
        b.Exit(ExitReason.Halt);
        b.EndBlock();
        return region;
    }

    private static IrValue Pick(Random random, IrBuilder b, List<IrValue> vectors, int window)
    {
        if (vectors.Count == 0 || random.Next(4) == 0)
        {
            IrValue read = b.ReadV(random.Next(32));
            vectors.Add(read);
            return read;
        }

        return vectors[random.Next(Math.Max(0, vectors.Count - window), vectors.Count)];
    }

    private static void Append(Random random, IrBuilder b, in IrInst form, List<IrValue> vectors, List<IrValue> words, int window)
    {
        int count = VectorCases.OperandsOf(form.Op);
        bool fromGeneral = form.Op == IrOp.VectorBroadcast;
        IrValue general = default;
        if (fromGeneral || form.Op == IrOp.VectorInsertElement)
            general = words.Count == 0 || random.Next(2) == 0 ? b.ReadX(random.Next(31)) : words[random.Next(words.Count)];
        IrValue first = fromGeneral ? general : count >= 1 ? Pick(random, b, vectors, window) : default;
        IrValue second = form.Op == IrOp.VectorInsertElement ? general : count >= 2 ? Pick(random, b, vectors, window) : default;
        IrValue third = count == 3 ? Pick(random, b, vectors, window) : default;
        IrValue result = b.Emit(form.Op, form.Type, first, second, third, size: form.Size, shape: form.Shape, aux: form.Aux, imm: form.Imm);
        if (form.Type == IrType.V128)
            vectors.Add(result);
        else if (form.Type == IrType.I64)
            words.Add(result);
        else
            b.WriteGpr(random.Next(31), result);
    }

    private static void RunAndCompare(RegionRunner runner, IrRegion region, Random random, int seed)
    {
        GuestContext* context = runner.Context;
        Span<Bits128> v = stackalloc Bits128[32];
        Span<ulong> x = stackalloc ulong[32];
        for (int i = 0; i < 32; i++)
        {
            v[i] = VectorCases.Value(random, 1 << random.Next(4));
            x[i] = (ulong)random.NextInt64();
            context->SetV(i, v[i]);
            context->X[i] = x[i];
        }

        bool saturated = Interpret(region, v, x);
        runner.Run();
        for (int i = 0; i < 32; i++)
        {
            if (context->GetV(i) != v[i] || context->X[i] != x[i])
                throw new XunitException($"program {seed}: V{i} is {context->GetV(i)}, not {v[i]}; X{i} is {context->X[i]:x}, not {x[i]:x}");
        }

        Assert.Equal(saturated, runner.Saturated);
    }

    /// <summary>Runs the block on the oracle; true where something saturated.</summary>
    private static bool Interpret(IrRegion region, Span<Bits128> v, Span<ulong> x)
    {
        var values = new Bits128[region.Count];
        FpEnvironment fp = default;
        for (int i = 1; i < region.Count; i++)
        {
            ref IrInst inst = ref region[i];
            switch (inst.Op)
            {
                case IrOp.GetV:
                    values[i] = v[inst.Aux];
                    break;
                case IrOp.SetV:
                    v[inst.Aux] = values[inst.A];
                    break;
                case IrOp.GetX:
                    values[i] = new Bits128(x[inst.Aux], 0);
                    break;
                case IrOp.SetX:
                    x[inst.Aux] = region[inst.A].Type == IrType.I32 ? (uint)values[inst.A].Lo : values[inst.A].Lo;
                    break;
                case IrOp.Exit:
                    break;
                default:
                    values[i] = PureOperations.Evaluate(inst, new Operands { A = values[inst.A], B = values[inst.B], C = values[inst.C] }, ref fp);
                    break;
            }
        }

        return (fp.Fpsr & FpEnvironment.Saturated) != 0;
    }
}
