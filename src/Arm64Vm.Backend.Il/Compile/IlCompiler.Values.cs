using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>IR values: constants, registers that are not written before the value dies, and locals that are given out again after the last use.</summary>
internal sealed partial class IlCompiler
{
    private struct ValueState
    {
        /// <summary>Index of the last instruction that needs the value; 0 where none does.</summary>
        public int LastUse;

        /// <summary>Where it is; null for a constant, an alias, or flags that were not computed.</summary>
        public IlLocal? Local;

        /// <summary>Register whose local still holds the value, plus one; 0: none.</summary>
        public byte Alias;
    }

    private readonly ValueState[] values = new ValueState[IrRegion.MaxInstructions];
    private readonly Dictionary<Type, Stack<IlLocal>> freeLocals = [];

    private static Type TypeOf(IrType type) => type switch
    {
        IrType.I64 => typeof(ulong),
        IrType.V128 => Methods.Vector,
        _ => typeof(int),
    };

    /// <summary>Finds the last use of every value of a block.</summary>
    private void PrepareValues(in IrBlock block)
    {
        aliases.Clear();
        for (int i = block.First; i < block.End; i++)
        {
            values[i] = default;
            ref IrInst inst = ref region[i];
            Use(inst.A, i);
            Use(inst.B, i);
            Use(inst.C, i);
        }
    }

    private void Use(ushort operand, int at)
    {
        if (operand == 0)
            return;
        values[operand].LastUse = at;
        ref IrInst inst = ref region[operand];
        // Flags are made when they are asked for, from what they are flags of; those of an addition with carry right after it.
        if (inst.Op == IrOp.FlagsOf && IsLazySetter(region[inst.A].Op))
            UseSetter(inst.A, at);
        else if (IsDeferredCompare(operand))
            UseSetter(operand, at);
        else if (region[at].Op == IrOp.FlagsOf)
            UseSetter(operand, at);
    }

    private void UseSetter(int setter, int at)
    {
        ref IrInst inst = ref region[setter];
        values[setter].LastUse = Math.Max(values[setter].LastUse, at);
        values[inst.A].LastUse = Math.Max(values[inst.A].LastUse, at);
        values[inst.B].LastUse = Math.Max(values[inst.B].LastUse, at);
        if (inst.C != 0)
            Use(inst.C, at);
    }

    private IlLocal TakeLocal(Type type)
    {
        if (freeLocals.TryGetValue(type, out Stack<IlLocal>? free) && free.TryPop(out IlLocal? local))
            return local;
        return il.DeclareLocal(type);
    }

    private void FreeLocal(IlLocal local)
    {
        if (!freeLocals.TryGetValue(local.Type, out Stack<IlLocal>? free))
            freeLocals[local.Type] = free = new Stack<IlLocal>();
        free.Push(local);
    }

    /// <summary>Gives back what nobody needs behind the current instruction.</summary>
    private void ReleaseOperands(in IrInst inst)
    {
        Release(inst.A);
        Release(inst.B);
        Release(inst.C);
        if (inst.Op == IrOp.FlagsOf)
            ReleaseFlags(current);
        ReleaseFlags(inst.A);
        ReleaseFlags(inst.B);
        ReleaseFlags(inst.C);
    }

    private void ReleaseFlags(int flags)
    {
        if (region[flags].Op == IrOp.FloatCompare)
        {
            Release(region[flags].A);
            Release(region[flags].B);
        }

        if (region[flags].Op != IrOp.FlagsOf)
            return;
        ref IrInst setter = ref region[region[flags].A];
        Release(region[flags].A);
        Release(setter.A);
        Release(setter.B);
    }

    private void Release(int value)
    {
        ref ValueState state = ref values[value];
        if (value == 0 || state.Local is null || state.LastUse > current)
            return;
        // A slow path emitted at the end may name the local: what it reads is still there, since it is reached from its access only.
        FreeLocal(state.Local);
        state.Local = null;
    }

    /// <summary>Pops the top of the stack into the current instruction's value.</summary>
    private void StoreResult() => StoreResult(current);

    private void StoreResult(int value)
    {
        ref ValueState state = ref values[value];
        if (state.LastUse == 0)
        {
            il.Emit(OpCodes.Pop);
            return;
        }

        state.Local = TakeLocal(LocalTypeOf(value));
        il.Emit(OpCodes.Stloc, state.Local);
    }

    /// <summary>A value as it is at the current instruction, for a slow path that is emitted later.</summary>
    private readonly record struct Source(IrType Type, IlLocal? Local, int Value, Form Form);

    private Source Capture(int value)
    {
        ref IrInst inst = ref region[value];
        IlLocal? local = inst.Op is IrOp.Const or IrOp.VectorConst ? null : LocalOf(value);
        return new Source(inst.Type, local, value, forms[value]);
    }

    private void Push(in Source source)
    {
        if (source.Local is null)
        {
            Push(source.Value);
            return;
        }

        il.Emit(OpCodes.Ldloc, source.Local);
        WidenBits(source.Form);
    }

    private bool IsConstant(int value, out ulong constant)
    {
        constant = region[value].Imm;
        return region[value].Op == IrOp.Const;
    }

    /// <summary>Pushes a value as its own type: int, ulong, or vector; flags in the form of <see cref="GuestFlags"/>.</summary>
    private void Push(int value)
    {
        ref ValueState state = ref values[value];
        ref IrInst inst = ref region[value];
        if (inst.Op == IrOp.Const)
        {
            if (inst.Type == IrType.I32)
                il.Emit(OpCodes.Ldc_I4, (int)inst.Imm);
            else
                il.Emit(OpCodes.Ldc_I8, (long)inst.Imm);
            return;
        }

        if (inst.Op == IrOp.VectorConst)
        {
            il.Emit(OpCodes.Ldc_I8, (long)inst.Imm);
            Call(inst.Shape == VectorShape.Q ? Methods.FromWidePair : Methods.FromWide);
            return;
        }

        if (state.Alias != 0 || state.Local is not null)
        {
            il.Emit(OpCodes.Ldloc, LocalOf(value));
            if (inst.Type == IrType.V128)
                WidenBits(forms[value]);
        }
        else if (inst.Op == IrOp.FlagsOf)
            PushFlagsOf(region[inst.A], inst.A);
        else if (IsDeferredCompare(value))
            PushComparisonFlags(inst, ScalarOf(inst.Size));
        else
            throw new InvalidOperationException($"%{value} {inst.Op} has no value");
    }

    /// <summary>Pushes an integer as 64 bits, zero-extended.</summary>
    private void PushWide(int value)
    {
        Push(value);
        if (region[value].Type != IrType.I64)
            il.Emit(OpCodes.Conv_U8);
    }

    /// <summary>Pushes the low 32 bits of an integer.</summary>
    private void PushNarrow(int value)
    {
        Push(value);
        if (region[value].Type == IrType.I64)
            il.Emit(OpCodes.Conv_I4);
    }
}
