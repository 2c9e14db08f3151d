using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Integer operations: IL where it says the same, small methods of <see cref="IntegerCode"/> otherwise.</summary>
internal sealed partial class IlCompiler
{
    private void CompileInteger(in IrInst inst)
    {
        bool wide = inst.Type == IrType.I64;
        switch (inst.Op)
        {
            case IrOp.Add:
                Binary(inst, OpCodes.Add);
                break;
            case IrOp.Sub:
                Binary(inst, OpCodes.Sub);
                break;
            case IrOp.And:
                Binary(inst, OpCodes.And);
                break;
            case IrOp.Or:
                Binary(inst, OpCodes.Or);
                break;
            case IrOp.Xor:
                Binary(inst, OpCodes.Xor);
                break;
            case IrOp.Mul:
                Binary(inst, OpCodes.Mul);
                break;
            case IrOp.AndNot:
                Push(inst.A);
                Push(inst.B);
                il.Emit(OpCodes.Not);
                il.Emit(OpCodes.And);
                break;
            case IrOp.Not:
                Push(inst.A);
                il.Emit(OpCodes.Not);
                break;
            case IrOp.Neg:
                Push(inst.A);
                il.Emit(OpCodes.Neg);
                break;
            case IrOp.Shl:
                Shift(inst, OpCodes.Shl);
                break;
            case IrOp.Shr:
                Shift(inst, OpCodes.Shr_Un);
                break;
            case IrOp.Sar:
                Shift(inst, OpCodes.Shr);
                break;
            case IrOp.BitsExtractUnsigned:
                ExtractUnsigned(inst, wide);
                break;
            case IrOp.BitsExtractSigned:
                ExtractSigned(inst, wide);
                break;
            case IrOp.BitsInsert:
                Insert(inst, wide);
                break;
            case IrOp.ExtractPair:
                ExtractPair(inst, wide);
                break;
            case IrOp.Truncate:
                Push(inst.A);
                il.Emit(OpCodes.Conv_I4);
                break;
            case IrOp.ZeroExtend:
                Push(inst.A);
                il.Emit(OpCodes.Conv_U8);
                break;
            case IrOp.SignExtend:
                Push(inst.A);
                il.Emit(inst.Size switch { 1 => OpCodes.Conv_I1, 2 => OpCodes.Conv_I2, _ => OpCodes.Conv_I4 });
                if (wide)
                    il.Emit(OpCodes.Conv_I8);
                break;
            case IrOp.ReverseBytes:
                Push(inst.A);
                Call(methods.Integer($"ReverseBytes{inst.Size}", wide));
                break;
            case IrOp.Crc32:
                Push(inst.A);
                PushWide(inst.B);
                il.Emit(OpCodes.Ldc_I4, (int)inst.Size);
                Call(inst.Aux == 0 ? Methods.Crc32 : Methods.Crc32C);
                break;
            default:
                Push(inst.A);
                if (inst.B != 0)
                    Push(inst.B);
                Call(methods.Integer(inst.Op.ToString(), wide));
                break;
        }

        StoreResult();
    }

    private void Binary(in IrInst inst, OpCode opcode)
    {
        Push(inst.A);
        Push(inst.B);
        il.Emit(opcode);
    }

    /// <summary>Pushes A shifted by B modulo the width, which IL leaves undefined above it.</summary>
    private void Shift(in IrInst inst, OpCode opcode)
    {
        int mask = inst.Type == IrType.I64 ? 63 : 31;
        Push(inst.A);
        if (IsConstant(inst.B, out ulong amount))
        {
            il.Emit(OpCodes.Ldc_I4, (int)amount & mask);
        }
        else
        {
            PushNarrow(inst.B);
            il.Emit(OpCodes.Ldc_I4, mask);
            il.Emit(OpCodes.And);
        }

        il.Emit(opcode);
    }

    private void ShiftImmediate(OpCode opcode, int amount)
    {
        if (amount == 0)
            return;
        il.Emit(OpCodes.Ldc_I4, amount);
        il.Emit(opcode);
    }

    private void PushConstant(bool wide, ulong value)
    {
        if (wide)
            il.Emit(OpCodes.Ldc_I8, (long)value);
        else
            il.Emit(OpCodes.Ldc_I4, (int)value);
    }

    private static ulong Mask(int width) => width >= 64 ? ulong.MaxValue : (1UL << width) - 1;

    private void ExtractUnsigned(in IrInst inst, bool wide)
    {
        int width = (int)inst.Imm;
        Push(inst.A);
        ShiftImmediate(OpCodes.Shr_Un, inst.Aux);
        if (inst.Aux + width == (wide ? 64 : 32))
            return;
        PushConstant(wide, Mask(width));
        il.Emit(OpCodes.And);
    }

    private void ExtractSigned(in IrInst inst, bool wide)
    {
        int width = (int)inst.Imm;
        int above = (wide ? 64 : 32) - inst.Aux - width;
        Push(inst.A);
        ShiftImmediate(OpCodes.Shl, above);
        ShiftImmediate(OpCodes.Shr, above + inst.Aux);
    }

    private void Insert(in IrInst inst, bool wide)
    {
        ulong mask = Mask((int)inst.Imm) << inst.Aux;
        Push(inst.A);
        PushConstant(wide, ~mask);
        il.Emit(OpCodes.And);
        Push(inst.B);
        ShiftImmediate(OpCodes.Shl, inst.Aux);
        PushConstant(wide, mask);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Or);
    }

    private void ExtractPair(in IrInst inst, bool wide)
    {
        int lsb = (int)inst.Imm;
        Push(inst.B);
        if (lsb == 0)
            return;
        ShiftImmediate(OpCodes.Shr_Un, lsb);
        Push(inst.A);
        ShiftImmediate(OpCodes.Shl, (wide ? 64 : 32) - lsb);
        il.Emit(OpCodes.Or);
    }
}
