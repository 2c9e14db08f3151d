using System.Reflection;
using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>
/// Floating-point operations in place, for the usual case: rounding to nearest, FPSR.IXC set, and a result that raises nothing but Inexact (decision 0013). What
/// is not usual leaves the region before its guest instruction, for the interpreter.
/// </summary>
/// <remarks>
/// A call on the way would cost much more than it looks: the host's calling convention saves no vector registers, so all that hold guest registers would be
/// spilled around it. An exit keeps nothing.
/// </remarks>
internal sealed partial class IlCompiler
{
    private IlLabel rare;
    private IlLocal? rarePc;

    /// <summary>No operation may leave.</summary>
    private bool isCareful;

    private static bool IsInPlace(IrOp op) => op is IrOp.FloatAdd or IrOp.FloatSub or IrOp.FloatMul or IrOp.FloatNegMul or IrOp.FloatDiv or IrOp.FloatSqrt
        or (>= IrOp.FloatMulAdd and <= IrOp.FloatNegMulSub) or IrOp.FloatAbsDifference or IrOp.FloatCompare or IrOp.FloatConvert or IrOp.FloatRoundToIntegral
        or IrOp.FloatToFixedSigned or IrOp.FloatFromFixedSigned;

    /// <summary>Whether an operation is done in place, and may leave.</summary>
    private bool IsInPlace(int index)
    {
        ref IrInst inst = ref region[index];
        if (isCareful || semantics[index] is not { } semantic || !IsInPlace(inst.Op))
            return false;
        if (inst.Shape != VectorShape.Scalar)
            return inst.Op is IrOp.FloatAdd or IrOp.FloatSub or IrOp.FloatMul or IrOp.FloatDiv or IrOp.FloatMulAdd or IrOp.FloatMulSub && semantic.Result == Methods.Vector;
        return inst.Op switch
        {
            IrOp.FloatToFixedSigned => inst.Imm == 0 && RoundingMethod(inst, inst.Size == 8) is not null,
            IrOp.FloatFromFixedSigned => inst.Imm == 0 && (inst.Size == 8 || inst.Aux == 4),
            IrOp.FloatRoundToIntegral => RoundingMethod(inst, inst.Size == 8) is not null,
            IrOp.FloatConvert => inst.Aux >= 4,
            _ => true,
        };
    }

    /// <summary>Leaves for the careful form of the unit unless FPSR says that inexact results are no news.</summary>
    private void EmitFloatGuard()
    {
        rarePc = null;
        // Counts are those of whole blocks, and an FPSR that is written may be another than the one asked for.
        isCareful = mode.IsCareful || mode.StepsUnits || mode.CountsInstructions;
        for (int i = 1; i < region.Count; i++)
            isCareful |= region[i].Op == IrOp.WriteSystem && (int)region[i].Imm == Ir.SoftFloat.FpsrBits.Encoding;
        bool assumes = false;
        for (int i = 1; i < region.Count && !assumes; i++)
            assumes = IsInPlace(i);
        if (!assumes)
            return;
        rare = il.DefineLabel();
        rarePc = il.DeclareLocal(typeof(int));
        IlLabel careful = il.DefineLabel();
        PushField(GuestContext.FpsrOffset);
        il.Emit(OpCodes.Ldind_U4);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, Methods.UsualStatus);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Brfalse, careful);
        int entry = region.Blocks[0].GuestOffset;
        cold.Add(() =>
        {
            il.MarkLabel(careful);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, entry);
            Call(Methods.Careful);
            il.Emit(OpCodes.Ret);
        });
    }

    /// <summary>The exit that all rare cases of the region share.</summary>
    private void EmitRareExit()
    {
        if (rarePc is null)
            return;
        il.MarkLabel(rare);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldloc, rarePc);
        Call(Methods.Rare);
        il.Emit(OpCodes.Ret);
    }

    private void LeaveForRare(int pc)
    {
        il.Emit(OpCodes.Ldc_I4, pc);
        il.Emit(OpCodes.Stloc, rarePc!);
        il.Emit(OpCodes.Br, rare);
    }

    /// <summary>A label to jump to with an empty stack where the current operation cannot be done here.</summary>
    private IlLabel RareCase()
    {
        IlLabel label = il.DefineLabel();
        int pc = region[current].Pc;
        cold.Add(() =>
        {
            il.MarkLabel(label);
            LeaveForRare(pc);
        });
        return label;
    }

    private bool TryConstant(in IrInst inst) => inst.Op == IrOp.VectorConst;

    private bool TryScalarMove(in IrInst inst)
    {
        Form form = ScalarOf(inst.Size);
        if (inst.Op == IrOp.VectorExtractElementUnsigned && inst.Aux == 0 && form != Form.Vector && forms[inst.A] == form)
        {
            PushScalar(inst.A, form);
            Call(form == Form.Double ? FloatMethods.Bits64 : FloatMethods.Bits32);
            if (inst.Type == IrType.I64)
                il.Emit(OpCodes.Conv_U8);
            else if (form == Form.Double)
                il.Emit(OpCodes.Conv_I4);
            StoreResult();
            return true;
        }

        if (!IsScalarMove(inst))
            return false;
        PushScalar(inst.A, form);
        if (inst.Op == IrOp.FloatAbs)
            Call(form == Form.Double ? FloatMethods.Abs64 : FloatMethods.Abs32);
        else if (inst.Op == IrOp.FloatNeg)
            il.Emit(OpCodes.Neg);
        StoreResult();
        return true;
    }

    private bool TryPlain(in IrInst inst)
    {
        if (!IsInPlace(current))
            return false;
        if (inst.Shape != VectorShape.Scalar)
        {
            PlainVector(inst);
            return true;
        }

        Form form = ScalarOf(inst.Size);
        switch (inst.Op)
        {
            case IrOp.FloatCompare:
                PlainCompare(inst, form);
                break;
            case IrOp.FloatConvert:
                PlainConvert(inst, form);
                break;
            case IrOp.FloatRoundToIntegral:
                PlainRound(inst, form);
                break;
            case IrOp.FloatToFixedSigned:
                PlainToInteger(inst, form);
                break;
            case IrOp.FloatFromFixedSigned:
                // Inexact at most, which is no news.
                PushOperand(inst.Aux == 8 ? typeof(ulong) : typeof(uint), inst.A);
                il.Emit(form == Form.Double ? OpCodes.Conv_R8 : OpCodes.Conv_R4);
                StoreResult();
                break;
            default:
                PlainArithmetic(inst, form);
                break;
        }

        return true;
    }

    private void PlainArithmetic(in IrInst inst, Form form)
    {
        Source a = CaptureScalar(inst.A, form), b = inst.B == 0 ? a : CaptureScalar(inst.B, form), c = inst.C == 0 ? a : CaptureScalar(inst.C, form);
        IlLocal result = TakeLocal(TypeOf(form));
        PushScalar(inst.A, form);
        switch (inst.Op)
        {
            case IrOp.FloatAdd:
                PushScalar(inst.B, form);
                il.Emit(OpCodes.Add);
                break;
            case IrOp.FloatSub or IrOp.FloatAbsDifference:
                PushScalar(inst.B, form);
                il.Emit(OpCodes.Sub);
                break;
            case IrOp.FloatMul or IrOp.FloatNegMul:
                PushScalar(inst.B, form);
                il.Emit(OpCodes.Mul);
                break;
            case IrOp.FloatDiv:
                PushScalar(inst.B, form);
                il.Emit(OpCodes.Div);
                break;
            case IrOp.FloatSqrt:
                Call(form == Form.Double ? FloatMethods.Sqrt64 : FloatMethods.Sqrt32);
                break;
            default:
                if (inst.Op is IrOp.FloatMulSub or IrOp.FloatNegMulAdd)
                    il.Emit(OpCodes.Neg);
                PushScalar(inst.B, form);
                PushScalar(inst.C, form);
                if (inst.Op is IrOp.FloatNegMulAdd or IrOp.FloatNegMulSub)
                    il.Emit(OpCodes.Neg);
                Call(form == Form.Double ? FloatMethods.MultiplyAdd64 : FloatMethods.MultiplyAdd32);
                break;
        }

        il.Emit(OpCodes.Stloc, result);
        CheckPlain(inst.Op, form, result, a, b, c);
        if (inst.Op is IrOp.FloatNegMul or IrOp.FloatAbsDifference)
        {
            il.Emit(OpCodes.Ldloc, result);
            if (inst.Op == IrOp.FloatNegMul)
                il.Emit(OpCodes.Neg);
            else
                Call(form == Form.Double ? FloatMethods.Abs64 : FloatMethods.Abs32);
            il.Emit(OpCodes.Stloc, result);
        }

        Adopt(result);
    }

    /// <summary>
    /// Goes on where a result is a number of at least twice the smallest normal one, by its exponent. Of the others zeros go on where they are exact: sums always are,
    /// products, quotients and roots where an operand is zero, and a product plus zero likewise.
    /// </summary>
    private void CheckPlain(IrOp op, Form form, IlLocal result, Source a, Source b, Source c)
    {
        IlLabel unusual = il.DefineLabel(), resume = il.DefineLabel();
        il.Emit(OpCodes.Ldloc, result);
        if (form == Form.Double)
        {
            Call(FloatMethods.Bits64);
            il.Emit(OpCodes.Ldc_I4_1);
            il.Emit(OpCodes.Shl);
            il.Emit(OpCodes.Ldc_I4, 53);
            il.Emit(OpCodes.Shr_Un);
            il.Emit(OpCodes.Conv_I4);
        }
        else
        {
            Call(FloatMethods.Bits32);
            il.Emit(OpCodes.Ldc_I4_1);
            il.Emit(OpCodes.Shl);
            il.Emit(OpCodes.Ldc_I4, 24);
            il.Emit(OpCodes.Shr_Un);
        }

        il.Emit(OpCodes.Ldc_I4_2);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Ldc_I4, form == Form.Double ? 0x7FD : 0xFD);
        il.Emit(OpCodes.Bge_Un, unusual);
        il.MarkLabel(resume);
        int pc = region[current].Pc;
        cold.Add(() =>
        {
            il.MarkLabel(unusual);
            bool isSum = op is IrOp.FloatAdd or IrOp.FloatSub or IrOp.FloatAbsDifference;
            IlLabel leave = il.DefineLabel();
            JumpIfZero(new Source(IrType.V128, result, 0, form), isSum ? resume : null, leave);
            if (!isSum)
            {
                if (op is >= IrOp.FloatMulAdd and <= IrOp.FloatNegMulSub)
                    JumpIfZero(c, null, leave);
                JumpIfZero(a, resume, null);
                if (op is not (IrOp.FloatDiv or IrOp.FloatSqrt))
                    JumpIfZero(b, resume, null);
            }

            il.MarkLabel(leave);
            LeaveForRare(pc);
        });
    }

    private void JumpIfZero(in Source source, IlLabel? zero, IlLabel? other)
    {
        PushRaw(source);
        PushFloatConstant(0, source.Form);
        if (zero is { } target)
            il.Emit(OpCodes.Beq, target);
        else
            il.Emit(OpCodes.Bne_Un, other!.Value);
    }

    private void PushRaw(in Source source)
    {
        if (source.Local is null)
        {
            PushScalar(source.Value, source.Form);
            return;
        }

        il.Emit(OpCodes.Ldloc, source.Local);
        if (source.Local.Type == Methods.Vector)
            Call(source.Form == Form.Double ? Methods.ToDouble : Methods.ToSingle);
    }

    /// <summary>As <see cref="Capture"/>, for its scalar.</summary>
    private Source CaptureScalar(int value, Form form) => Capture(value) with { Form = form };

    /// <summary>Numbers are compared where their flags are asked for; a NaN is rare, and leaves here.</summary>
    private void PlainCompare(in IrInst inst, Form form)
    {
        IlLabel unordered = RareCase();
        LeaveIfNaN(inst.A, form, unordered);
        if (inst.B != inst.A)
            LeaveIfNaN(inst.B, form, unordered);
    }

    /// <summary>Pushes the flags of a comparison's flags.</summary>
    private void PushComparisonFlags(in IrInst inst, Form form)
    {
        PushScalar(inst.A, form);
        PushScalar(inst.B, form);
        il.Emit(OpCodes.Clt);
        PushFlagBits(GuestFlags.N - GuestFlags.C);
        il.Emit(OpCodes.Mul);
        PushScalar(inst.A, form);
        PushScalar(inst.B, form);
        il.Emit(OpCodes.Ceq);
        PushFlagBits(GuestFlags.Z);
        il.Emit(OpCodes.Mul);
        il.Emit(OpCodes.Add);
        PushFlagBits(GuestFlags.C);
        il.Emit(OpCodes.Add);
    }

    /// <summary>Pushes whether a condition holds for two numbers that are compared: less is N, equal Z and C, greater C.</summary>
    private void PushComparison(in IrInst inst, Form form, Condition even)
    {
        if (even == Condition.VS)
        {
            il.Emit(OpCodes.Ldc_I4_0);
            return;
        }

        PushScalar(inst.A, form);
        PushScalar(inst.B, form);
        switch (even)
        {
            case Condition.EQ:
                il.Emit(OpCodes.Ceq);
                break;
            case Condition.MI:
                il.Emit(OpCodes.Clt);
                break;
            case Condition.CS or Condition.GE:
                il.Emit(OpCodes.Clt);
                Invert();
                break;
            default:
                il.Emit(OpCodes.Cgt);
                break;
        }
    }

    private void LeaveIfNaN(int value, Form form, IlLabel unordered)
    {
        if (IsScalarConstant(value, form))
            return;
        PushScalar(value, form);
        PushScalar(value, form);
        il.Emit(OpCodes.Bne_Un, unordered);
    }

    private void PlainConvert(in IrInst inst, Form form)
    {
        Form to = ScalarOf(inst.Aux);
        if (to == Form.Double)
        {
            LeaveIfNaN(inst.A, form, RareCase());
            PushScalar(inst.A, form);
            il.Emit(OpCodes.Conv_R8);
            StoreResult();
            return;
        }

        Source a = CaptureScalar(inst.A, form);
        IlLocal result = TakeLocal(typeof(float));
        PushScalar(inst.A, form);
        il.Emit(OpCodes.Conv_R4);
        il.Emit(OpCodes.Stloc, result);
        CheckPlain(IrOp.FloatSqrt, Form.Single, result, a, a, a);
        Adopt(result);
    }

    /// <summary>Rounds towards a given direction; null where .NET has no method that is one instruction.</summary>
    private static MethodInfo? RoundingMethod(in IrInst inst, bool isDouble) => (inst.Aux & 7) switch
    {
        (int)Ir.SoftFloat.FpRounding.TieEven or IrBuilder.RoundingOfFpcr => isDouble ? FloatMethods.Round64 : FloatMethods.Round32,
        (int)Ir.SoftFloat.FpRounding.PlusInfinity => isDouble ? FloatMethods.Ceiling64 : FloatMethods.Ceiling32,
        (int)Ir.SoftFloat.FpRounding.MinusInfinity => isDouble ? FloatMethods.Floor64 : FloatMethods.Floor32,
        (int)Ir.SoftFloat.FpRounding.Zero => isDouble ? FloatMethods.Truncate64 : FloatMethods.Truncate32,
        _ => null,
    };

    private void PlainRound(in IrInst inst, Form form)
    {
        LeaveIfNaN(inst.A, form, RareCase());
        PushScalar(inst.A, form);
        Call(RoundingMethod(inst, form == Form.Double)!);
        StoreResult();
    }

    /// <summary>Numbers that do not fit, and NaNs, are rare.</summary>
    private void PlainToInteger(in IrInst inst, Form form)
    {
        IlLocal rounded = TakeLocal(TypeOf(form));
        PushScalar(inst.A, form);
        if ((inst.Aux & 7) != (int)Ir.SoftFloat.FpRounding.Zero)
            Call(RoundingMethod(inst, form == Form.Double)!);
        il.Emit(OpCodes.Stloc, rounded);
        il.Emit(OpCodes.Ldloc, rounded);
        Call(form == Form.Double ? FloatMethods.Abs64 : FloatMethods.Abs32);
        bool wide = inst.Type == IrType.I64;
        if (form == Form.Double)
            il.Emit(OpCodes.Ldc_R8, wide ? 9223372036854775808.0 : 2147483648.0);
        else
            il.Emit(OpCodes.Ldc_R4, wide ? 9223372036854775808.0f : 2147483648.0f);
        il.Emit(OpCodes.Bge_Un, RareCase());
        il.Emit(OpCodes.Ldloc, rounded);
        il.Emit(wide ? OpCodes.Conv_I8 : OpCodes.Conv_I4);
        FreeLocal(rounded);
        StoreResult();
    }

    private void PlainVector(in IrInst inst)
    {
        bool isDouble = inst.Size == 8;
        IlLocal result = TakeLocal(Methods.Vector);
        Push(inst.A);
        Push(inst.B);
        if (inst.Op is IrOp.FloatMulAdd or IrOp.FloatMulSub)
            Push(inst.C);
        Call(FloatMethods.Vector(inst.Op, isDouble));
        il.Emit(OpCodes.Stloc, result);
        bool isQ = inst.Shape == VectorShape.Q;
        IlLabel unusual = il.DefineLabel(), resume = il.DefineLabel();
        il.Emit(OpCodes.Ldloc, result);
        Call(isDouble ? FloatMethods.ArePlain64 : isQ ? FloatMethods.ArePlain32 : FloatMethods.ArePlainLow32);
        il.Emit(OpCodes.Brfalse, unusual);
        il.MarkLabel(resume);
        Source a = Capture(inst.A), b = Capture(inst.B);
        int pc = inst.Pc;
        IrOp op = inst.Op;
        cold.Add(() =>
        {
            il.MarkLabel(unusual);
            if (op is IrOp.FloatAdd or IrOp.FloatSub or IrOp.FloatMul)
            {
                il.Emit(OpCodes.Ldloc, result);
                if (op == IrOp.FloatMul)
                {
                    Push(a);
                    Push(b);
                    Call(isDouble ? FloatMethods.ArePlainProducts64 : isQ ? FloatMethods.ArePlainProducts32 : FloatMethods.ArePlainProductsLow32);
                }
                else
                {
                    Call(isDouble ? FloatMethods.ArePlainSums64 : isQ ? FloatMethods.ArePlainSums32 : FloatMethods.ArePlainSumsLow32);
                }

                il.Emit(OpCodes.Brtrue, resume);
            }

            LeaveForRare(pc);
        });
        if (inst.Shape == VectorShape.D)
        {
            il.Emit(OpCodes.Ldloc, result);
            Call(Methods.ClearAbove(8));
            il.Emit(OpCodes.Stloc, result);
        }

        Adopt(result);
    }
}
