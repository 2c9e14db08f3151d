using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Shifts and rotations by a constant.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorShiftImm(in IrInst inst)
    {
        int size = inst.Size, bits = size * 8, amount = (int)inst.Imm;
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        switch (inst.Op)
        {
            case IrOp.VectorShiftLeftImm:
                VShiftLeft(size, d, a, amount);
                break;
            case IrOp.VectorShiftRightUnsignedImm:
                VShiftRight(size, d, a, amount);
                break;
            case IrOp.VectorShiftRightSignedImm:
                VShiftRightSigned(size, d, a, amount);
                break;
            case IrOp.VectorRoundingShiftRightUnsignedImm:
                VRoundingShiftRight(size, d, a, amount);
                break;
            case IrOp.VectorRoundingShiftRightSignedImm:
                if (amount == bits)
                    VZero(d);
                else
                    VRoundingShiftRightSigned(size, d, a, amount);
                break;
            default:
                VRotateRight(size, d, a, amount);
                break;
        }

        KeepClear(inst, d);
        return true;
    }

    /// <summary>d := a &lt;&lt; amount, 0 ≤ amount &lt; bits. d may be a.</summary>
    private void VShiftLeft(int size, Xmm d, Xmm a, int amount)
    {
        if (amount == 0)
        {
            VMove(d, a);
        }
        else if (amount == 1)
        {
            emit.Vex(AddOf(size), d, a, a);
        }
        else
        {
            emit.VexShiftImm(BySize(size, V.Psllw, V.Psllw, V.Pslld, V.Psllq), d, a, (byte)amount);
            // Bytes are shifted as halfwords; what came over from the neighbour is cleared.
            if (size == 1)
                emit.Vex(V.Pand, d, d, VSplat(1, 0xFFUL << amount));
        }
    }

    /// <summary>d := a >> amount, zeros in, 0 ≤ amount ≤ bits. d may be a.</summary>
    private void VShiftRight(int size, Xmm d, Xmm a, int amount)
    {
        if (amount == 0)
        {
            VMove(d, a);
        }
        else if (amount == size * 8)
        {
            VZero(d);
        }
        else
        {
            emit.VexShiftImm(BySize(size, V.Psrlw, V.Psrlw, V.Psrld, V.Psrlq), d, a, (byte)amount);
            if (size == 1)
                emit.Vex(V.Pand, d, d, VSplat(1, 0xFFUL >> amount));
        }
    }

    /// <summary>d := a >> amount, signs in, 0 ≤ amount ≤ bits. d may be a.</summary>
    private void VShiftRightSigned(int size, Xmm d, Xmm a, int amount)
    {
        amount = Math.Min(amount, (size * 8) - 1);
        if (amount == 0)
        {
            VMove(d, a);
        }
        else if (size is 2 or 4)
        {
            emit.VexShiftImm(size == 2 ? V.Psraw : V.Psrad, d, a, (byte)amount);
        }
        else if (size == 8 && features.Avx512Vl)
        {
            emit.VexShiftImm(V.EvexPsraq, d, a, (byte)amount);
        }
        else
        {
            // With s the sign bit's new place: (x ^ s) − s extends the sign from there.
            VShiftRight(size, d, a, amount);
            Mem sign = VSplat(size, SignBit(size) >> amount);
            emit.Vex(V.Pxor, d, d, sign);
            emit.Vex(SubOf(size), d, d, sign);
        }
    }

    /// <summary>d := (a + 2^(amount−1)) >> amount, 1 ≤ amount ≤ bits: with y = a >> (amount−1) that is (y + 1) >> 1 = y − (y >> 1). d may be a.</summary>
    private void VRoundingShiftRight(int size, Xmm d, Xmm a, int amount)
    {
        Xmm y = VTemp();
        Xmm t = VTemp();
        VShiftRight(size, y, a, amount - 1);
        if (size == 1)
        {
            emit.Vex(V.Pavgb, d, y, VZero(t));
        }
        else
        {
            VShiftRight(size, t, y, 1);
            emit.Vex(SubOf(size), d, y, t);
        }

        VRelease(y);
        VRelease(t);
    }

    /// <summary>As <see cref="VRoundingShiftRight"/>, signed, 1 ≤ amount &lt; bits. d may be a.</summary>
    private void VRoundingShiftRightSigned(int size, Xmm d, Xmm a, int amount)
    {
        Xmm y = VTemp();
        if (size is 2 or 4)
        {
            Xmm t = VTemp();
            VShiftRightSigned(size, y, a, amount - 1);
            VShiftRightSigned(size, t, y, 1);
            emit.Vex(SubOf(size), d, y, t);
            VRelease(t);
        }
        else
        {
            // Biased by 2^(bits−1), a multiple of 2^amount, the shift is unsigned.
            emit.Vex(V.Pxor, y, a, VSplat(size, SignBit(size)));
            VRoundingShiftRight(size, y, y, amount);
            emit.Vex(SubOf(size), d, y, VSplat(size, SignBit(size) >> amount));
        }

        VRelease(y);
    }

    private void VRotateRight(int size, Xmm d, Xmm a, int amount)
    {
        int bits = size * 8;
        if (amount == 0)
        {
            VMove(d, a);
        }
        else if (size >= 4 && features.Avx512Vl)
        {
            if (size == 8)
                emit.VexShiftImm(V.EvexProrq, d, a, (byte)amount);
            else
                emit.VexShiftImm(V.EvexProld, d, a, (byte)(bits - amount));
        }
        else if (amount % 8 == 0)
        {
            Span<byte> indexes = stackalloc byte[16];
            for (int i = 0; i < 16; i++)
                indexes[i] = (byte)((i & -size) | ((i + (amount / 8)) & (size - 1)));
            emit.Vex(V.Pshufb, d, a, VBytes(indexes));
        }
        else
        {
            Xmm t = VTemp();
            Xmm u = VTemp();
            VShiftRight(size, t, a, amount);
            VShiftLeft(size, u, a, bits - amount);
            emit.Vex(V.Por, d, t, u);
            VRelease(t);
            VRelease(u);
        }
    }
}
