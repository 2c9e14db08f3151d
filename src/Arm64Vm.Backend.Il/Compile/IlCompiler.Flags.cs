using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>
/// NZCV. Flags of an addition, subtraction or conjunction are not computed: a condition on them is a comparison of what they are flags of.
/// They are put together only where they are written to the guest's state or go into another operation.
/// </summary>
internal sealed partial class IlCompiler
{
    private static bool IsLazySetter(IrOp op) => op is >= IrOp.AddS and <= IrOp.AndNotS;

    private void CompileFlags(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.AddS:
                Binary(inst, OpCodes.Add);
                StoreResult();
                break;
            case IrOp.SubS:
                Binary(inst, OpCodes.Sub);
                StoreResult();
                break;
            case IrOp.AndS:
                Binary(inst, OpCodes.And);
                StoreResult();
                break;
            case IrOp.AndNotS:
                Push(inst.A);
                Push(inst.B);
                il.Emit(OpCodes.Not);
                il.Emit(OpCodes.And);
                StoreResult();
                break;
            case IrOp.AdcS or IrOp.SbcS:
                AddWithCarry(inst);
                break;
            case IrOp.FlagsOf:
                // Flags of AdcS and SbcS were made with their result.
                if (!IsLazySetter(region[inst.A].Op))
                    StoreCarryFlags(inst);
                break;
            case IrOp.CondCompare or IrOp.CondCompareNegative:
                ConditionalCompare(inst);
                break;
            case IrOp.Select:
                Select(inst);
                break;
            case IrOp.FlagsToNzcv:
                Push(inst.A);
                StoreResult();
                break;
            default:
                Push(inst.A);
                PushFlagBits(GuestFlags.All);
                il.Emit(OpCodes.And);
                StoreResult();
                break;
        }
    }

    private void AddWithCarry(in IrInst inst)
    {
        Push(inst.A);
        Push(inst.B);
        Push(inst.C);
        Call(methods.Integer(inst.Op == IrOp.AdcS ? "AddCarry" : "SubCarry", inst.Type == IrType.I64));
        StoreResult();
    }

    private void StoreCarryFlags(in IrInst inst)
    {
        ref IrInst setter = ref region[inst.A];
        Push(setter.A);
        Push(setter.B);
        Push(setter.C);
        Call(methods.Integer(setter.Op == IrOp.AdcS ? "AddCarryFlags" : "SubCarryFlags", setter.Type == IrType.I64));
        StoreResult();
    }

    /// <summary>A comparison of numbers that is made where its flags are asked for.</summary>
    private bool IsDeferredCompare(int value) => region[value].Op == IrOp.FloatCompare && IsInPlace(value);

    /// <summary>Writes NZCV to the context: what they are flags of where that is all there is.</summary>
    private void StoreFlags(int flags)
    {
        ref IrInst inst = ref region[flags];
        bool isCompare = IsDeferredCompare(flags);
        if (!isCompare && !(inst.Op == IrOp.FlagsOf && IsLazySetter(region[inst.A].Op)))
        {
            PushField(GuestContext.NzcvOffset);
            Push(flags);
            il.Emit(OpCodes.Stind_I4);
            StoreFlagsKind(DeferredFlagsKind.None);
            return;
        }

        ref IrInst setter = ref inst;
        bool isWide = inst.Size == 8;
        if (!isCompare)
        {
            setter = ref region[inst.A];
            isWide = setter.Type == IrType.I64;
        }

        DeferredFlagsKind kind = setter.Op switch
        {
            IrOp.AddS => DeferredFlagsKind.Add64,
            IrOp.SubS => DeferredFlagsKind.Sub64,
            IrOp.FloatCompare => DeferredFlagsKind.FloatCompare64,
            _ => DeferredFlagsKind.Logical64,
        };
        bool isLogical = kind == DeferredFlagsKind.Logical64;
        StoreFlagsOperand(DeferredFlags.AOffset, isLogical ? inst.A : setter.A, isCompare, isWide);
        if (!isLogical)
            StoreFlagsOperand(DeferredFlags.BOffset, setter.B, isCompare, isWide);
        StoreFlagsKind(isWide ? kind : kind + 1);
    }

    private void StoreFlagsKind(DeferredFlagsKind kind)
    {
        PushField(CompiledContext.DeferredFlagsOffset + DeferredFlags.KindOffset);
        il.Emit(OpCodes.Ldc_I4, (int)kind);
        il.Emit(OpCodes.Stind_I4);
    }

    private void StoreFlagsOperand(int offset, int value, bool isFloat, bool isWide)
    {
        PushField(CompiledContext.DeferredFlagsOffset + offset);
        if (isFloat)
        {
            PushScalar(value, isWide ? Form.Double : Form.Single);
            il.Emit(isWide ? OpCodes.Stind_R8 : OpCodes.Stind_R4);
            return;
        }

        Push(value);
        il.Emit(isWide ? OpCodes.Stind_I8 : OpCodes.Stind_I4);
    }

    /// <summary>NZCV of the guest, computed first where another block or unit has deferred them.</summary>
    private void LoadFlags()
    {
        IlLabel deferred = il.DefineLabel(), resume = il.DefineLabel();
        PushField(CompiledContext.DeferredFlagsOffset + DeferredFlags.KindOffset);
        il.Emit(OpCodes.Ldind_U4);
        il.Emit(OpCodes.Brtrue, deferred);
        il.MarkLabel(resume);
        PushField(GuestContext.NzcvOffset);
        il.Emit(OpCodes.Ldind_I4);
        StoreResult();
        cold.Add(() =>
        {
            il.MarkLabel(deferred);
            il.Emit(OpCodes.Ldarg_1);
            Call(Methods.ComputeFlags);
            il.Emit(OpCodes.Br, resume);
        });
    }

    /// <summary>Pushes the flags of a lazy setter.</summary>
    private void PushFlagsOf(in IrInst setter, int index)
    {
        bool wide = setter.Type == IrType.I64;
        switch (setter.Op)
        {
            case IrOp.AddS:
                Push(setter.A);
                Push(setter.B);
                Call(methods.Integer("AddFlags", wide));
                break;
            case IrOp.SubS:
                Push(setter.A);
                Push(setter.B);
                Call(methods.Integer("SubFlags", wide));
                break;
            default:
                Push(index);
                Call(methods.Integer("LogicalFlags", wide));
                break;
        }
    }

    private void ConditionalCompare(in IrInst inst)
    {
        bool wide = inst.Size == 8;
        IlLabel otherwise = il.DefineLabel(), end = il.DefineLabel();
        IlLocal result = TakeLocal(typeof(int));
        PushCondition(inst.C, inst.Condition);
        il.Emit(OpCodes.Brfalse, otherwise);
        Push(inst.A);
        Push(inst.B);
        Call(methods.Integer(inst.Op == IrOp.CondCompare ? "SubFlags" : "AddFlags", wide));
        il.Emit(OpCodes.Stloc, result);
        il.Emit(OpCodes.Br, end);
        il.MarkLabel(otherwise);
        PushFlagBits(GuestFlags.FromImmediate(inst.Imm & 15));
        il.Emit(OpCodes.Stloc, result);
        il.MarkLabel(end);
        Adopt(result);
    }

    private void Select(in IrInst inst)
    {
        // The runtime's compiler makes a conditional move of this form where it pays.
        IlLabel otherwise = il.DefineLabel(), end = il.DefineLabel();
        IlLocal result = TakeLocal(LocalTypeOf(current));
        Form form = forms[current];
        PushCondition(inst.C, inst.Condition);
        il.Emit(OpCodes.Brfalse, otherwise);
        PushAs(inst.A, form);
        il.Emit(OpCodes.Stloc, result);
        il.Emit(OpCodes.Br, end);
        il.MarkLabel(otherwise);
        PushAs(inst.B, form);
        il.Emit(OpCodes.Stloc, result);
        il.MarkLabel(end);
        Adopt(result);
    }

    private void PushAs(int value, Form form)
    {
        if (form == Form.Vector)
            Push(value);
        else
            PushScalar(value, form);
    }

    /// <summary>Makes a local the current value's.</summary>
    private void Adopt(IlLocal local)
    {
        if (values[current].LastUse == 0)
            FreeLocal(local);
        else
            values[current].Local = local;
    }

    /// <summary>Pushes 1 where a condition holds in flags, else 0.</summary>
    private void PushCondition(int flags, Condition condition)
    {
        if (condition is Condition.AL or Condition.NV)
        {
            il.Emit(OpCodes.Ldc_I4_1);
            return;
        }

        ref IrInst inst = ref region[flags];
        if (IsDeferredCompare(flags))
            PushComparison(inst, ScalarOf(inst.Size), (Condition)((int)condition & ~1));
        else if (inst.Op == IrOp.FlagsOf && IsLazySetter(region[inst.A].Op))
            PushLazyCondition(region[inst.A], inst.A, (Condition)((int)condition & ~1));
        else
            PushStoredCondition(flags, (Condition)((int)condition & ~1));
        if (((int)condition & 1) != 0)
            Invert();
    }

    private void Invert()
    {
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Ceq);
    }

    private void PushStoredCondition(int flags, Condition even)
    {
        switch (even)
        {
            case Condition.EQ:
                TestFlag(flags, GuestFlags.Z);
                break;
            case Condition.CS:
                TestFlag(flags, GuestFlags.C);
                break;
            case Condition.MI:
                TestFlag(flags, GuestFlags.N);
                break;
            case Condition.VS:
                TestFlag(flags, GuestFlags.V);
                break;
            case Condition.HI:
                Push(flags);
                PushFlagBits(GuestFlags.C | GuestFlags.Z);
                il.Emit(OpCodes.And);
                PushFlagBits(GuestFlags.C);
                il.Emit(OpCodes.Ceq);
                break;
            default:
                Push(flags);
                Call(even == Condition.GE ? Methods.HoldsGe : Methods.HoldsGt);
                break;
        }
    }

    private void TestFlag(int flags, uint bit)
    {
        Push(flags);
        PushFlagBits(bit);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Cgt_Un);
    }

    private void PushFlagBits(uint bits) => il.Emit(OpCodes.Ldc_I4, unchecked((int)bits));

    private void PushLazyCondition(in IrInst setter, int index, Condition even)
    {
        bool wide = setter.Type == IrType.I64;
        switch (even)
        {
            case Condition.EQ when setter.Op == IrOp.SubS:
                Binary(setter, OpCodes.Ceq);
                break;
            case Condition.EQ:
                Push(index);
                PushConstant(wide, 0);
                il.Emit(OpCodes.Ceq);
                break;
            case Condition.MI:
                Push(index);
                PushConstant(wide, 0);
                il.Emit(OpCodes.Clt);
                break;
            default:
                PushRelation(setter, index, even, wide);
                break;
        }
    }

    private void PushRelation(in IrInst setter, int index, Condition even, bool wide)
    {
        switch (setter.Op)
        {
            case IrOp.SubS:
                switch (even)
                {
                    case Condition.CS:
                        Binary(setter, OpCodes.Clt_Un);
                        Invert();
                        break;
                    case Condition.HI:
                        Binary(setter, OpCodes.Cgt_Un);
                        break;
                    case Condition.GE:
                        Binary(setter, OpCodes.Clt);
                        Invert();
                        break;
                    case Condition.GT:
                        Binary(setter, OpCodes.Cgt);
                        break;
                    default:
                        Push(setter.A);
                        Push(setter.B);
                        Call(methods.Integer("SubOverflows", wide));
                        break;
                }

                break;
            case IrOp.AddS:
                Push(setter.A);
                Push(setter.B);
                Call(methods.Integer($"Add{even}", wide));
                break;
            default:
                PushLogicalRelation(index, even, wide);
                break;
        }
    }

    /// <summary>C and V are clear.</summary>
    private void PushLogicalRelation(int index, Condition even, bool wide)
    {
        if (even is Condition.CS or Condition.VS or Condition.HI)
        {
            il.Emit(OpCodes.Ldc_I4_0);
            return;
        }

        Push(index);
        PushConstant(wide, 0);
        if (even == Condition.GT)
        {
            il.Emit(OpCodes.Cgt);
            return;
        }

        il.Emit(OpCodes.Clt);
        Invert();
    }
}
