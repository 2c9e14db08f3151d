using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Multiplication and division.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>IR instructions between the two halves of a product that one host instruction computes.</summary>
    private const int ProductPairDistance = 16;

    private void EmitMul(in IrInst inst, int size)
    {
        if (IsComputed(current))
            return;
        int high = size == 8 ? FindOtherHalf(inst, IrOp.MulHighUnsigned) : 0;
        if (high != 0 || (size == 8 && FlagsAreLive))
        {
            EmitProduct(inst, high, current);
            return;
        }

        ClobberFlags();
        (int left, int right) = ConstantLast(inst);
        Gpr a = Use(left);
        if (TryImmediate(right, size, out int immediate))
        {
            emit.ImulImm(size, Define(current, left), a, immediate);
            return;
        }

        if (TryMemoryOperand(right, out Mem memory))
        {
            Gpr target = Define(current, left);
            MoveIfDifferent(size, target, a);
            emit.Imul(size, target, memory);
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
        if (IsComputed(current))
            return;
        if (inst.Op == IrOp.MulHighUnsigned)
        {
            EmitProduct(inst, current, FindOtherHalf(inst, IrOp.Mul));
            return;
        }

        ClobberFlags();
        Gpr high = AllocateFixedGpr(Gpr.Rdx);
        Gpr a = Use(inst.A);
        Gpr b = Use(inst.B);
        Gpr d = Define(current);
        emit.Mov(8, Gpr.Rax, a);
        emit.ImulWide(8, b);
        emit.Mov(8, d, high);
    }

    /// <summary>The instruction's result came with that of its other half.</summary>
    private bool IsComputed(int value) => values[value].Register != HostAbi.None || values[value].Backing != Backing.None;

    /// <summary>The other half of the product of the same operands, a little further on; 0 if there is none.</summary>
    private int FindOtherHalf(in IrInst inst, IrOp half)
    {
        int end = Math.Min(region.Count, current + ProductPairDistance);
        for (int i = current + 1; i < end && !IrOps.IsTerminator(region[i].Op); i++)
        {
            ref IrInst other = ref region[i];
            if (other.Op == half && other.Type == IrType.I64 && ((other.A == inst.A && other.B == inst.B) || (other.A == inst.B && other.B == inst.A)))
                return values[i].LastUse != 0 ? i : 0;
        }

        return 0;
    }

    /// <summary>Both halves of an unsigned product, or one of them (0: not wanted), without a change of the host's flags.</summary>
    private void EmitProduct(in IrInst inst, int high, int low)
    {
        (int implicitFactor, int factor) = values[inst.B].Register == (byte)Gpr.Rdx ? (inst.B, inst.A) : (inst.A, inst.B);
        if (values[implicitFactor].Register == (byte)Gpr.Rdx)
        {
            lockedGpr |= 1u << (int)Gpr.Rdx;
        }
        else
        {
            AllocateFixedGpr(Gpr.Rdx);
            if (values[implicitFactor].LastUse <= Math.Max(high, low) && TryMemory(implicitFactor, out Mem source))
                emit.Mov(8, Gpr.Rdx, source);
            else
                emit.Mov(8, Gpr.Rdx, Use(implicitFactor));
        }

        // Both halves are computed here: the factors die where the later one stands.
        Mem memory = default;
        bool fromMemory = values[factor].LastUse <= Math.Max(high, low) && TryMemory(factor, out memory);
        Gpr register = fromMemory ? default : Use(factor);
        Gpr highRegister = high == 0 ? HostAbi.Scratch : DefineHalf(high);
        Gpr lowRegister = low == 0 ? HostAbi.Scratch : DefineHalf(low);
        if (fromMemory)
            emit.Mulx(8, highRegister, lowRegister, memory);
        else
            emit.Mulx(8, highRegister, lowRegister, register);
    }

    /// <summary>The current instruction's result, or that of a later one, which then must not go to its guest register yet.</summary>
    private Gpr DefineHalf(int value)
    {
        if (value == current)
            return Define(value);
        values[value].Hint = HostAbi.None;
        return Define(value);
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
            Label minusOne = emit.NewLabel();
            emit.Alu(AluOp.Cmp, size, b, -1);
            emit.Jcc(Cc.E, minusOne);
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
}
