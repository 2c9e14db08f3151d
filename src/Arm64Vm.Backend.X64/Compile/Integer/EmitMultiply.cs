using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Multiplication and division.</summary>
public sealed partial class X64Compiler
{
    private void EmitMul(in IrInst inst, int size)
    {
        ClobberFlags();
        (int left, int right) = ConstantLast(inst);
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
