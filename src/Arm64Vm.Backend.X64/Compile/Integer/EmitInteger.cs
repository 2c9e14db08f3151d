using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Integer arithmetic and logic.</summary>
internal sealed partial class X64Compiler
{
    private void CompileInteger(in IrInst inst)
    {
        int size = inst.Type == IrType.I64 ? 8 : 4;
        switch (inst.Op)
        {
            case IrOp.Const:
                values[current].Backing = Backing.Constant;
                values[current].ZeroUpper = inst.Type == IrType.I32;
                return;
            case IrOp.GetX:
                SetAlias(current, Backing.GuestX, inst.Aux);
                return;
            case IrOp.GetV:
                SetAlias(current, Backing.GuestV, inst.Aux);
                return;
            case IrOp.SetX:
                EmitSetX(inst);
                return;
            case IrOp.SetV:
                EmitSetV(inst);
                return;
            case IrOp.GetFlags:
                EmitGetFlags();
                return;
            case IrOp.SetFlags:
                EmitSetFlags(inst.A);
                return;
            case IrOp.FlagsOf:
                return;
            case IrOp.PcPage:
                emit.Mov(8, Define(current), HostAbi.Field(GuestContext.PcPageOffset));
                return;
            case IrOp.Truncate:
                EmitTruncate(inst);
                return;
            case IrOp.ZeroExtend:
                EmitZeroExtend(inst);
                return;
            case IrOp.Add:
                EmitAdd(inst, size);
                break;
            case IrOp.Sub:
                EmitSub(inst, size);
                break;
            case IrOp.And:
                EmitCommutative(AluOp.And, inst, size);
                break;
            case IrOp.Or:
                EmitCommutative(AluOp.Or, inst, size);
                break;
            case IrOp.Xor:
                EmitCommutative(AluOp.Xor, inst, size);
                break;
            case IrOp.AndNot:
                EmitAndNot(inst, size);
                break;
            case IrOp.Not:
                {
                    Gpr a = Use(inst.A);
                    Gpr d = Define(current, inst.A);
                    MoveIfDifferent(size, d, a);
                    emit.Not(size, d);
                    break;
                }

            case IrOp.Neg:
                EmitNeg(inst, size);
                break;
            case IrOp.Mul:
                EmitMul(inst, size);
                break;
            case IrOp.MulHighSigned:
            case IrOp.MulHighUnsigned:
                EmitMulHigh(inst);
                break;
            case IrOp.DivSigned:
            case IrOp.DivUnsigned:
                EmitDivide(inst, size);
                break;
            case IrOp.Shl:
            case IrOp.Shr:
            case IrOp.Sar:
            case IrOp.Ror:
                EmitShift(inst, size);
                break;
            case IrOp.ExtractPair:
                EmitExtractPair(inst, size);
                break;
            case IrOp.BitsExtractUnsigned:
            case IrOp.BitsExtractSigned:
                EmitBitsExtract(inst, size);
                break;
            case IrOp.BitsInsert:
                EmitBitsInsert(inst, size);
                break;
            case IrOp.CountLeadingZeros:
                {
                    ClobberFlags();
                    Gpr a = Use(inst.A);
                    emit.Lzcnt(size, Define(current, inst.A), a);
                    break;
                }

            case IrOp.CountLeadingSigns:
                {
                    // CLS(x) = CLZ(x ^ (x >> 1, signed)) − 1, where bit 63 of the XOR is 0.
                    ClobberFlags();
                    Gpr a = Use(inst.A);
                    Gpr d = Define(current, inst.A);
                    emit.Mov(size, HostAbi.Scratch, a);
                    emit.Shift(ShiftOp.Sar, size, HostAbi.Scratch, 1);
                    emit.Alu(AluOp.Xor, size, HostAbi.Scratch, a);
                    emit.Lzcnt(size, d, HostAbi.Scratch);
                    emit.Lea(size, d, Mem.Base(d, -1));
                    break;
                }

            case IrOp.CountTrailingZeros:
                {
                    ClobberFlags();
                    Gpr a = Use(inst.A);
                    emit.Tzcnt(size, Define(current, inst.A), a);
                    break;
                }

            case IrOp.PopulationCount:
                {
                    ClobberFlags();
                    Gpr a = Use(inst.A);
                    emit.Popcnt(size, Define(current, inst.A), a);
                    break;
                }

            case IrOp.ReverseBits:
                EmitReverseBits(inst, size);
                break;
            case IrOp.ReverseBytes:
                EmitReverseBytes(inst, size);
                break;
            case IrOp.SignExtend:
                {
                    if (TryMemory(inst.A, out Mem memory))
                    {
                        emit.Movsx(size, inst.Size, Define(current), memory);
                        break;
                    }

                    Gpr a = Use(inst.A);
                    emit.Movsx(size, inst.Size, Define(current, inst.A), a);
                    break;
                }

            case IrOp.Crc32:
                EmitCrc32(inst);
                break;
            case IrOp.AddS:
            case IrOp.SubS:
            case IrOp.AndS:
            case IrOp.AndNotS:
            case IrOp.AdcS:
            case IrOp.SbcS:
                EmitFlagSetting(inst, size);
                break;
            case IrOp.CondCompare:
            case IrOp.CondCompareNegative:
                EmitCondCompare(inst);
                return;
            case IrOp.Select:
                EmitSelect(inst, size);
                break;
            case IrOp.FlagsToNzcv:
                EmitFlagsToNzcv(inst);
                break;
            case IrOp.FlagsFromNzcv:
                EmitFlagsFromNzcv(inst);
                return;
            default:
                EmitPureCall(inst);
                return;
        }

        // Every 32-bit instruction clears bits 63:32 of its destination.
        if (inst.Type == IrType.I32)
            values[current].ZeroUpper = true;
    }

    private void MoveIfDifferent(int size, Gpr d, Gpr s)
    {
        if (d != s)
            emit.Mov(size, d, s);
    }

    /// <summary>d := d op (register, immediate or memory of value).</summary>
    private void AluWith(AluOp op, int size, Gpr d, int value)
    {
        if (TryImmediate(value, size, out int immediate))
            emit.Alu(op, size, d, immediate);
        else if (TryMemoryOperand(value, out Mem memory))
            emit.Alu(op, size, d, memory);
        else
            emit.Alu(op, size, d, Use(value));
    }

    /// <summary>True where the value has, or will get, a register: neither an immediate nor a memory operand of its only user.</summary>
    private Gpr OperandRegister(int value, int size)
    {
        if (TryImmediate(value, size, out _) || TryMemoryOperand(value, out _))
            return (Gpr)HostAbi.None;
        return Use(value);
    }
}
