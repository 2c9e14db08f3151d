using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Saturating shifts by a signed amount per element.</summary>
/// <remarks>
/// As <see cref="TryEmitVectorShift"/>, but a left shift must come back by the opposite right shift, otherwise the limit takes its place.
/// Bytes and halfwords are put at the top of 32-bit lanes for that, so that what leaves the element leaves the lane.
/// </remarks>
internal sealed partial class X64Compiler
{
    private bool TryEmitSaturatingShift(in IrInst inst)
    {
        int size = inst.Size;
        bool signed = inst.Op is IrOp.VectorSaturatingShiftSigned or IrOp.VectorSaturatingRoundingShiftSigned;
        bool rounding = inst.Op is IrOp.VectorSaturatingRoundingShiftUnsigned or IrOp.VectorSaturatingRoundingShiftSigned;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VHold(VOut(inst));
        Xmm x = VCleared(inst, a, size);
        if (size >= 4)
        {
            Xmm n = VTemp();
            Xmm inverse = VTemp();
            emit.Vex(V.Pand, n, b, VSplat(size, 0xFF));
            emit.Vex(V.Pxor, inverse, n, VSplat(size, 0xFF));
            Xmm shifted = ShiftLanes(size, 0, x, n, inverse, signed, rounding, out Xmm saturated);
            VMove(d, shifted);
            VSaturated(saturated);
            return true;
        }

        Xmm words = SaturatingShiftEight(size, x, b, upper: false, signed, rounding);
        if (size == 1)
        {
            Xmm upper = words;
            if (inst.Shape == VectorShape.Q)
                upper = SaturatingShiftEight(size, x, b, upper: true, signed, rounding);
            emit.Vex(signed ? V.Packsswb : V.Packuswb, d, words, upper);
        }
        else
        {
            VMove(d, words);
        }

        emit.Vzeroupper();
        ClearAbove(inst, d);
        return true;
    }

    /// <summary>Eight elements shifted, as halfwords in a temporary.</summary>
    private Xmm SaturatingShiftEight(int size, Xmm a, Xmm b, bool upper, bool signed, bool rounding)
    {
        int unused = 32 - (size * 8);
        VexOp extend = (size == 1 ? V.Pmovzxbd : V.Pmovzxwd).Wide;
        Xmm value = VTemp();
        Xmm n = VTemp();
        Xmm inverse = VTemp();
        emit.Vex(V.Pand, n, b, VSplat(size, 0xFF));
        emit.Vex(V.Pxor, inverse, n, VSplat(size, 0xFF));
        if (upper)
        {
            emit.VexShiftImm(V.Psrldq, value, a, 8);
            emit.VexShiftImm(V.Psrldq, n, n, 8);
            emit.VexShiftImm(V.Psrldq, inverse, inverse, 8);
            a = value;
        }

        emit.Vex(extend, value, a);
        emit.Vex(extend, n, n);
        emit.Vex(extend, inverse, inverse);
        emit.VexShiftImm(V.Pslld.Wide, value, value, (byte)unused);
        Xmm shifted = ShiftLanes(4, unused, value, n, inverse, signed, rounding, out Xmm saturated);
        emit.VexStoreImm(V.Extracti128, n, saturated, 1);
        emit.Vex(V.Por, saturated, saturated, n);
        VSaturated(saturated);
        emit.VexStoreImm(V.Extracti128, n, shifted, 1);
        emit.Vex(signed ? V.Packssdw : V.Packusdw, value, shifted, n);
        VRelease(n);
        VRelease(inverse);
        VRelease(shifted);
        VRelease(saturated);
        return value;
    }

    /// <summary>
    /// Lanes of 4 or 8 bytes whose low <paramref name="unused"/> bits do not belong to the element (then 256 bits wide), shifted by
    /// <paramref name="n"/>, the amount's low byte, with <paramref name="inverse"/> = 255 − n, which is used up.
    /// </summary>
    private Xmm ShiftLanes(int size, int unused, Xmm a, Xmm n, Xmm inverse, bool signed, bool rounding, out Xmm saturated)
    {
        bool wide = unused != 0;
        Xmm left = VTemp();
        Xmm fits = VTemp();
        Xmm limit = VTemp();
        emit.Vex(Lanes(size == 4 ? V.Psllvd : V.Psllvq, wide), left, a, n);
        ShiftRightLanes(size, wide, signed, fits, left, n);
        emit.Vex(Lanes(EqualOf(size), wide), fits, fits, a);
        if (signed)
        {
            Xmm max = VTemp();
            emit.Vex(Lanes(V.Pcmpeqd, wide), max, max, max);
            emit.VexShiftImm(Lanes(size == 4 ? V.Psrld : V.Psrlq, wide), max, max, 1);
            if (wide)
                emit.VexShiftImm(V.Psrad.Wide, limit, a, 31);
            else
                SignMask(size, limit, a);
            emit.Vex(Lanes(V.Pxor, wide), limit, limit, max);
            VRelease(max);
        }
        else
        {
            emit.Vex(Lanes(V.Pcmpeqd, wide), limit, limit, limit);
        }

        emit.VexBlendv(Lanes(V.Pblendvb, wide), left, limit, left, fits);
        Xmm right = limit;
        ShiftRightLanes(size, wide, signed, right, a, inverse);
        if (wide)
        {
            VexOp down = (signed ? V.Psrad : V.Psrld).Wide;
            emit.VexShiftImm(down, left, left, (byte)unused);
            emit.VexShiftImm(down, right, right, (byte)unused);
        }

        Xmm half = VTemp();
        if (size == 8 && signed)
            VShiftRightSigned(8, half, right, 1);
        else
            emit.VexShiftImm(Lanes(size == 8 ? V.Psrlq : signed ? V.Psrad : V.Psrld, wide), half, right, 1);
        if (rounding)
            emit.Vex(Lanes(SubOf(size), wide), half, right, half);
        // Negative amounts: n > 255 − n.
        emit.Vex(Lanes(GreaterOf(size), wide), inverse, n, inverse);
        emit.VexBlendv(Lanes(V.Pblendvb, wide), left, left, half, inverse);
        emit.Vex(Lanes(V.Por, wide), fits, fits, inverse);
        emit.Vex(Lanes(V.Pcmpeqd, wide), half, half, half);
        emit.Vex(Lanes(V.Pxor, wide), fits, fits, half);
        VRelease(half);
        VRelease(limit);
        saturated = fits;
        return left;
    }

    private static VexOp Lanes(VexOp op, bool wide) => wide ? op.Wide : op;

    /// <summary>d := a >> count per lane; d is neither of them.</summary>
    private void ShiftRightLanes(int size, bool wide, bool signed, Xmm d, Xmm a, Xmm count)
    {
        if (size == 4)
        {
            emit.Vex(Lanes(signed ? V.Psravd : V.Psrlvd, wide), d, a, count);
            return;
        }

        if (!signed)
        {
            emit.Vex(V.Psrlvq, d, a, count);
            return;
        }

        Xmm sign = VTemp();
        SignMask(8, sign, a);
        emit.Vex(V.Pxor, d, a, sign);
        emit.Vex(V.Psrlvq, d, d, count);
        emit.Vex(V.Pxor, d, d, sign);
        VRelease(sign);
    }
}
