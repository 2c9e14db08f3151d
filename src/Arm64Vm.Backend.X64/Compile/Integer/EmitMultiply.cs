using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Multiplication and division.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>
    /// IR instructions ahead in which other products of the same factors are looked for. The other half of a product is not computed for one that stands further on:
    /// it would be spilled, and with one factor in rdx and one in memory a second MULX is no longer than the load.
    /// </summary>
    private const int ProductDistance = 16;

    private void EmitMul(in IrInst inst, int size)
    {
        if (IsComputed(current))
            return;
        (int left, int right) = ConstantLast(inst);
        bool isShort = TryImmediate(right, size, out int immediate);
        int high = size == 8 ? FindOtherHalf(inst, IrOp.MulHighUnsigned) : 0;
        if (high != 0 || (size == 8 && (FlagsAreLive || (!isShort && IsShorterAsProduct(inst)))))
        {
            EmitProduct(inst, high, current);
            return;
        }

        ClobberFlags();
        if (isShort)
        {
            Gpr factor = Use(left);
            emit.ImulImm(size, Define(current, left), factor, immediate);
            return;
        }

        if (IsBetterSecond(left, right))
            (left, right) = (right, left);
        Gpr a = Use(left);
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
        int end = Math.Min(region.Count, current + ProductDistance);
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
        // Both halves are computed here: the factors die where the later one stands.
        int last = Math.Max(high, low);
        bool secondIsImplicit = IsInRdx(inst.B) || (!IsInRdx(inst.A) && ProductsAhead(inst.B, last) > ProductsAhead(inst.A, last));
        (int implicitFactor, int factor) = secondIsImplicit ? (inst.B, inst.A) : (inst.A, inst.B);
        LoadImplicitFactor(implicitFactor, last);

        // A register of its own for the other factor would take a load, which this operand is.
        bool fromMemory = TryMemory(factor, out Mem memory);
        Gpr register = fromMemory ? default : Use(factor);
        Gpr highRegister = high == 0 ? HostAbi.Scratch : DefineHalf(high);
        Gpr lowRegister = low == 0 ? HostAbi.Scratch : DefineHalf(low);
        if (fromMemory)
            emit.Mulx(8, highRegister, lowRegister, memory);
        else
            emit.Mulx(8, highRegister, lowRegister, register);
    }

    /// <summary>Makes rdx hold a factor, and the value live there where products after instruction <paramref name="last"/> want it again.</summary>
    private void LoadImplicitFactor(int value, int last)
    {
        if (IsInRdx(value))
        {
            lockedGpr |= 1u << (int)Gpr.Rdx;
            return;
        }

        AllocateFixedGpr(Gpr.Rdx);
        if (TryMemory(value, out Mem source))
            emit.Mov(8, Gpr.Rdx, source);
        else if (IsConstant(value) && !IsInRegister(value))
            emit.MovImm(Gpr.Rdx, ConstantOf(value));
        else
            emit.Mov(8, Gpr.Rdx, Use(value));
        if (values[value].LastUse <= last)
            return;

        ref ValueState state = ref values[value];
        if (state.Register != HostAbi.None)
        {
            gprOwner[state.Register] = 0;
            lockedGpr &= ~(1u << state.Register);
        }

        state.Register = (byte)Gpr.Rdx;
        gprOwner[(int)Gpr.Rdx] = (ushort)value;
    }

    private bool IsInRdx(int value) => values[value].Register == (byte)Gpr.Rdx;

    /// <summary>MULX with one factor in memory is one instruction where several products in a row have the other, IMUL with a move two.</summary>
    private bool IsShorterAsProduct(in IrInst inst) => IsCommonFactor(inst.A, inst.B) || IsCommonFactor(inst.B, inst.A);

    private bool IsCommonFactor(int value, int other) => TryMemory(other, out _) && (IsInRdx(value) || ProductsAhead(value, current) > 1);

    /// <summary>How many products with the factor there are after instruction <paramref name="last"/>, a little further on.</summary>
    private int ProductsAhead(int value, int last)
    {
        int count = 0;
        int end = Math.Min(values[value].LastUse, current + ProductDistance);
        for (int i = last + 1; i <= end; i++)
        {
            ref IrInst inst = ref region[i];
            bool isProduct = inst.Op is IrOp.Mul or IrOp.MulHighUnsigned && inst.Type == IrType.I64;
            if (isProduct && (inst.A == value || inst.B == value))
                count++;
        }

        return count;
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
