using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Elements to and from general registers, and between vectors.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorElement(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorBroadcast:
                return inst.Shape == VectorShape.Scalar ? EmitMoveIn(inst) : EmitBroadcast(inst);
            case IrOp.VectorBroadcastElement:
                return EmitBroadcastElement(inst);
            case IrOp.VectorInsertElement:
                return EmitInsertElement(inst);
            case IrOp.VectorInsertFromElement:
                return EmitInsertFromElement(inst);
            default:
                return EmitExtractElement(inst);
        }
    }

    private static VexOp BroadcastOf(int size) => BySize(size, V.Pbroadcastb, V.Pbroadcastw, V.Pbroadcastd, V.Pbroadcastq);

    /// <summary>A general register into element 0, zeros above.</summary>
    private bool EmitMoveIn(in IrInst inst)
    {
        if (IsConstant(inst.A))
        {
            ulong bits = ConstantOf(inst.A) & ElementMask(inst.Size);
            Xmm target = VOut(inst);
            if (bits == 0)
                VZero(target);
            else
                emit.Vex(V.Movaps, target, VConst(bits, 0));
            return true;
        }

        if (inst.Size >= 4 && TryMemory(inst.A, out Mem memory))
        {
            Xmm loaded = VOut(inst);
            if (inst.Size == 8)
                emit.Vmovq(loaded, memory);
            else
                emit.Vmovd(loaded, memory);
            return true;
        }

        Gpr a = Use(inst.A);
        Xmm d = VOut(inst);
        if (inst.Size == 8)
        {
            emit.Vmovq(d, a);
            return true;
        }

        if (inst.Size < 4)
        {
            emit.Movzx(inst.Size, HostAbi.Scratch, a);
            a = HostAbi.Scratch;
        }

        emit.Vmovd(d, a);
        return true;
    }

    private bool EmitBroadcast(in IrInst inst)
    {
        int size = inst.Size;
        Xmm d;
        if (IsConstant(inst.A))
        {
            ulong half = Replicate(size, ConstantOf(inst.A));
            d = VOut(inst);
            if (half == 0)
                VZero(d);
            else
                emit.Vex(V.Movaps, d, VConst(half, inst.Shape == VectorShape.Q ? half : 0));
            return true;
        }

        if (inst.Shape == VectorShape.Q && TryMemory(inst.A, out Mem memory))
        {
            d = VOut(inst);
            emit.Vex(BroadcastOf(size), d, memory);
            return true;
        }

        Gpr a = Use(inst.A);
        d = VOut(inst);
        Xmm t = VTemp();
        if (size == 8)
            emit.Vmovq(t, a);
        else
            emit.Vmovd(t, a);
        if (inst.Shape == VectorShape.Q)
            emit.Vex(BroadcastOf(size), d, t);
        else if (size == 8)
            VMove(d, t);
        else if (size == 4)
            emit.VexImm2(V.Pshufd, d, t, 0b01_01_00_00);
        else
            emit.Vex(V.Pshufb, d, t, BroadcastMask(size, 0, 8));
        return true;
    }

    /// <summary>A vpshufb mask: element <paramref name="index"/> in every place of the low <paramref name="live"/> bytes, zeros above.</summary>
    private Mem BroadcastMask(int size, int index, int live)
    {
        Span<byte> indexes = stackalloc byte[16];
        indexes.Fill(ShuffleZero);
        for (int i = 0; i < live; i++)
            indexes[i] = (byte)((index * size) + (i % size));
        return VBytes(indexes);
    }

    private bool EmitBroadcastElement(in IrInst inst)
    {
        int size = inst.Size, index = inst.Aux;
        int live = inst.Shape == VectorShape.Q ? 16 : inst.Shape == VectorShape.D ? 8 : size;
        Xmm d;
        if (live != 16 && live == size && size >= 4 && TryVectorMemoryAt(inst.A, index * size, out Mem scalar))
        {
            d = VOut(inst);
            if (size == 8)
                emit.Vmovq(d, scalar);
            else
                emit.Vmovd(d, scalar);
            return true;
        }

        if (live == 16 && TryVectorMemoryAt(inst.A, index * size, out Mem element))
        {
            d = VOut(inst);
            emit.Vex(BroadcastOf(size), d, element);
            return true;
        }

        Xmm a = VIn(inst.A);
        d = VOut(inst);
        if (live == size && index == 0)
            ClearAbove(VectorShape.Scalar, size, d, a);
        else if (live != 16)
            emit.Vex(V.Pshufb, d, a, BroadcastMask(size, index, live));
        else if (index == 0)
            emit.Vex(BroadcastOf(size), d, a);
        else if (size == 8)
            emit.Vex(V.Punpckhqdq, d, a, a);
        else if (size == 4)
            emit.VexImm2(V.Pshufd, d, a, (byte)(index * 0b01_01_01_01));
        else
            emit.Vex(V.Pshufb, d, a, BroadcastMask(size, index, live));
        return true;
    }

    private bool EmitInsertElement(in IrInst inst)
    {
        byte index = inst.Aux;
        Xmm a = VIn(inst.A);
        if (!IsConstant(inst.B) && TryMemory(inst.B, out Mem memory))
        {
            Xmm loaded = VOut(inst);
            switch (inst.Size)
            {
                case 1:
                    emit.Vpinsrb(loaded, a, memory, index);
                    break;
                case 2:
                    emit.Vpinsrw(loaded, a, memory, index);
                    break;
                case 4:
                    emit.Vpinsrd(loaded, a, memory, index);
                    break;
                default:
                    emit.Vpinsrq(loaded, a, memory, index);
                    break;
            }

            return true;
        }

        Gpr b = Use(inst.B);
        InsertGpr(inst.Size, VOut(inst), a, b, index);
        return true;
    }

    private void InsertGpr(int size, Xmm d, Xmm a, Gpr b, byte index)
    {
        switch (size)
        {
            case 1:
                emit.Vpinsrb(d, a, b, index);
                break;
            case 2:
                emit.Vpinsrw(d, a, b, index);
                break;
            case 4:
                emit.Vpinsrd(d, a, b, index);
                break;
            default:
                emit.Vpinsrq(d, a, b, index);
                break;
        }
    }

    private bool EmitInsertFromElement(in IrInst inst)
    {
        int to = inst.Aux, from = (int)inst.Imm;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        switch (inst.Size)
        {
            case 8 when to == from:
                emit.VexImm(V.Pblendd, d, a, b, (byte)(to == 0 ? 0b0011 : 0b1100));
                break;
            case 8 when to == 0:
                emit.Vex(V.Punpckhqdq, d, b, a);
                break;
            case 8:
                emit.Vex(V.Punpcklqdq, d, a, b);
                break;
            case 4:
                emit.VexImm(V.Insertps, d, a, b, (byte)((from << 6) | (to << 4)));
                break;
            case 2:
                {
                    Xmm t = b;
                    if (to != from)
                    {
                        t = VTemp();
                        emit.Vex(V.Pshufb, t, b, BroadcastMask(2, from, 16));
                    }

                    emit.VexImm(V.Pblendw, d, a, t, (byte)(1 << to));
                    break;
                }

            default:
                {
                    Span<byte> indexes = stackalloc byte[16];
                    Span<byte> keep = stackalloc byte[16];
                    indexes.Fill(ShuffleZero);
                    indexes[to] = (byte)from;
                    keep.Fill(0xFF);
                    keep[to] = 0;
                    Xmm t = VTemp();
                    Xmm u = VTemp();
                    emit.Vex(V.Pshufb, t, b, VBytes(indexes));
                    emit.Vex(V.Pand, u, a, VBytes(keep));
                    emit.Vex(V.Por, d, t, u);
                    break;
                }
        }

        return true;
    }

    private bool EmitExtractElement(in IrInst inst)
    {
        bool signed = inst.Op == IrOp.VectorExtractElementSigned;
        int size = inst.Size;
        int width = inst.Type == IrType.I64 ? 8 : 4;
        // From memory a load extends; the rest of a register that more than this reads is better loaded once.
        if (TryVectorMemoryAt(inst.A, inst.Aux * size, out Mem memory))
        {
            Gpr loaded = Define(current);
            if (signed && size < width)
                emit.Movsx(width, size, loaded, memory);
            else if (size < 4)
                emit.Movzx(size, loaded, memory);
            else
                emit.Mov(size, loaded, memory);
        }
        else
        {
            Xmm a = VIn(inst.A);
            Gpr d = Define(current);
            ExtractGpr(size, d, a, inst.Aux);
            if (signed && size < width)
                emit.Movsx(width, size, d, d);
        }

        values[current].ZeroUpper = inst.Type == IrType.I32;
        return true;
    }

    private void ExtractGpr(int size, Gpr d, Xmm a, byte index)
    {
        switch (size)
        {
            case 1:
                emit.Vpextrb(d, a, index);
                break;
            case 2:
                emit.Vpextrw(d, a, index);
                break;
            case 4 when index == 0:
                emit.Vmovd(d, a);
                break;
            case 4:
                emit.Vpextrd(d, a, index);
                break;
            case 8 when index == 0:
                emit.Vmovq(d, a);
                break;
            default:
                emit.Vpextrq(d, a, index);
                break;
        }
    }
}
