using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Integer arithmetic and logic.</summary>
public sealed partial class X64Compiler
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
                EmitSetFlags(inst);
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
        else if (values[value].Uses == 1 && TryMemory(value, out Mem memory))
            emit.Alu(op, size, d, memory);
        else
            emit.Alu(op, size, d, Use(value));
    }

    /// <summary>True where the value has, or will get, a register: neither an immediate nor a memory operand of its only user.</summary>
    private Gpr OperandRegister(int value, int size)
    {
        if (TryImmediate(value, size, out _) || (values[value].Uses == 1 && TryMemory(value, out _)))
            return (Gpr)HostAbi.None;
        return Use(value);
    }

    private void EmitAdd(in IrInst inst, int size)
    {
        int left = inst.A;
        int right = inst.B;
        if (IsConstant(left))
            (left, right) = (right, left);
        Gpr a = Use(left);
        Gpr b = OperandRegister(right, size);
        bool keepFlags = FlagsAreLive;
        if ((byte)b == HostAbi.None && keepFlags && !TryImmediate(right, size, out _))
            b = Use(right);
        Gpr d = Define(current, left);
        if ((byte)b != HostAbi.None)
        {
            if (d == a && !keepFlags)
                emit.Alu(AluOp.Add, size, d, b);
            else if (d == b && !keepFlags)
                emit.Alu(AluOp.Add, size, d, a);
            else
                emit.Lea(size, d, Mem.Index(a, b, 1));
            return;
        }

        if (TryImmediate(right, size, out int immediate))
        {
            if (d == a && !keepFlags)
                emit.Alu(AluOp.Add, size, d, immediate);
            else
                emit.Lea(size, d, Mem.Base(a, immediate));
            return;
        }

        MoveIfDifferent(size, d, a);
        AluWith(AluOp.Add, size, d, right);
    }

    private void EmitSub(in IrInst inst, int size)
    {
        if (TryImmediate(inst.B, size, out int immediate) && immediate != int.MinValue)
        {
            Gpr left = Use(inst.A);
            Gpr result = Define(current, inst.A);
            if (result == left && !FlagsAreLive)
                emit.Alu(AluOp.Sub, size, result, immediate);
            else
                emit.Lea(size, result, Mem.Base(left, -immediate));
            return;
        }

        ClobberFlags();
        EmitTwoOperand(AluOp.Sub, inst, size);
    }

    /// <summary>d := a op b for operations that are not commutative, whatever registers they are in.</summary>
    private void EmitTwoOperand(AluOp op, in IrInst inst, int size)
    {
        Gpr b = OperandRegister(inst.B, size);
        if (TryMemory(inst.A, out Mem memory) && values[inst.A].Uses == 1)
        {
            Gpr target = Define(current);
            Gpr work = target == b ? HostAbi.Scratch : target;
            emit.Mov(size, work, memory);
            AluByRegister(op, size, work, b, inst.B);
            MoveIfDifferent(size, target, work);
            return;
        }

        Gpr a = IsConstant(inst.A) ? (Gpr)HostAbi.None : Use(inst.A);
        Gpr d = Define(current, inst.A);
        if (d == b && d != a)
        {
            MoveOrImmediate(size, HostAbi.Scratch, a, inst.A);
            AluByRegister(op, size, HostAbi.Scratch, b, inst.B);
            emit.Mov(size, d, HostAbi.Scratch);
            return;
        }

        if (d != a)
            MoveOrImmediate(size, d, a, inst.A);
        AluByRegister(op, size, d, b, inst.B);
    }

    private void MoveOrImmediate(int size, Gpr d, Gpr a, int value)
    {
        if ((byte)a == HostAbi.None)
            emit.MovImm(d, ConstantOf(value));
        else
            emit.Mov(size, d, a);
    }

    private void AluByRegister(AluOp op, int size, Gpr d, Gpr b, int value)
    {
        if ((byte)b != HostAbi.None)
            emit.Alu(op, size, d, b);
        else
            AluWith(op, size, d, value);
    }

    private void EmitCommutative(AluOp op, in IrInst inst, int size)
    {
        ClobberFlags();
        int left = inst.A;
        int right = inst.B;
        if (IsConstant(left))
            (left, right) = (right, left);
        Gpr a = Use(left);
        Gpr b = OperandRegister(right, size);
        Gpr d = Define(current, left);
        if (d == b && d != a)
        {
            emit.Alu(op, size, d, a);
            return;
        }

        MoveIfDifferent(size, d, a);
        AluByRegister(op, size, d, b, right);
    }

    private void EmitAndNot(in IrInst inst, int size)
    {
        ClobberFlags();
        if (IsConstant(inst.B))
        {
            ulong mask = ~region[inst.B].Imm;
            Gpr left = Use(inst.A);
            if (size == 4 || (long)mask == (int)mask)
            {
                Gpr result = Define(current, inst.A);
                MoveIfDifferent(size, result, left);
                emit.Alu(AluOp.And, size, result, (int)mask);
                return;
            }
        }

        Gpr b = Use(inst.B);
        Gpr a = Use(inst.A);
        emit.Andn(size, Define(current, inst.A), b, a);
    }

    private void EmitNeg(in IrInst inst, int size)
    {
        Gpr a = Use(inst.A);
        bool keepFlags = FlagsAreLive;
        Gpr d = Define(current, inst.A);
        MoveIfDifferent(size, d, a);
        if (keepFlags)
        {
            // −x = ~x + 1, with instructions that leave the flags alone.
            emit.Not(size, d);
            emit.Lea(size, d, Mem.Base(d, 1));
        }
        else
        {
            emit.Neg(size, d);
        }
    }

    private void EmitMul(in IrInst inst, int size)
    {
        ClobberFlags();
        int left = inst.A;
        int right = inst.B;
        if (IsConstant(left))
            (left, right) = (right, left);
        Gpr a = Use(left);
        if (TryImmediate(right, size, out int immediate))
        {
            emit.ImulImm(size, Define(current, left), a, immediate);
            return;
        }

        Gpr b = Use(right);
        Gpr d = Define(current, left);
        if (d == b)
        {
            emit.Imul(size, d, a);
            return;
        }

        MoveIfDifferent(size, d, a);
        emit.Imul(size, d, b);
    }

    private void EmitMulHigh(in IrInst inst)
    {
        ClobberFlags();
        Gpr high = AllocateFixedGpr(Gpr.Rdx);
        Gpr a = Use(inst.A);
        Gpr b = Use(inst.B);
        Gpr d = Define(current);
        emit.Mov(8, Gpr.Rax, a);
        if (inst.Op == IrOp.MulHighSigned)
            emit.ImulWide(8, b);
        else
            emit.Mul(8, b);
        emit.Mov(8, d, high);
    }

    /// <summary>Division with Arm's results where x86 would fault: x/0 = 0 and MIN/−1 = MIN.</summary>
    private void EmitDivide(in IrInst inst, int size)
    {
        ClobberFlags();
        bool signed = inst.Op == IrOp.DivSigned;
        Gpr rdx = AllocateFixedGpr(Gpr.Rdx);
        Gpr a = Use(inst.A);
        Gpr b = Use(inst.B);
        Gpr d = Define(current);
        Label zero = emit.NewLabel();
        Label done = emit.NewLabel();
        emit.Test(size, b, b);
        emit.Mov(size, HostAbi.Scratch, a);
        emit.Jcc(Cc.E, zero);
        if (signed)
        {
            Label divide = emit.NewLabel();
            Label minusOne = emit.NewLabel();
            emit.Alu(AluOp.Cmp, size, b, -1);
            emit.Jcc(Cc.E, minusOne);
            emit.Bind(divide);
            if (size == 8)
                emit.Cqo();
            else
                emit.Cdq();
            emit.Idiv(size, b);
            emit.Mov(size, d, HostAbi.Scratch);
            emit.Jmp(done);
            emit.Bind(minusOne);
            emit.Neg(size, HostAbi.Scratch);
            emit.Mov(size, d, HostAbi.Scratch);
            emit.Jmp(done);
        }
        else
        {
            emit.Alu(AluOp.Xor, 4, rdx, rdx);
            emit.Div(size, b);
            emit.Mov(size, d, HostAbi.Scratch);
            emit.Jmp(done);
        }

        emit.Bind(zero);
        emit.MovImm(d, 0);
        emit.Bind(done);
    }

    private void EmitShift(in IrInst inst, int size)
    {
        if (IsConstant(inst.B))
        {
            int count = (int)(region[inst.B].Imm & (ulong)((size * 8) - 1));
            Gpr source = Use(inst.A);
            if (inst.Op == IrOp.Ror)
            {
                emit.Rorx(size, Define(current, inst.A), source, count);
                return;
            }

            bool keepFlags = FlagsAreLive;
            if (keepFlags && inst.Op == IrOp.Shl && count is >= 1 and <= 3)
            {
                // lea leaves the flags alone; base-less index forms are longer, so 1 is [a + a].
                Gpr scaled = Define(current, inst.A);
                if (count == 1)
                    emit.Lea(size, scaled, Mem.Index(source, source, 1));
                else
                    emit.Lea(size, scaled, Mem.Scaled(source, 1 << count));
                return;
            }

            if (!keepFlags)
            {
                Gpr result = Define(current, inst.A);
                MoveIfDifferent(size, result, source);
                if (count != 0)
                    emit.Shift(inst.Op == IrOp.Shl ? ShiftOp.Shl : inst.Op == IrOp.Shr ? ShiftOp.Shr : ShiftOp.Sar, size, result, count);
                else if (result == source)
                    emit.Mov(size, result, result);
                return;
            }

            Gpr target = Define(current, inst.A);
            emit.MovImm(HostAbi.Scratch, (ulong)count);
            EmitShiftBy(inst.Op, size, target, source, HostAbi.Scratch);
            return;
        }

        if (inst.Op == IrOp.Ror)
        {
            ClobberFlags();
            Gpr rcx = AllocateFixedGpr(Gpr.Rcx);
            Gpr value = Use(inst.A);
            Gpr amount = Use(inst.B);
            Gpr d = Define(current);
            emit.Mov(4, rcx, amount);
            emit.Mov(size, HostAbi.Scratch, value);
            emit.ShiftCl(ShiftOp.Ror, size, HostAbi.Scratch);
            emit.Mov(size, d, HostAbi.Scratch);
            return;
        }

        Gpr a = Use(inst.A);
        Gpr b = Use(inst.B);
        EmitShiftBy(inst.Op, size, Define(current, inst.A), a, b);
    }

    /// <summary>BMI2 shifts mask the count to the width as the LSLV family does, and leave the flags alone.</summary>
    private void EmitShiftBy(IrOp op, int size, Gpr d, Gpr a, Gpr count)
    {
        switch (op)
        {
            case IrOp.Shl:
                emit.Shlx(size, d, a, count);
                break;
            case IrOp.Shr:
                emit.Shrx(size, d, a, count);
                break;
            default:
                emit.Sarx(size, d, a, count);
                break;
        }
    }

    private void EmitExtractPair(in IrInst inst, int size)
    {
        ClobberFlags();
        int lsb = (int)inst.Imm;
        Gpr high = Use(inst.A);
        Gpr low = Use(inst.B);
        Gpr d = Define(current, inst.B);
        if (d == high && d != low)
        {
            emit.Mov(size, HostAbi.Scratch, low);
            if (lsb != 0)
                emit.Shrd(size, HostAbi.Scratch, high, lsb);
            emit.Mov(size, d, HostAbi.Scratch);
            return;
        }

        MoveIfDifferent(size, d, low);
        if (lsb != 0)
            emit.Shrd(size, d, high, lsb);
        else
            emit.Mov(size, d, d);
    }
}
