using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>Executes a disassembled floating-point instruction with SoftFloat on a <see cref="FpMachine"/>.</summary>
internal sealed partial class FpEvaluator(FpMachine machine)
{
    private FpOperand[] operands = [];

    private FpOperand Destination => operands[0];

    private int Width => Destination.Width;

    private uint Fpcr => machine.Fpcr;

    /// <summary>False where the instruction is not one of SoftFloat's.</summary>
    public bool Execute(string text)
    {
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        string name = text[..space];
        operands = [.. text[(space + 1)..].Split(", ").Select(FpOperand.Parse)];
        return ExecuteLanewise(name) || ExecuteReduction(name) || ExecuteConversion(name) || ExecuteSpecial(name);
    }

    private bool ExecuteLanewise(string name)
    {
        Func<int, ulong>? lane = name switch
        {
            "fadd" => i => Fp.Add(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fsub" => i => Fp.Sub(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmul" => i => Fp.Mul(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmulx" => i => Fp.MulX(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fnmul" => i => Fp.NegMul(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fdiv" => i => Fp.Div(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fabd" => i => Fp.AbsDiff(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmax" => i => Fp.Max(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmin" => i => Fp.Min(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmaxnm" => i => Fp.MaxNum(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fminnm" => i => Fp.MinNum(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "frecps" => i => Fp.RecipStepFused(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "frsqrts" => i => Fp.RSqrtStepFused(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fcmeq" => i => AllOnes(Fp.CompareEq(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr)),
            "fcmge" => i => AllOnes(Fp.CompareGe(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr)),
            "fcmgt" => i => AllOnes(Fp.CompareGt(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr)),
            "fcmle" => i => AllOnes(Fp.CompareGe(Width, Get(2, i), Get(1, i), Fpcr, ref machine.Fpsr)),
            "fcmlt" => i => AllOnes(Fp.CompareGt(Width, Get(2, i), Get(1, i), Fpcr, ref machine.Fpsr)),
            "facge" => i => AllOnes(Fp.CompareAbsGe(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr)),
            "facgt" => i => AllOnes(Fp.CompareAbsGt(Width, Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr)),
            "fabs" => i => Fp.Abs(Width, Get(1, i)),
            "fneg" => i => Fp.Neg(Width, Get(1, i)),
            "fsqrt" => i => Fp.Sqrt(Width, Get(1, i), Fpcr, ref machine.Fpsr),
            "frecpe" => i => Fp.RecipEstimate(Width, Get(1, i), Fpcr, ref machine.Fpsr),
            "frsqrte" => i => Fp.RSqrtEstimate(Width, Get(1, i), Fpcr, ref machine.Fpsr),
            "frecpx" => i => Fp.RecipExponent(Width, Get(1, i), Fpcr, ref machine.Fpsr),
            "urecpe" => i => Fp.UnsignedRecipEstimate((uint)Get(1, i)),
            "ursqrte" => i => Fp.UnsignedRSqrtEstimate((uint)Get(1, i)),
            "frintn" => i => RoundInt(i, FpRounding.TieEven, false),
            "frintp" => i => RoundInt(i, FpRounding.PlusInfinity, false),
            "frintm" => i => RoundInt(i, FpRounding.MinusInfinity, false),
            "frintz" => i => RoundInt(i, FpRounding.Zero, false),
            "frinta" => i => RoundInt(i, FpRounding.TieAway, false),
            "frinti" => i => RoundInt(i, Fp.RoundingMode(Fpcr), false),
            "frintx" => i => RoundInt(i, Fp.RoundingMode(Fpcr), true),
            "frint32x" => i => Fp.RoundToIntN(Width, Get(1, i), Fp.RoundingMode(Fpcr), 32, Fpcr, ref machine.Fpsr),
            "frint64x" => i => Fp.RoundToIntN(Width, Get(1, i), Fp.RoundingMode(Fpcr), 64, Fpcr, ref machine.Fpsr),
            "frint32z" => i => Fp.RoundToIntN(Width, Get(1, i), FpRounding.Zero, 32, Fpcr, ref machine.Fpsr),
            "frint64z" => i => Fp.RoundToIntN(Width, Get(1, i), FpRounding.Zero, 64, Fpcr, ref machine.Fpsr),
            "fmla" => i => MulAdd(Get(0, i), Get(1, i), Get(2, i)),
            "fmls" => i => MulAdd(Get(0, i), Negate(Get(1, i)), Get(2, i)),
            "fmadd" => i => MulAdd(Get(3, i), Get(1, i), Get(2, i)),
            "fmsub" => i => MulAdd(Get(3, i), Negate(Get(1, i)), Get(2, i)),
            "fnmadd" => i => MulAdd(Negate(Get(3, i)), Negate(Get(1, i)), Get(2, i)),
            "fnmsub" => i => MulAdd(Negate(Get(3, i)), Get(1, i), Get(2, i)),
            "fmlal" => i => Fp.MulAddHalf(Get(0, i), Get(1, i), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmlsl" => i => Fp.MulAddHalf(Get(0, i), Fp.Neg(16, Get(1, i)), Get(2, i), Fpcr, ref machine.Fpsr),
            "fmlal2" => i => Fp.MulAddHalf(Get(0, i), Get(1, i + Destination.Lanes), Get(2, i + Destination.Lanes), Fpcr, ref machine.Fpsr),
            "fmlsl2" => i => Fp.MulAddHalf(Get(0, i), Fp.Neg(16, Get(1, i + Destination.Lanes)), Get(2, i + Destination.Lanes), Fpcr, ref machine.Fpsr),
            "bfmlalb" => i => Bf16.MulAddLong(Get(0, i), Get(1, 2 * i), Get(2, 2 * i), Fpcr, ref machine.Fpsr),
            "bfmlalt" => i => Bf16.MulAddLong(Get(0, i), Get(1, (2 * i) + 1), Get(2, (2 * i) + 1), Fpcr, ref machine.Fpsr),
            "bfdot" => i => Bf16.DotAdd((uint)Get(0, i), GetPair(1, i), GetPair(2, i)),
            "fcadd" => ComplexAddLane,
            "fcmla" => ComplexMulAddLane,
            _ => null,
        };
        if (lane is null)
            return false;
        SetAll(lane);
        return true;
    }

    private ulong AllOnes(bool condition) => condition ? Fp.Mask(Width) : 0;

    private ulong Negate(ulong op) => Fp.Neg(Width, op);

    private ulong MulAdd(ulong addend, ulong op1, ulong op2) => Fp.MulAdd(Width, addend, op1, op2, Fpcr, ref machine.Fpsr);

    private ulong RoundInt(int lane, FpRounding rounding, bool exact) =>
        Fp.RoundToInt(Width, Get(1, lane), rounding, exact, Fpcr, ref machine.Fpsr);

    private ulong ComplexAddLane(int lane)
    {
        // #90 negates the imaginary part that goes to the real sum, #270 the other one.
        ulong other = Get(2, lane ^ 1);
        bool negate = (operands[3].Immediate == 90) == ((lane & 1) == 0);
        return Fp.Add(Width, Get(1, lane), negate ? Negate(other) : other, Fpcr, ref machine.Fpsr);
    }

    private ulong ComplexMulAddLane(int lane)
    {
        int rotation = operands[3].Immediate;
        bool swap = rotation is 90 or 270;
        int pair = lane & ~1;
        ulong op1 = Get(1, swap ? pair + 1 : pair);
        int part = (swap ? lane ^ 1 : lane) & 1;
        ulong op2 = operands[2].Kind == FpOperandKind.Element ? Read(operands[2].Index, Width, (2 * operands[2].Lane) + part) : Get(2, pair + part);
        bool negate = rotation switch
        {
            90 => (lane & 1) == 0,
            180 => true,
            270 => (lane & 1) != 0,
            _ => false,
        };
        return MulAdd(Get(0, lane), op1, negate ? Negate(op2) : op2);
    }

    private ulong Read(int register, int width, int lane) => (ulong)(machine.V[register] >> (width * lane)) & Fp.Mask(width);

    private ulong Get(int operand, int lane)
    {
        FpOperand op = operands[operand];
        return op.Kind switch
        {
            FpOperandKind.General => op.Index == 31 ? 0 : machine.X[op.Index] & Fp.Mask(op.Width),
            FpOperandKind.Scalar => Read(op.Index, op.Width, 0),
            FpOperandKind.Vector => Read(op.Index, op.Width, lane),
            FpOperandKind.Element => Read(op.Index, op.Width, op.Lane),
            _ => 0,
        };
    }

    /// <summary>Two bfloat16 elements; "v1.2h[3]" names the pair 3.</summary>
    private uint GetPair(int operand, int lane)
    {
        FpOperand op = operands[operand];
        return (uint)Read(op.Index, 32, op.Kind == FpOperandKind.Element ? op.Lane : lane);
    }

    private void SetAll(Func<int, ulong> lane)
    {
        FpOperand destination = Destination;
        if (destination.Kind == FpOperandKind.General)
        {
            ulong value = lane(0);
            if (destination.Index != 31)
                machine.X[destination.Index] = value;
            return;
        }

        UInt128 result = UInt128.Zero;
        for (int i = 0; i < destination.Lanes; i++)
            result |= (UInt128)lane(i) << (i * destination.Width);
        machine.V[destination.Index] = result;
    }
}
