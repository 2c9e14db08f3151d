using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Shifts, rotations and the extraction from a pair of registers.</summary>
internal sealed partial class X64Compiler
{
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
