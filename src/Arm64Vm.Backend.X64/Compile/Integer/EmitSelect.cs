using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Choices by the flags, of integers and of vector registers.</summary>
internal sealed partial class X64Compiler
{
    private void EmitSelect(in IrInst inst, int size)
    {
        if (inst.Type == IrType.V128)
        {
            EmitVectorSelect(inst);
            return;
        }

        Condition condition = inst.Condition;
        if (IsAlways(condition))
        {
            Gpr always = Use(inst.A);
            Gpr to = Define(current, inst.A);
            MoveIfDifferent(size, to, always);
            if (to == always)
                emit.Mov(size, to, always);
            return;
        }

        bool isSet = IsConstant(inst.A) && IsConstant(inst.B) && ConstantOf(inst.A) <= 1 && ConstantOf(inst.A) + ConstantOf(inst.B) == 1;
        if (isSet)
        {
            UseFlags(inst.C);
            Cc cc = HostCondition(condition);
            Gpr flag = Define(current);
            emit.Setcc(ConstantOf(inst.A) == 1 ? cc : cc.Invert(), HostAbi.Scratch);
            emit.Movzx(1, flag, HostAbi.Scratch);
            return;
        }

        // MOV, not XOR: loading operands must keep the flags.
        Gpr a = Use(inst.A);
        Gpr b = Use(inst.B);
        UseFlags(inst.C);
        Cc host = HostCondition(condition);
        Gpr d = Define(current, inst.B);
        if (d == a && d != b)
        {
            emit.Cmov(host.Invert(), size, d, b);
            return;
        }

        MoveIfDifferent(size, d, b);
        emit.Cmov(host, size, d, a);
    }

    private void EmitVectorSelect(in IrInst inst)
    {
        Xmm a = UseV(inst.A);
        Xmm b = UseV(inst.B);
        Condition condition = inst.Condition;
        if (IsAlways(condition))
        {
            emit.Vex(V.Movaps, DefineV(current, inst.A), a);
            return;
        }

        UseFlags(inst.C);
        Cc cc = HostCondition(condition);
        Xmm d = DefineV(current);
        Label done = emit.NewLabel();
        if (d == a)
        {
            emit.JccShort(cc, done);
            emit.Vex(V.Movaps, d, b);
        }
        else
        {
            if (d != b)
                emit.Vex(V.Movaps, d, b);
            emit.JccShort(cc.Invert(), done);
            emit.Vex(V.Movaps, d, a);
        }

        emit.Bind(done);
    }
}
