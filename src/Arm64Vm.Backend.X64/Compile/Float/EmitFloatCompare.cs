using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>FCMP and FCCMP: comparison into the host's flags.</summary>
/// <remarks>
/// <code>
/// UCOMIS x, y     ZF PF CF     Arm, x = A, y = B     Arm, x = B, y = A
/// x above y        0  0  0     greater   --C-        less      N---
/// x below y        0  0  1     less      N---        greater   --C-
/// equal            1  0  0     equal     -ZC-        equal     -ZC-
/// unordered        1  1  1     unordered --CV        unordered --CV
/// </code>
/// Conditions that treat unordered as less (GE LT GT LE) are one host condition in the order A, B; those that treat it as
/// greater (MI PL CS CC HI LS) in the order B, A. The order is chosen after looking at the consumers.
/// </remarks>
internal sealed partial class X64Compiler
{
    private enum FloatFlagUse
    {
        /// <summary>Stored, or conditions of several kinds: all four flags are needed.</summary>
        All,
        Direct,
        Swapped,

        /// <summary>EQ and NE only.</summary>
        Equality,
    }

    private bool TryEmitFloatCompare(in IrInst inst)
    {
        if (FlushesToZero)
            return TryEmitFlushingCompare(inst);
        bool isUsed = values[current].LastUse != 0;
        bool signal = inst.Aux != 0;
        FloatFlagUse use = isUsed ? FindFloatFlagUse(inst) : FloatFlagUse.Direct;
        // CMPSD does not reach upper registers.
        mayUseUpper &= use != FloatFlagUse.Equality;
        VectorOperand a = SourceOf(inst.A), b = SourceOf(inst.B);
        ClobberFlags();
        FlagForm form = FlagForm.Arm;
        switch (use)
        {
            case FloatFlagUse.Direct:
                EmitUcomis(inst.Size, signal, a, b);
                form = FlagForm.FloatDirect;
                break;
            case FloatFlagUse.Swapped:
                EmitUcomis(inst.Size, signal, b, a);
                form = FlagForm.FloatSwapped;
                break;
            case FloatFlagUse.Equality:
                const byte notEqualQuiet = 4, notEqualSignaling = 20;
                Xmm left = InRegister(a, HostAbi.VectorScratch, inst.Size);
                VexImm(inst.Size == 8 ? V.Cmpsd : V.Cmpss, HostAbi.VectorScratch, left, b, signal ? notEqualSignaling : notEqualQuiet);
                emit.Vmovd(Gpr.Rax, HostAbi.VectorScratch);
                emit.Test(4, Gpr.Rax, Gpr.Rax);
                break;
            default:
                EmitUcomis(inst.Size, signal, b, a);
                NormalizeFloatFlags(FlagForm.FloatSwapped);
                break;
        }

        flagsOwner = isUsed ? current : 0;
        flagsForm = form;
        return true;
    }

    /// <summary>Both paths end in the Arm form.</summary>
    private bool TryEmitFlushingCompare(in IrInst inst)
    {
        if (!HaveFloatColdPath)
            return false;
        VectorOperand a = SourceOf(inst.A), b = SourceOf(inst.B);
        ClobberFlags();
        Label cold = emit.NewLabel();
        GuardInput(inst, inst.A, a, HostAbi.VectorScratch, cold);
        GuardInput(inst, inst.B, b, HostAbi.VectorScratch, cold);
        EmitUcomis(inst.Size, inst.Aux != 0, b, a);
        NormalizeFloatFlags(FlagForm.FloatSwapped);
        emit.Bind(AddFloatColdFlags(inst, cold, a, b));
        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = FlagForm.Arm;
        return true;
    }

    private void EmitUcomis(int size, bool signal, in VectorOperand x, in VectorOperand y)
    {
        VexOp op = size == 8 ? (signal ? V.Comisd : V.Ucomisd) : signal ? V.Comiss : V.Ucomiss;
        Vex(op, InRegister(x, HostAbi.VectorScratch, size), y);
    }

    /// <summary>Looks at all consumers of the current flags value.</summary>
    private FloatFlagUse FindFloatFlagUse(in IrInst compare)
    {
        _ = compare;
        bool direct = true, swapped = true, equality = true;
        int last = values[current].LastUse;
        for (int i = current + 1; i <= last; i++)
        {
            ref IrInst inst = ref region[i];
            if (inst.A != current && inst.B != current && inst.C != current && inst.D != current)
                continue;
            if (inst.Op is not (IrOp.BranchCond or IrOp.LeaveCond or IrOp.Select) || inst.B == current)
                return FloatFlagUse.All;
            switch (inst.Condition)
            {
                case Condition.EQ or Condition.NE:
                    direct = swapped = false;
                    break;
                case Condition.GE or Condition.LT or Condition.GT or Condition.LE:
                    swapped = equality = false;
                    break;
                case Condition.VS or Condition.VC:
                    equality = false;
                    break;
                default:
                    direct = equality = false;
                    break;
            }
        }

        if (direct)
            return FloatFlagUse.Direct;
        return swapped ? FloatFlagUse.Swapped : equality ? FloatFlagUse.Equality : FloatFlagUse.All;
    }

    /// <summary>The host condition while the flags are those of UCOMIS.</summary>
    private Cc FloatHostCondition(Condition condition)
    {
        switch (condition)
        {
            case Condition.VS: return Cc.P;
            case Condition.VC: return Cc.Np;
            case Condition.GE: return Cc.Ae;
            case Condition.LT: return Cc.B;
            case Condition.GT: return Cc.A;
            case Condition.LE: return Cc.Be;
            case Condition.MI or Condition.CC: return Cc.A;
            case Condition.PL or Condition.CS: return Cc.Be;
            case Condition.HI: return Cc.B;
            case Condition.LS: return Cc.Ae;
            default: throw new InvalidOperationException($"{condition} is not a condition of {flagsForm}");
        }
    }

    /// <summary>Turns the host's flags from those of UCOMIS into the Arm form. Clobbers rax.</summary>
    /// <remarks>
    /// LAHF gives 0x200 + 0x100 CF + 0x400 PF + 0x4000 ZF; the multiplier spreads the four outcomes over 32 bits so that adding minus the
    /// outcome of "equal" sets SF only for less, ZF only for equal, OF only for unordered, and CF for all but less.
    /// A test holds both multipliers to the table above.
    /// </remarks>
    private void NormalizeFloatFlags(FlagForm form)
    {
        int multiplier = form == FlagForm.FloatSwapped ? FloatFlags.SwappedMultiplier : FloatFlags.DirectMultiplier;
        emit.Lahf();
        emit.Alu(AluOp.And, 4, Gpr.Rax, 0xFF00);
        emit.ImulImm(4, Gpr.Rax, Gpr.Rax, multiplier);
        emit.Alu(AluOp.Add, 4, Gpr.Rax, FloatFlags.Addend(multiplier));
        flagsForm = FlagForm.Arm;
    }

    private void EmitFloatCondCompare(in IrInst inst)
    {
        // Operands first: loading them must not happen on one path only.
        VectorOperand a = new(UseV(inst.A)), b = new(UseV(inst.B));
        bool signal = (inst.Aux & IrBuilder.SignalNaNs) != 0;
        Condition condition = inst.Condition;
        if (IsAlways(condition))
        {
            ClobberFlags();
            EmitUcomis(inst.Size, signal, b, a);
            NormalizeFloatFlags(FlagForm.FloatSwapped);
        }
        else
        {
            Label constant = BeginConditionalCompare(inst);
            EmitUcomis(inst.Size, signal, b, a);
            NormalizeFloatFlags(FlagForm.FloatSwapped);
            EndConditionalCompare(inst, constant, FlagForm.Arm);
        }

        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = FlagForm.Arm;
    }
}
