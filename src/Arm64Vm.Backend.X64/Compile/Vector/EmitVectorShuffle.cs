using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Permutations.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorShuffle(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorReverse:
                return EmitReverse(inst);
            case IrOp.VectorCombine:
                return EmitCombine(inst);
            case IrOp.VectorExtract:
                return EmitExtract(inst);
            case IrOp.VectorZip1:
                return EmitZip(inst, upper: false);
            case IrOp.VectorZip2:
                return EmitZip(inst, upper: true);
            case IrOp.VectorUnzip1:
                return EmitUnzip(inst, odd: 0);
            case IrOp.VectorUnzip2:
                return EmitUnzip(inst, odd: 1);
            case IrOp.VectorTranspose1:
                return EmitTranspose(inst, odd: false);
            case IrOp.VectorTranspose2:
                return EmitTranspose(inst, odd: true);
            default:
                return EmitTable(inst);
        }
    }

    private bool EmitCombine(in IrInst inst)
    {
        if (TryVectorConstant(current, out _))
        {
            values[current].Backing = Backing.Constant;
            return true;
        }

        return VBinary(inst, V.Punpcklqdq, commutes: false);
    }

    private bool EmitReverse(in IrInst inst)
    {
        int size = inst.Size, container = inst.Aux;
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        if (size == 4 && inst.Shape == VectorShape.Q)
        {
            emit.VexImm2(V.Pshufd, d, a, 0b10_11_00_01);
            return true;
        }

        Span<byte> indexes = stackalloc byte[16];
        for (int i = 0; i < 16; i++)
            indexes[i] = i < 8 || inst.Shape == VectorShape.Q ? (byte)((((i / size) ^ ((container / size) - 1)) * size) + (i % size)) : ShuffleZero;
        emit.Vex(V.Pshufb, d, a, VBytes(indexes));
        return true;
    }

    private bool EmitExtract(in IrInst inst)
    {
        int first = (int)inst.Imm;
        if (first == 0)
        {
            Xmm same = VIn(inst.A);
            ClearAbove(inst.Shape, 8, VOut(inst), same);
            return true;
        }

        if (inst.Shape == VectorShape.Q)
        {
            Xmm high = VIn(inst.B);
            VectorOperand low = VSource(inst.A);
            VexImm(V.Palignr, VOut(inst), high, low, first);
            return true;
        }

        Span<byte> indexes = stackalloc byte[16];
        indexes.Fill(ShuffleZero);
        for (int i = 0; i < 8; i++)
            indexes[i] = (byte)(first + i);
        return EmitShuffledPair(inst, indexes);
    }

    /// <summary>Shape D: a permutation of the low halves of both operands.</summary>
    private bool EmitShuffledPair(in IrInst inst, ReadOnlySpan<byte> indexes)
    {
        Xmm a = VIn(inst.A);
        VectorOperand b = VSource(inst.B);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        Vex(V.Punpcklqdq, t, a, b);
        emit.Vex(V.Pshufb, d, t, VBytes(indexes));
        return true;
    }

    private bool EmitZip(in IrInst inst, bool upper)
    {
        int size = inst.Size;
        if (inst.Shape == VectorShape.Q)
        {
            VexOp op = upper
                ? BySize(size, V.Punpckhbw, V.Punpckhwd, V.Punpckhdq, V.Punpckhqdq)
                : BySize(size, V.Punpcklbw, V.Punpcklwd, V.Punpckldq, V.Punpcklqdq);
            return VBinary(inst, op, commutes: false);
        }

        Xmm a = VIn(inst.A);
        VectorOperand b = VSource(inst.B);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        Vex(BySize(size, V.Punpcklbw, V.Punpcklwd, V.Punpckldq, default), t, a, b);
        if (upper)
            emit.VexShiftImm(V.Psrldq, d, t, 8);
        else
            emit.Vmovq(d, t);
        return true;
    }

    private bool EmitUnzip(in IrInst inst, int odd)
    {
        int size = inst.Size;
        if (inst.Shape != VectorShape.Q)
        {
            Span<byte> indexes = stackalloc byte[16];
            indexes.Fill(ShuffleZero);
            for (int i = 0; i < 8; i++)
                indexes[i] = (byte)((((i / size * 2) + odd) * size) + (i % size));
            return EmitShuffledPair(inst, indexes);
        }

        if (size == 8)
            return VBinary(inst, odd == 0 ? V.Punpcklqdq : V.Punpckhqdq, commutes: false);
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        if (a == b && size < 4)
        {
            // As in pairwise operations of a register with itself.
            Span<byte> indexes = stackalloc byte[16];
            for (int i = 0; i < 16; i++)
                indexes[i] = (byte)(((((i & 7) / size * 2) + odd) * size) + (i % size));
            emit.Vex(V.Pshufb, d, a, VBytes(indexes));
            return true;
        }

        if (size == 4)
        {
            emit.VexImm(V.Shufps, d, a, b, odd == 0 ? (byte)0b10_00_10_00 : (byte)0b11_01_11_01);
            return true;
        }

        // Zero-extended elements of twice the size pack without saturating.
        Xmm t = VTemp();
        Xmm u = VTemp();
        HalfOfPairs(size, odd, t, a);
        HalfOfPairs(size, odd, u, b);
        emit.Vex(size == 1 ? V.Packuswb : V.Packusdw, d, t, u);
        return true;
    }

    /// <summary>d := the even or the odd elements, zero-extended to twice the size.</summary>
    private void HalfOfPairs(int size, int odd, Xmm d, Xmm a)
    {
        if (odd == 0)
            emit.Vex(V.Pand, d, a, VSplat(size * 2, ElementMask(size)));
        else
            VShiftRight(size * 2, d, a, size * 8);
    }

    private bool EmitTranspose(in IrInst inst, bool odd)
    {
        int size = inst.Size;
        if (size == 8)
            return VBinary(inst, odd ? V.Punpckhqdq : V.Punpcklqdq, commutes: false);
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        // One operand is moved by an element, then both are interleaved.
        if (odd)
            VShiftRight(size * 2, t, a, size * 8);
        else
            VShiftLeft(size * 2, t, b, size * 8);
        Xmm even = odd ? t : a, upper = odd ? b : t;
        switch (size)
        {
            case 4:
                emit.VexImm(V.Pblendd, d, even, upper, 0b1010);
                break;
            case 2:
                emit.VexImm(V.Pblendw, d, even, upper, 0b1010_1010);
                break;
            default:
                {
                    Xmm u = VTemp();
                    emit.Vex(V.Pand, u, odd ? b : a, VSplat(2, odd ? 0xFF00UL : 0xFF));
                    emit.Vex(V.Por, d, t, u);
                    break;
                }
        }

        ClearAbove(inst, d);
        return true;
    }

    /// <summary>
    /// One register of TBL or TBX. vpshufb gives zero for indexes with bit 7 set: adding 70 with unsigned saturation sets it for all from 16 on
    /// and leaves bits 3:0 alone where it does not.
    /// </summary>
    private bool EmitTable(in IrInst inst)
    {
        if (TryVectorConstant(inst.A, out Bits128 constant))
            return EmitTableByConstant(inst, constant);
        Xmm index = VIn(inst.A);
        Xmm table = VIn(inst.B);
        Xmm d;
        Xmm t;
        if (inst.C == 0)
        {
            d = VOut(inst);
            t = VTemp();
            TableIndexes(t, index, inst.Imm);
            emit.Vex(V.Pshufb, d, table, t);
        }
        else if (IsZeroWhereFound(inst.C, inst.A, inst.Imm))
        {
            VectorOperand other = VSource(inst.C);
            d = VOut(inst);
            t = VTemp();
            TableIndexes(t, index, inst.Imm);
            emit.Vex(V.Pshufb, t, table, t);
            Vex(V.Por, d, t, other);
        }
        else
        {
            Xmm other = VIn(inst.C);
            d = VOut(inst);
            t = VTemp();
            Xmm found = VTemp();
            TableIndexes(t, index, inst.Imm);
            emit.Vex(V.Pshufb, found, table, t);
            emit.VexBlendv(V.Pblendvb, d, found, other, t);
        }

        ClearAbove(inst, d);
        return true;
    }

    private void TableIndexes(Xmm d, Xmm index, ulong first)
    {
        if (first != 0)
        {
            emit.Vex(V.Psubb, d, index, VSplat(1, first));
            index = d;
        }

        emit.Vex(V.Paddusb, d, index, VSplat(1, 0x70));
    }

    /// <summary>True where the value is a chain of lookups by the same indexes without a fallback, in other parts of the table.</summary>
    private bool IsZeroWhereFound(int value, int index, ulong first)
    {
        for (int depth = 0; depth < 4; depth++)
        {
            ref IrInst inst = ref region[value];
            if (inst.Op != IrOp.VectorTable || inst.A != index || inst.Imm == first)
                return false;
            if (inst.C == 0)
                return true;
            value = inst.C;
        }

        return false;
    }

    private bool EmitTableByConstant(in IrInst inst, Bits128 constant)
    {
        Span<byte> indexes = stackalloc byte[16];
        Span<byte> missing = stackalloc byte[16];
        int live = inst.Shape == VectorShape.Q ? 16 : 8;
        bool any = false;
        for (int i = 0; i < 16; i++)
        {
            ulong k = constant.Element(1, i) - inst.Imm;
            bool found = i < live && k < 16;
            indexes[i] = found ? (byte)k : ShuffleZero;
            missing[i] = found || i >= live ? (byte)0 : (byte)0xFF;
            any |= missing[i] != 0;
        }

        Xmm table = VIn(inst.B);
        if (inst.C == 0 || !any)
        {
            emit.Vex(V.Pshufb, VOut(inst), table, VBytes(indexes));
            return true;
        }

        Xmm other = VIn(inst.C);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        emit.Vex(V.Pshufb, t, table, VBytes(indexes));
        if (!IsZeroWhereFound(inst.C, inst.A, inst.Imm) || live == 8)
        {
            Xmm u = VTemp();
            emit.Vex(V.Pand, u, other, VBytes(missing));
            other = u;
        }

        emit.Vex(V.Por, d, t, other);
        return true;
    }
}
