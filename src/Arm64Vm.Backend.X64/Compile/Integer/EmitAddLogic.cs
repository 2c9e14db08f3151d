using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Additions, subtractions and bitwise operations that leave the flags alone.</summary>
internal sealed partial class X64Compiler
{
    private void EmitAdd(in IrInst inst, int size)
    {
        if (size == 8 && SumOf(current) is { Scale: > 1 } sum)
        {
            Mem scaled = Mem.Index(Use(sum.Base), Use(sum.Index), sum.Scale);
            emit.Lea(8, Define(current, sum.Base), scaled);
            return;
        }

        (int left, int right) = ConstantLast(inst);
        bool keepFlags = FlagsAreLive;
        if (!keepFlags && IsBetterSecond(left, right))
            (left, right) = (right, left);
        Gpr a = Use(left);
        Gpr b = OperandRegister(right, size);
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

    /// <summary>The operands of a commutative operation, a constant second.</summary>
    private (int Left, int Right) ConstantLast(in IrInst inst) => IsConstant(inst.A) ? (inst.B, inst.A) : (inst.A, inst.B);

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

        if (FlagsAreLive)
        {
            EmitSubKeepingFlags(inst, size);
            return;
        }

        ClobberFlags();
        EmitTwoOperand(AluOp.Sub, inst, size);
    }

    /// <summary>a − b = a + ~b + 1, with instructions that leave the flags alone.</summary>
    private void EmitSubKeepingFlags(in IrInst inst, int size)
    {
        Gpr a = Use(inst.A);
        if (TryMemoryOperand(inst.B, out Mem memory))
            emit.Mov(size, HostAbi.Scratch, memory);
        else
            emit.Mov(size, HostAbi.Scratch, Use(inst.B));
        emit.Not(size, HostAbi.Scratch);
        emit.Lea(size, Define(current, inst.A), Mem.Index(a, HostAbi.Scratch, 1, 1));
    }

    /// <summary>d := a op b for operations that are not commutative, whatever registers they are in.</summary>
    private void EmitTwoOperand(AluOp op, in IrInst inst, int size)
    {
        Gpr b = OperandRegister(inst.B, size);
        if (TryMemoryOperand(inst.A, out Mem memory))
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
        EmitCommutativeOperands(op, inst, size);
    }

    /// <summary>d := a op b, with moves before and behind the one arithmetic instruction.</summary>
    private void EmitCommutativeOperands(AluOp op, in IrInst inst, int size)
    {
        (int left, int right) = ConstantLast(inst);
        if (IsBetterSecond(left, right))
            (left, right) = (right, left);
        if (TryMemoryOperand(left, out Mem memory))
        {
            Gpr second = OperandRegister(right, size);
            Gpr target = Define(current);
            if (target == second)
            {
                emit.Alu(op, size, target, memory);
                return;
            }

            emit.Mov(size, target, memory);
            AluByRegister(op, size, target, second, right);
            return;
        }

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

    /// <summary>The first operand of a commutative operation is in memory, and the second in a register that the result can take: the other way round there is nothing to load.</summary>
    private bool IsBetterSecond(int left, int right) => TryMemory(left, out _) && CanBecomeResult(right);

    /// <summary>The value dies here in the register that the current result will get.</summary>
    private bool CanBecomeResult(int value)
    {
        ref ValueState state = ref values[value];
        byte hint = values[current].Hint;
        if (hint == HostAbi.None || !CanOverwrite(Backing.GuestX, hint))
            return state.Register != HostAbi.None && DiesHere(value);
        return state.Register == HostAbi.None && state.Backing == Backing.GuestX && state.Index == hint;
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
}
