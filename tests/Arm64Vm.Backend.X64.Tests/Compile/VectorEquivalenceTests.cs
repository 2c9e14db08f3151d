using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;
using Xunit.Sdk;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Every vector operation in emitted code equals the oracle, wherever its operands and its result are, for every set of host features.</summary>
public sealed unsafe class VectorEquivalenceTests
{
    /// <summary>Where operands come from and what else is alive.</summary>
    private enum Placement
    {
        Pinned,
        OverFirst,
        OverSecond,
        OverThird,
        Memory,
        MemoryKept,

        /// <summary>In registers above 15, on hosts that have them.</summary>
        Upper,
        UpperKept,
        Pool,
        PoolKept,
        PoolBusy,
        SameOperand,
        Mixed,
        Clear,
    }

    private const int ResultV = 19;
    private const int ResultX = 20;
    private const int Sets = 24;

    public static TheoryData<object> Operations()
    {
        var data = new TheoryData<object>();
        foreach (IrOp op in Enum.GetValues<IrOp>())
        {
            if (IrOps.IsVector(op))
                data.Add(op);
        }

        return data;
    }

    private static HostFeatures[] FeatureSets()
    {
        HostFeatures all = HostFeatures.Detect();
        return [all, all.Without("gfni,avx512,avxvnni,aes,sha,pclmulqdq")];
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void EmittedCodeEqualsTheOracle(object opCase)
    {
        var op = (IrOp)opCase;
        List<IrInst> forms = [.. VectorCases.FormsOf(op)];
        Assert.NotEmpty(forms);
        foreach (HostFeatures features in FeatureSets())
        {
            using var runner = new RegionRunner(features);
            foreach (IrInst form in forms)
                CheckForm(runner, form);
        }
    }

    /// <summary>Operations that are too rare for code of their own; with all that this processor has, everything else stays in emitted code.</summary>
    [Fact]
    public void OnlyRareOperationsLeaveEmittedCode()
    {
        HostFeatures features = HostFeatures.Detect();
        Assert.SkipUnless(features is { Aes: true, Sha: true, Pclmulqdq: true }, "The processor lacks AES, SHA or PCLMULQDQ instructions.");
        using var runner = new RegionRunner(features);
        var left = new SortedSet<IrOp>();
        foreach (IrOp op in Enum.GetValues<IrOp>())
        {
            foreach (IrInst form in IrOps.IsVector(op) ? VectorCases.FormsOf(op) : [])
            {
                runner.Compile(Build(form, Placement.Pinned, VectorCases.OperandsOf(op) == 3, 0));
                if (runner.Pure.Count != 0)
                    left.Add(op);
            }
        }

        IrOp[] expected =
        [
            IrOp.VectorReciprocalEstimate, IrOp.VectorReciprocalSqrtEstimate,
            IrOp.VectorSm3SS1, IrOp.VectorSm3TT1A, IrOp.VectorSm3TT1B, IrOp.VectorSm3TT2A, IrOp.VectorSm3TT2B,
            IrOp.VectorSm3PartW1, IrOp.VectorSm3PartW2, IrOp.VectorSm4Encode, IrOp.VectorSm4Key,
        ];
        Assert.Equal(expected, left);
    }

    private static void CheckForm(RegionRunner runner, in IrInst form)
    {
        var random = new Random(((int)form.Op * 977) + (form.Size * 31) + (int)form.Imm + (form.Aux << 8));
        var operands = new Operands[Sets];
        var expected = new (Bits128 Value, bool Saturated)[Sets];
        foreach (Placement placement in Enum.GetValues<Placement>())
        {
            // Forms by the hundred share placements among them.
            if (form.Imm + form.Aux > 2 && ((int)form.Imm + form.Aux + (int)placement) % 4 != 0)
                continue;
            bool withC = VectorCases.OperandsOf(form.Op) == 3 && !(form.Op == IrOp.VectorTable && ((int)placement & 1) == 1);
            for (int i = 0; i < Sets; i++)
            {
                operands[i].A = VectorCases.Value(random, form.Size);
                operands[i].B = VectorCases.Value(random, form.Size);
                operands[i].C = VectorCases.Value(random, form.Size);
                Operands used = operands[i];
                if (placement == Placement.SameOperand)
                    used.B = used.A;
                if (placement == Placement.Clear)
                {
                    used.A = ClearAbove(form, used.A);
                    used.B = ClearAbove(form, used.B);
                }

                if (form.Op == IrOp.VectorBroadcast)
                    used.A = new Bits128(operands[i].B.Lo, 0);
                if (form.Op == IrOp.VectorInsertElement)
                    used.B = new Bits128(operands[i].B.Lo, 0);
                if (!withC)
                    used.C = default;
                FpEnvironment fp = default;
                expected[i].Value = PureOperations.Evaluate(form, used, ref fp);
                expected[i].Saturated = fp.Fpsr != 0;
            }

            int general = form.Size == 8 ? random.Next(3) : random.Next(4);
            IrRegion region = Build(form, placement, withC, general);
            runner.Compile(region);
            for (int i = 0; i < Sets; i++)
            {
                Load(runner.Context, operands[i]);
                runner.Run();
                Check(runner, form, placement, operands[i], expected[i].Value, expected[i].Saturated);
            }
        }
    }

    private static Bits128 ClearAbove(in IrInst form, Bits128 value)
    {
        FpEnvironment fp = default;
        return PureOperations.Evaluate(form with { Op = IrOp.VectorClearAbove, Type = IrType.V128 }, new Operands { A = value }, ref fp);
    }

    /// <summary>Operands A, B, C are in V0–V2, in V8–V10 and in V12–V14; B's low half is in X0 and X7.</summary>
    private static void Load(GuestContext* context, in Operands o)
    {
        for (int i = 0; i < 32; i++)
        {
            context->SetV(i, new Bits128(0x1111_1111_1111_1111UL * (ulong)i, ~0UL / (ulong)(i + 1)));
            context->X[i] = 0x0101_0101_0101_0101UL * (ulong)i;
        }

        foreach (int first in (int[])[0, 8, 12])
        {
            context->SetV(first, o.A);
            context->SetV(first + 1, o.B);
            context->SetV(first + 2, o.C);
        }

        context->X[0] = context->X[7] = o.B.Lo;
        context->Nzcv = 0;
    }

    private static IrRegion Build(in IrInst form, Placement placement, bool withC, int general)
    {
        var region = new IrRegion();
        var b = new IrBuilder(region);
        b.BeginBlock(0);
        b.BeginInstruction(0);
        // Flags that are set before and read after: no vector operation may touch the host's.
        IrValue difference = b.Binary(IrOp.SubS, IrType.I64, b.ReadX(3), b.ReadX(2));
        IrValue flags = b.FlagsOf(difference);
        bool memory = placement is Placement.Memory or Placement.MemoryKept or Placement.Pool or Placement.PoolKept;
        int from = memory ? 12 : placement is Placement.Upper or Placement.UpperKept ? 8 : 0;
        IrValue a = b.ReadV(placement == Placement.Mixed ? 12 : from);
        IrValue v = b.ReadV(from + 1);
        IrValue c = b.ReadV(from + 2);
        if (placement is Placement.Pool or Placement.PoolKept or Placement.Mixed)
            a = b.VectorOr(VectorShape.Q, a, a);
        if (placement is Placement.Pool or Placement.PoolKept)
        {
            v = b.VectorOr(VectorShape.Q, v, v);
            c = b.VectorOr(VectorShape.Q, c, c);
        }

        if (placement == Placement.Clear)
        {
            // Operands that are known to be zero above the live lanes.
            a = b.VectorClearAbove(form.Shape, form.Size, a);
            v = b.VectorClearAbove(form.Shape, form.Size, v);
        }

        IrValue busy0 = default, busy1 = default, busy2 = default;
        if (placement == Placement.PoolBusy)
        {
            busy0 = b.VectorNot(VectorShape.Q, b.ReadV(21));
            busy1 = b.VectorNot(VectorShape.Q, b.ReadV(22));
            busy2 = b.VectorNot(VectorShape.Q, b.ReadV(23));
        }

        IrType word = form.Size == 8 ? IrType.I64 : IrType.I32;
        IrValue scalar = general switch
        {
            0 => Narrow(b, word, b.ReadX(0)),
            1 => Narrow(b, word, b.ReadX(7)),
            2 => Narrow(b, word, b.Add(IrType.I64, b.ReadX(0), b.Const64(0))),
            _ => b.Truncate(b.Add(IrType.I64, b.ReadX(7), b.Const64(0))),
        };
        int count = VectorCases.OperandsOf(form.Op);
        IrValue first = form.Op == IrOp.VectorBroadcast ? scalar : count >= 1 ? a : default;
        IrValue second = form.Op == IrOp.VectorInsertElement ? scalar : count < 2 ? default : placement == Placement.SameOperand ? a : v;
        IrValue third = withC ? c : default;
        IrValue result = b.Emit(form.Op, form.Type, first, second, third, size: form.Size, shape: form.Shape, aux: form.Aux, imm: form.Imm);
        if (form.Type == IrType.V128)
        {
            int target = placement switch
            {
                Placement.OverFirst or Placement.SameOperand or Placement.PoolBusy => 0,
                Placement.OverSecond => 1,
                Placement.OverThird or Placement.Mixed => 2,
                Placement.Memory => 15,
                Placement.MemoryKept => 12,
                Placement.Upper => 11,
                Placement.UpperKept => 8,
                _ => ResultV,
            };
            b.WriteV(target, result);
            if (target != ResultV)
                b.WriteV(ResultV, result);
        }
        else
        {
            b.WriteGpr(ResultX, result);
        }

        if (placement is Placement.MemoryKept or Placement.PoolKept or Placement.UpperKept)
        {
            // The operands live on; also used twice, so that they are worth a register.
            b.WriteV(24, b.VectorXor(VectorShape.Q, a, c));
            b.WriteV(25, v);
            b.WriteV(26, c);
            b.WriteV(27, a);
        }

        if (placement == Placement.PoolBusy)
        {
            b.WriteV(24, busy0);
            b.WriteV(25, busy1);
            b.WriteV(26, busy2);
        }

        b.WriteFlags(flags);
        b.Exit(ExitReason.Halt);
        b.EndBlock();
        return region;
    }

    private static IrValue Narrow(IrBuilder b, IrType type, IrValue x) => type == IrType.I64 ? x : b.Truncate(x);

    private static void Check(RegionRunner runner, in IrInst form, Placement placement, in Operands o, Bits128 expected, bool saturated)
    {
        GuestContext* context = runner.Context;
        Bits128 actual = form.Type == IrType.V128 ? context->GetV(ResultV) : new Bits128(context->X[ResultX], 0);
        bool wrong = actual != expected || runner.Saturated != saturated;
        string what = wrong ? $"gives {actual} (QC {runner.Saturated}), not {expected} (QC {saturated})" : "";
        if (placement is Placement.MemoryKept or Placement.PoolKept or Placement.UpperKept)
        {
            var mixed = new Bits128(o.A.Lo ^ o.C.Lo, o.A.Hi ^ o.C.Hi);
            if (context->GetV(24) != mixed || context->GetV(25) != o.B || context->GetV(26) != o.C || context->GetV(27) != o.A)
                what += " loses an operand that lives on";
        }
        else if (placement == Placement.PoolBusy)
        {
            for (int i = 0; i < 3; i++)
            {
                Bits128 old = context->GetV(21 + i), kept = context->GetV(24 + i);
                if (kept.Lo != ~old.Lo || kept.Hi != ~old.Hi)
                    what += $" loses value {i} that it does not use";
            }
        }

        // Everything that no case writes must be as Load left it.
        foreach (int i in (int[])[3, 4, 5, 6, 7, 16, 17, 18, 28, 31])
        {
            if (context->GetV(i) != new Bits128(0x1111_1111_1111_1111UL * (ulong)i, ~0UL / (ulong)(i + 1)))
                what += $" changes V{i}";
        }

        if (context->Nzcv != GuestFlags.C)
            what += $" loses the flags ({context->Nzcv:x})";
        if (what.Length == 0)
            return;
        throw new XunitException(
            $"{form.Op} size {form.Size} {form.Shape} aux {form.Aux} imm {form.Imm} {form.Type} ({placement}){what}; A = {o.A}, B = {o.B}, C = {o.C}; {Convert.ToHexString(runner.Code)}");
    }
}
