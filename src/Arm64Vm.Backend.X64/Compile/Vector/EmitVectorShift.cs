using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Shifts by a signed amount per element.</summary>
/// <remarks>
/// The host's per-element shifts give zeros, or signs, for counts of the width or more, and take the count unsigned. With n the amount's low
/// byte (0–255, negative from 128 on):
/// <code>
///   left   a &lt;&lt; n                  zero for negative amounts
///   y      a >> (255 − n)           a >> (k − 1) for a right shift by k = 256 − n; zeros, or signs, for amounts that are not negative
///   right  y >> 1,  or rounded y − (y >> 1)
/// </code>
/// Unsigned results are left | right; signed ones are chosen by bit 7 of n. Elements that the host has no such shift for (bytes, and halfwords
/// without AVX-512) are widened to 32 bits, where the same formulas hold modulo the element.
/// </remarks>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorShift(in IrInst inst)
    {
        bool signed = inst.Op is IrOp.VectorShiftSigned or IrOp.VectorRoundingShiftSigned;
        bool rounding = inst.Op is IrOp.VectorRoundingShiftUnsigned or IrOp.VectorRoundingShiftSigned;
        switch (inst.Size)
        {
            case 8 when signed && !features.Avx512Vl:
                return EmitShiftSigned64(inst, rounding);
            case 4 or 8:
                return EmitShiftPerElement(inst, signed, rounding);
            case 2 when features is { Avx512Vl: true, Avx512Bw: true }:
                return EmitShiftPerElement(inst, signed, rounding);
            default:
                return EmitWidenedShift(inst, signed, rounding);
        }
    }

    private bool EmitShiftPerElement(in IrInst inst, bool signed, bool rounding)
    {
        int size = inst.Size;
        VexOp left = BySize(size, default, V.EvexPsllvw, V.Psllvd, V.Psllvq);
        VexOp right = signed
            ? BySize(size, default, V.EvexPsravw, V.Psravd, V.EvexPsravq)
            : BySize(size, default, V.EvexPsrlvw, V.Psrlvd, V.Psrlvq);
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm l = VTemp();
        Xmm y = VTemp();
        Mem mask = VSplat(size, 0xFF);
        emit.Vex(V.Pand, y, b, mask);
        emit.Vex(left, l, a, y);
        emit.Vex(V.Pxor, y, y, mask);
        emit.Vex(right, y, a, y);
        HalveShifted(size, y, signed, rounding);
        if (!signed)
        {
            emit.Vex(V.Por, d, l, y);
        }
        else
        {
            // Bit 7 of the amount to the top: the host selects by it. Halfwords select by bytes, so both need it.
            Xmm negative = VTemp();
            VexOp shift = size == 8 ? V.Psllq : V.Pslld;
            if (size == 2)
            {
                emit.VexShiftImm(V.Psllw, negative, b, 8);
                emit.VexShiftImm(V.Psraw, negative, negative, 15);
            }
            else
            {
                emit.VexShiftImm(shift, negative, b, (byte)((size * 8) - 8));
            }

            emit.VexBlendv(BySize(size, default, V.Pblendvb, V.Blendvps, V.Blendvpd), d, l, y, negative);
        }

        KeepClear(inst, d);
        return true;
    }

    /// <summary>y := y >> 1 or, rounding, y − (y >> 1).</summary>
    private void HalveShifted(int size, Xmm y, bool signed, bool rounding)
    {
        Xmm target = rounding ? VTemp() : y;
        if (!signed)
            emit.VexShiftImm(BySize(size, default, V.Psrlw, V.Psrld, V.Psrlq), target, y, 1);
        else
            emit.VexShiftImm(BySize(size, default, V.Psraw, V.Psrad, V.EvexPsraq), target, y, 1);
        if (!rounding)
            return;
        emit.Vex(SubOf(size), y, y, target);
        VRelease(target);
    }

    /// <summary>
    /// AVX2 has no arithmetic shift of quadwords. With s = −1 for negative a, else 0: a >> k = ((a ^ s) >>> k) ^ s, and with z = (a ^ s) >>> (k − 1)
    /// the rounded shift is ((z − (z >>> 1)) ^ s) − s.
    /// </summary>
    private bool EmitShiftSigned64(in IrInst inst, bool rounding)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm sign = VTemp();
        Xmm z = VTemp();
        Xmm t = VTemp();
        Mem mask = VSplat(8, 0xFF);
        VZero(sign);
        emit.Vex(V.Pcmpgtq, sign, sign, a);
        emit.Vex(V.Pxor, z, a, sign);
        emit.Vex(V.Pand, t, b, mask);
        emit.Vex(V.Pxor, t, t, mask);
        emit.Vex(V.Psrlvq, z, z, t);
        HalveShifted(8, z, signed: false, rounding);
        emit.Vex(V.Pxor, z, z, sign);
        if (rounding)
            emit.Vex(V.Psubq, z, z, sign);
        VRelease(sign);
        emit.Vex(V.Pxor, t, t, mask);
        emit.Vex(V.Psllvq, t, a, t);
        Xmm negative = VTemp();
        emit.VexShiftImm(V.Psllq, negative, b, 56);
        emit.VexBlendv(V.Blendvpd, d, t, z, negative);
        KeepClear(inst, d);
        return true;
    }

    /// <summary>Bytes and halfwords in 32-bit lanes of 256-bit registers, eight at a time.</summary>
    private bool EmitWidenedShift(in IrInst inst, bool signed, bool rounding)
    {
        int size = inst.Size;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm words = ShiftEight(size, a, b, upper: false, signed, rounding);
        if (size == 1)
        {
            Xmm upper = words;
            if (inst.Shape == VectorShape.Q)
                upper = ShiftEight(size, a, b, upper: true, signed, rounding);
            emit.Vex(V.Packsswb, d, words, upper);
        }
        else
        {
            VMove(d, words);
        }

        emit.Vzeroupper();
        ClearAbove(inst, d);
        return true;
    }

    /// <summary>Eight elements shifted, as halfwords in a temporary; bytes are sign-extended so that they pack without saturating.</summary>
    private Xmm ShiftEight(int size, Xmm a, Xmm b, bool upper, bool signed, bool rounding)
    {
        VexOp extend = size == 1 ? (signed ? V.Pmovsxbd : V.Pmovzxbd) : (signed ? V.Pmovsxwd : V.Pmovzxwd);
        VexOp extendCount = size == 1 ? V.Pmovzxbd : V.Pmovzxwd;
        Xmm value = VTemp();
        Xmm left = VTemp();
        Xmm y = VTemp();
        Mem mask = VSplat(size, 0xFF);
        emit.Vex(V.Pand, left, b, mask);
        emit.Vex(V.Pxor, y, left, mask);
        if (upper)
        {
            emit.VexShiftImm(V.Psrldq, value, a, 8);
            emit.VexShiftImm(V.Psrldq, left, left, 8);
            emit.VexShiftImm(V.Psrldq, y, y, 8);
            a = value;
        }

        emit.Vex(extend.Wide, value, a);
        emit.Vex(extendCount.Wide, left, left);
        emit.Vex(extendCount.Wide, y, y);
        emit.Vex((signed ? V.Psravd : V.Psrlvd).Wide, y, value, y);
        Xmm t = VTemp();
        VexOp half = signed ? V.Psrad : V.Psrld;
        if (rounding)
        {
            emit.VexShiftImm(half.Wide, t, y, 1);
            emit.Vex(V.Psubd.Wide, y, y, t);
        }
        else
        {
            emit.VexShiftImm(half.Wide, y, y, 1);
        }

        if (signed)
        {
            emit.VexShiftImm(V.Pslld.Wide, t, left, 24);
            emit.Vex(V.Psllvd.Wide, left, value, left);
            emit.VexBlendv(V.Blendvps.Wide, y, left, y, t);
        }
        else
        {
            emit.Vex(V.Psllvd.Wide, left, value, left);
            emit.Vex(V.Por.Wide, y, left, y);
        }

        // Truncation: sign-extended from the element, the values pack exactly.
        emit.VexShiftImm(V.Pslld.Wide, y, y, (byte)(32 - (size * 8)));
        emit.VexShiftImm(V.Psrad.Wide, y, y, (byte)(32 - (size * 8)));
        emit.VexStoreImm(V.Extracti128, left, y, 1);
        emit.Vex(V.Packssdw, value, y, left);
        VRelease(left);
        VRelease(y);
        VRelease(t);
        return value;
    }
}
