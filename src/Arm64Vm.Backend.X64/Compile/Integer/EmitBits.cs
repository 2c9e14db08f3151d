using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Bit fields, bit and byte reversal, CRC.</summary>
internal sealed partial class X64Compiler
{
    private void EmitBitsExtract(in IrInst inst, int size)
    {
        int lsb = inst.Aux;
        int width = (int)inst.Imm;
        int bits = size * 8;
        bool signed = inst.Op == IrOp.BitsExtractSigned;
        if (lsb == 0 && width is 8 or 16 or 32 && (width < bits || lsb == 0))
        {
            Gpr whole = Use(inst.A);
            Gpr extended = Define(current, inst.A);
            if (lsb == 0 && width < bits)
            {
                if (signed)
                    emit.Movsx(size, width / 8, extended, whole);
                else if (width == 32)
                    emit.Mov(4, extended, whole);
                else
                    emit.Movzx(width / 8, extended, whole);
                return;
            }

            if (lsb == 0)
            {
                emit.Mov(size, extended, whole);
                return;
            }
        }

        ClobberFlags();
        Gpr a = Use(inst.A);
        Gpr d = Define(current, inst.A);
        if (signed)
        {
            MoveIfDifferent(size, d, a);
            if (bits - lsb - width != 0)
                emit.Shift(ShiftOp.Shl, size, d, bits - lsb - width);
            if (bits - width != 0)
                emit.Shift(ShiftOp.Sar, size, d, bits - width);
            else if (bits - lsb - width == 0)
                emit.Mov(size, d, d);
            return;
        }

        if (lsb + width == bits)
        {
            MoveIfDifferent(size, d, a);
            if (lsb != 0)
                emit.Shift(ShiftOp.Shr, size, d, lsb);
            else
                emit.Mov(size, d, d);
            return;
        }

        if (lsb != 0)
            emit.Rorx(size, d, a, lsb);
        else
            MoveIfDifferent(size, d, a);
        if (width <= 31)
        {
            // A mask of at most 31 bits is a positive immediate, and a 32-bit AND clears the upper half.
            emit.Alu(AluOp.And, 4, d, (int)((1u << width) - 1));
        }
        else if (width == 32)
        {
            emit.Mov(4, d, d);
        }
        else
        {
            emit.Shift(ShiftOp.Shl, size, d, bits - width);
            emit.Shift(ShiftOp.Shr, size, d, bits - width);
        }
    }

    private void EmitBitsInsert(in IrInst inst, int size)
    {
        ClobberFlags();
        int lsb = inst.Aux;
        int width = (int)inst.Imm;
        int bits = size * 8;
        Gpr into = Use(inst.A);
        Gpr from = Use(inst.B);
        Gpr d = Define(current, inst.A);
        if (width == bits)
        {
            emit.Mov(size, d, from);
            return;
        }

        // scratch := (from & mask) << lsb;  d := (into & ~(mask << lsb)) | scratch
        ulong mask = (1UL << width) - 1;
        emit.Mov(size, HostAbi.Scratch, from);
        if (lsb + width == bits)
        {
            emit.Shift(ShiftOp.Shl, size, HostAbi.Scratch, lsb);
        }
        else if (width <= 31)
        {
            emit.Alu(AluOp.And, 4, HostAbi.Scratch, (int)mask);
            if (lsb != 0)
                emit.Shift(ShiftOp.Shl, size, HostAbi.Scratch, lsb);
        }
        else
        {
            emit.Shift(ShiftOp.Shl, size, HostAbi.Scratch, bits - width);
            emit.Shift(ShiftOp.Shr, size, HostAbi.Scratch, bits - width - lsb);
        }

        ulong keep = ~(mask << lsb);
        if (d == from && d != into)
        {
            // The field is in the scratch register already: d may be overwritten.
            emit.Mov(size, d, into);
        }
        else
        {
            MoveIfDifferent(size, d, into);
        }

        if (size == 4)
        {
            emit.Alu(AluOp.And, 4, d, (int)keep);
        }
        else if ((long)keep == (int)keep)
        {
            emit.Alu(AluOp.And, 8, d, (int)keep);
        }
        else
        {
            // Clear the field with rotates: rotate it to the bottom, shift it out, shift zeros in, rotate back.
            if (lsb != 0)
                emit.Shift(ShiftOp.Ror, 8, d, lsb);
            emit.Shift(ShiftOp.Shr, 8, d, width);
            emit.Shift(ShiftOp.Shl, 8, d, width);
            if (lsb != 0)
                emit.Shift(ShiftOp.Rol, 8, d, lsb);
        }

        emit.Alu(AluOp.Or, size, d, HostAbi.Scratch);
    }

    /// <summary>Bits are reversed by swapping neighbours, pairs and nibbles, and then the bytes.</summary>
    private void EmitReverseBits(in IrInst inst, int size)
    {
        ClobberFlags();
        Gpr a = Use(inst.A);
        Gpr d = Define(current, inst.A);
        Gpr t = ScratchGpr();
        Gpr m = HostAbi.Scratch;
        MoveIfDifferent(size, d, a);
        emit.Bswap(size, d);
        SwapBits(size, d, t, m, 4, 0x0F0F_0F0F_0F0F_0F0F);
        SwapBits(size, d, t, m, 2, 0x3333_3333_3333_3333);
        SwapBits(size, d, t, m, 1, 0x5555_5555_5555_5555);
    }

    private void SwapBits(int size, Gpr d, Gpr t, Gpr m, int distance, ulong mask)
    {
        emit.MovImm(m, size == 8 ? mask : (uint)mask);
        emit.Mov(size, t, d);
        emit.Shift(ShiftOp.Shr, size, t, distance);
        emit.Alu(AluOp.And, size, t, m);
        emit.Alu(AluOp.And, size, d, m);
        emit.Shift(ShiftOp.Shl, size, d, distance);
        emit.Alu(AluOp.Or, size, d, t);
    }

    /// <summary>Bytes of containers of inst.Size bytes, each turned round. The host's flags stay but where halfwords of 64 bits are turned.</summary>
    private void EmitReverseBytes(in IrInst inst, int size)
    {
        bool isOfHalves = inst.Size == size / 2;
        if (inst.Size != size && !isOfHalves)
            ClobberFlags();
        Gpr a = Use(inst.A);
        Gpr d = Define(current, inst.A);
        if (inst.Size == size || isOfHalves)
        {
            // All bytes turned round, and the two halves put back.
            MoveIfDifferent(size, d, a);
            emit.Bswap(size, d);
            if (isOfHalves)
                emit.Rorx(size, d, d, size * 4);
            return;
        }

        Gpr t = ScratchGpr();
        emit.MovImm(HostAbi.Scratch, 0x00FF_00FF_00FF_00FFUL);
        emit.Mov(size, t, a);
        emit.Shift(ShiftOp.Shr, size, t, 8);
        emit.Alu(AluOp.And, size, t, HostAbi.Scratch);
        MoveIfDifferent(size, d, a);
        emit.Alu(AluOp.And, size, d, HostAbi.Scratch);
        emit.Shift(ShiftOp.Shl, size, d, 8);
        emit.Alu(AluOp.Or, size, d, t);
    }

    private void EmitCrc32(in IrInst inst)
    {
        if (inst.Aux != 1)
        {
            if (features.Pclmulqdq)
                EmitCrc32ByFolding(inst);
            else
                EmitPureCall(inst);
            return;
        }

        Gpr accumulator = Use(inst.A);
        Gpr data = Use(inst.B);
        Gpr d = Define(current);
        if (d == data && d != accumulator)
        {
            emit.Mov(4, HostAbi.Scratch, accumulator);
            emit.Crc32(inst.Size, HostAbi.Scratch, data);
            emit.Mov(4, d, HostAbi.Scratch);
            return;
        }

        if (d != accumulator)
            emit.Mov(4, d, accumulator);
        emit.Crc32(inst.Size, d, data);
    }

    /// <summary>CRC-32 of the polynomial 0x04C11DB7 by Barrett reduction, bits reflected: mu = floor(x^96 / P) without its bit 64, and P itself.</summary>
    private const ulong CrcMu = 0xB4E5_B025_F701_1641;
    private const ulong CrcPolynomial = 0x1_DB71_0641;

    /// <summary>For n bits of data: (crc &gt;&gt; n) xor reduce((crc xor data) &lt;&lt; (64 − n)).</summary>
    /// <remarks>
    /// reduce(r) = bits 95:64 of (low 64 bits of r·mu)·P, carry-less: the first product is the quotient of r·x^32 by P, of which bit 64 of mu would only reach
    /// what is cut off, and in the second all below bit 64 is r again (V. Gopal and others, Fast CRC Computation for Generic Polynomials Using PCLMULQDQ, 2009).
    /// </remarks>
    private void EmitCrc32ByFolding(in IrInst inst)
    {
        ClobberFlags();
        Gpr accumulator = Use(inst.A);
        Gpr data = Use(inst.B);
        Gpr rest = ScratchGpr();
        Gpr d = Define(current);
        int bits = inst.Size * 8;
        Mem constants = Mem.RipTo(host.ConstantAddress(CrcMu, CrcPolynomial));
        emit.Mov(4, Gpr.Rax, accumulator);
        emit.Alu(AluOp.Xor, bits == 64 ? 8 : 4, Gpr.Rax, data);
        if (bits < 64)
            emit.Shift(ShiftOp.Shl, 8, Gpr.Rax, 64 - bits);
        if (bits < 32)
        {
            emit.Mov(4, rest, accumulator);
            emit.Shift(ShiftOp.Shr, 4, rest, bits);
        }

        emit.Vmovq(Xmm.Xmm0, Gpr.Rax);
        emit.VexImm(V.Pclmulqdq, Xmm.Xmm0, Xmm.Xmm0, constants, 0x00);
        emit.VexImm(V.Pclmulqdq, Xmm.Xmm0, Xmm.Xmm0, constants, 0x10);
        emit.Vpextrd(d, Xmm.Xmm0, 2);
        if (bits < 32)
            emit.Alu(AluOp.Xor, 4, d, rest);
    }
}
