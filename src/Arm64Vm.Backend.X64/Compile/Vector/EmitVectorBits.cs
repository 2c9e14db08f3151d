using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Counting and reversing bits: tables over the two nibbles of a byte, looked up by vpshufb.</summary>
internal sealed partial class X64Compiler
{
    private static ReadOnlySpan<byte> SetBitsOfNibble => [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];

    /// <summary>Of the upper nibble; zero loses to the lower nibble's count in the minimum of both.</summary>
    private static ReadOnlySpan<byte> LeadingZerosOfUpperNibble => [255, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];

    private static ReadOnlySpan<byte> LeadingZerosOfLowerNibble => [8, 7, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4];

    private static ReadOnlySpan<byte> ReversedNibble => [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];

    private static ReadOnlySpan<byte> ReversedNibbleUp =>
        [0x00, 0x80, 0x40, 0xC0, 0x20, 0xA0, 0x60, 0xE0, 0x10, 0x90, 0x50, 0xD0, 0x30, 0xB0, 0x70, 0xF0];

    private bool TryEmitVectorBits(in IrInst inst)
    {
        int size = inst.Size;
        int sum = inst.Op == IrOp.VectorPopCount ? FindSumOfBits(inst) : 0;
        if (sum != 0)
            return EmitSumOfBits(inst, sum);
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        switch (inst.Op)
        {
            case IrOp.VectorPopCount:
                if (features is { Avx512Vl: true, Avx512Bitalg: true })
                    emit.Vex(V.EvexPopcntb, d, a);
                else
                    EmitNibbles(d, a, SetBitsOfNibble, SetBitsOfNibble, V.Paddb);
                break;
            case IrOp.VectorReverseBits:
                // The bit matrix of the identity with its rows reversed.
                if (features.Gfni)
                    emit.VexImm(V.Gf2p8affineqb, d, a, VSplat(8, 0x8040201008040201), 0);
                else
                    EmitNibbles(d, a, ReversedNibbleUp, ReversedNibble, V.Por);
                break;
            case IrOp.VectorCountLeadingZeros:
                VMove(d, VLeadingZeros(size, a));
                break;
            default:
                {
                    // CLS(a) = CLZ(a ^ sign) − 1.
                    Xmm t = VTemp();
                    VZero(t);
                    emit.Vex(GreaterOf(size), t, t, a);
                    emit.Vex(V.Pxor, t, t, a);
                    Xmm count = VLeadingZeros(size, t);
                    emit.Vex(AddOf(size), d, count, VOnes(t));
                    break;
                }
        }

        ClearAbove(inst, d);
        return true;
    }

    /// <summary>The sum across lanes of the bytes' counts, by ADDV or UADDLV, which is all that is made of them; 0 if there is none.</summary>
    private int FindSumOfBits(in IrInst inst)
    {
        int sum = current + 1;
        if (values[current].Uses != 1 || sum + 1 >= region.Count || region[sum].A != current || region[sum].Shape != inst.Shape)
            return 0;
        int size = 1;
        if (region[sum].Op == IrOp.VectorPairAddLongUnsigned && values[sum].Uses == 1)
        {
            size = 2;
            sum++;
            if (region[sum].A != sum - 1 || region[sum].Shape != inst.Shape)
                return 0;
        }

        return region[sum].Op == IrOp.VectorReduceAdd && region[sum].Size == size && values[sum].LastUse != 0 ? sum : 0;
    }

    /// <summary>How compilers count the bits of a general register: the host has an instruction for that, which sets the flags.</summary>
    private bool EmitSumOfBits(in IrInst inst, int sum)
    {
        ClobberFlags();
        // What is between the bytes' counts and their sum is not needed.
        for (int i = current + 1; i < sum; i++)
            values[i].LastUse = 0;
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst, sum, mayHint: true);
        emit.Vmovq(HostAbi.Scratch, a);
        emit.Popcnt(8, HostAbi.Scratch, HostAbi.Scratch);
        if (inst.Shape == VectorShape.Q)
        {
            Gpr upper = ScratchGpr();
            emit.Vpextrq(upper, a, 1);
            emit.Popcnt(8, upper, upper);
            emit.Alu(AluOp.Add, 4, HostAbi.Scratch, upper);
        }

        emit.Vmovd(d, HostAbi.Scratch);
        return true;
    }

    /// <summary>d := lower[a &amp; 15] op upper[a >> 4], per byte.</summary>
    private void EmitNibbles(Xmm d, Xmm a, ReadOnlySpan<byte> lower, ReadOnlySpan<byte> upper, VexOp op)
    {
        Xmm low = VTemp();
        Xmm high = VTemp();
        Xmm index = VTemp();
        Mem nibble = VSplat(1, 15);
        emit.Vex(V.Pand, index, a, nibble);
        emit.Vex(V.Movaps, low, VBytes(lower));
        emit.Vex(V.Pshufb, low, low, index);
        emit.VexShiftImm(V.Psrlw, index, a, 4);
        emit.Vex(V.Pand, index, index, nibble);
        emit.Vex(V.Movaps, high, VBytes(upper));
        emit.Vex(V.Pshufb, high, high, index);
        emit.Vex(op, d, low, high);
    }

    /// <summary>Leading zeros of every element, in a temporary.</summary>
    private Xmm VLeadingZeros(int size, Xmm a)
    {
        Xmm count = VTemp();
        if (size == 4 && features is { Avx512Vl: true, Avx512Cd: true })
        {
            emit.Vex(V.EvexPlzcntd, count, a);
            return count;
        }

        Xmm t = VTemp();
        emit.VexShiftImm(V.Psrlw, t, a, 4);
        emit.Vex(V.Pand, t, t, VSplat(1, 15));
        emit.Vex(V.Movaps, count, VBytes(LeadingZerosOfUpperNibble));
        emit.Vex(V.Pshufb, count, count, t);
        // Bytes from 128 on look up zero here, which is right.
        emit.Vex(V.Movaps, t, VBytes(LeadingZerosOfLowerNibble));
        emit.Vex(V.Pshufb, t, t, a);
        emit.Vex(V.Pminub, count, count, t);
        Xmm full = VTemp();
        for (int half = 1; half < size; half *= 2)
        {
            // The upper half's count, plus the lower half's where the upper one is all zeros.
            int wide = half * 2;
            VShiftRight(wide, t, count, half * 8);
            emit.Vex(EqualOf(wide), full, t, VSplat(wide, (ulong)half * 8));
            emit.Vex(V.Pand, full, full, count);
            emit.Vex(V.Pand, full, full, VSplat(wide, ElementMask(half)));
            emit.Vex(AddOf(wide), count, t, full);
        }

        VRelease(full);
        VRelease(t);
        return count;
    }
}
