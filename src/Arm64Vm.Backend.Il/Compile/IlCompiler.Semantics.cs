using System.Reflection;
using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Vector and floating-point operations: a call of the method that has the operation's meaning, which the runtime inlines, or of the oracle.</summary>
internal sealed partial class IlCompiler
{
    private readonly Methods methods = new();

    private void CompileSemantics(in IrInst inst)
    {
        if (TryScalarMove(inst) || TryConstant(inst) || TryPlain(inst))
            return;
        SemanticMethod? method = semantics[current];
        if (method is null)
        {
            CompileOracle(inst);
            return;
        }

        ReadOnlySpan<ushort> operands = [inst.A, inst.B, inst.C];
        int next = 0;
        foreach (ParameterInfo parameter in method.Parameters)
            PushArgument(inst, parameter, operands, ref next);
        Call(method.Method);
        StoreSemantics(inst, method.Result);
    }

    /// <summary>Operands in order by the parameters' types; <c>imm</c>, <c>aux</c>, <c>size</c>, <c>high</c> and <c>isQ</c> are constants of the operation.</summary>
    private void PushArgument(in IrInst inst, ParameterInfo parameter, ReadOnlySpan<ushort> operands, ref int next)
    {
        switch (parameter.Name)
        {
            case "context":
                il.Emit(OpCodes.Ldarg_1);
                break;
            case "imm":
                PushConstant(parameter.ParameterType == typeof(ulong), inst.Imm);
                break;
            case "aux":
                il.Emit(OpCodes.Ldc_I4, (int)inst.Aux);
                break;
            case "size":
                il.Emit(OpCodes.Ldc_I4, (int)inst.Size);
                break;
            case "high":
                il.Emit(inst.Aux != 0 ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0);
                break;
            case "isQ":
                il.Emit(inst.Shape == VectorShape.Q ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0);
                break;
            default:
                PushOperand(parameter.ParameterType, operands[next++]);
                break;
        }
    }

    private void PushOperand(Type type, int value)
    {
        if (value == 0)
        {
            // An absent operand of a vector operation is zero.
            il.Emit(OpCodes.Ldc_I8, 0L);
            Call(Methods.FromWide);
        }
        else if (region[value].Type == IrType.V128 && (type == typeof(ulong) || type == typeof(uint)))
        {
            // An integer in lane 0.
            Push(value);
            Call(Methods.ToWide);
            if (type == typeof(uint))
                il.Emit(OpCodes.Conv_I4);
        }
        else if (type == typeof(ulong))
        {
            PushWide(value);
        }
        else if (type == typeof(uint))
        {
            PushNarrow(value);
        }
        else if (FormOf(type) is var form and not Form.Vector)
        {
            PushScalar(value, form);
        }
        else
        {
            Push(value);
        }
    }

    private void StoreSemantics(in IrInst inst, Type result)
    {
        if (result == typeof(ulong) && inst.Type == IrType.I32)
            il.Emit(OpCodes.Conv_I4);
        else if (result == Methods.Vector && LiveBytes(inst) is var live and < 16)
            Call(Methods.ClearAbove(live));
        StoreResult();
    }

    /// <summary>Bytes of the result that are live; reductions clear the rest themselves, and operations between sizes name the narrower one.</summary>
    private static int LiveBytes(in IrInst inst) => inst.Op switch
    {
        >= IrOp.VectorReduceAdd and <= IrOp.VectorReduceMaxUnsigned => 16,
        IrOp.VectorWidenUnsigned or IrOp.VectorWidenSigned or IrOp.VectorPairAddLongUnsigned or IrOp.VectorPairAddLongSigned
            when inst.Shape == VectorShape.Scalar => inst.Size * 2,
        _ => inst.Shape switch { VectorShape.Q => 16, VectorShape.D => 8, _ => inst.Size },
    };

    private void CompileOracle(in IrInst inst)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, operations.Count);
        operations.Add(inst);
        PushForOracle(inst.A);
        PushForOracle(inst.B);
        PushForOracle(inst.C);
        Call(Methods.Evaluate);
        if (inst.Type != IrType.V128)
        {
            Call(Methods.ToWide);
            if (inst.Type != IrType.I64)
                il.Emit(OpCodes.Conv_I4);
        }

        StoreResult();
    }

    private void PushForOracle(int value)
    {
        if (value == 0)
        {
            il.Emit(OpCodes.Ldc_I8, 0L);
            Call(Methods.FromWide);
            return;
        }

        Push(value);
        if (region[value].Type == IrType.V128)
            return;
        if (region[value].Type != IrType.I64)
            il.Emit(OpCodes.Conv_U8);
        Call(Methods.FromWide);
    }
}
