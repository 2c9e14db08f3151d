using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Saturating doubling multiplications: of all products only MIN · MIN saturates, and its wrapped result is MIN, which no other gives.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitSaturatingMultiply(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorSaturatingDoublingMulHigh:
                return EmitDoublingMulHigh(inst, rounding: false);
            case IrOp.VectorSaturatingRoundingDoublingMulHigh:
                return EmitDoublingMulHigh(inst, rounding: true);
            case IrOp.VectorSaturatingDoublingMulLong:
                return EmitDoublingMulLong(inst);
            default:
                return EmitDoublingMulAddHigh(inst);
        }
    }

    private bool EmitDoublingMulHigh(in IrInst inst, bool rounding)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VHold(VOut(inst));
        // One operand of zero makes a lane zero.
        Xmm x = VCleared(inst, a, inst.Size);
        Xmm product = VTemp();
        Xmm t = VTemp();
        if (inst.Size == 2 && rounding)
        {
            emit.Vex(V.Pmulhrsw, product, x, b);
        }
        else if (inst.Size == 2)
        {
            emit.Vex(V.Pmulhw, product, x, b);
            emit.Vex(V.Pmullw, t, x, b);
            emit.Vex(V.Paddw, product, product, product);
            emit.VexShiftImm(V.Psrlw, t, t, 15);
            emit.Vex(V.Por, product, product, t);
        }
        else
        {
            // Even and odd elements; bits 62:31 of each product.
            Xmm u = VTemp();
            emit.VexShiftImm(V.Psrlq, t, x, 32);
            emit.VexShiftImm(V.Psrlq, u, b, 32);
            emit.Vex(V.Pmuldq, t, t, u);
            emit.Vex(V.Pmuldq, product, x, b);
            if (rounding)
            {
                emit.Vex(V.Paddq, t, t, VSplat(8, 1UL << 30));
                emit.Vex(V.Paddq, product, product, VSplat(8, 1UL << 30));
            }

            emit.VexShiftImm(V.Psrlq, product, product, 31);
            emit.Vex(V.Paddq, t, t, t);
            emit.VexImm(V.Pblendd, product, product, t, 0b1010);
        }

        VRelease(t);
        MinimumToMaximum(inst.Size, d, product);
        return true;
    }

    private bool EmitDoublingMulLong(in IrInst inst)
    {
        int wide = inst.Size * 2;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VHold(VOut(inst));
        Xmm product = VTemp();
        VMulLong(inst.Size, signed: true, inst.Aux != 0, product, a, b);
        if (inst.Shape != VectorShape.Q)
            ClearAbove(inst.Shape, wide, product, product);
        emit.Vex(AddOf(wide), product, product, product);
        MinimumToMaximum(wide, d, product);
        return true;
    }

    /// <summary>
    /// (C · 2^(bits−1) ± A · B + 2^(bits−2)) >> (bits−1), saturated. Halfwords: the sum fits 32 bits, and the host packs with saturation.
    /// Words: the sum fits 64 bits; it saturates where its upper bits are not the sign of the result.
    /// </summary>
    private bool EmitDoublingMulAddHigh(in IrInst inst)
    {
        bool subtract = inst.Op == IrOp.VectorSaturatingRoundingDoublingMulSubHigh;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm c = VIn(inst.C);
        Xmm d = VHold(VOut(inst));
        Xmm x = VCleared(inst, a, inst.Size);
        Xmm y = VCleared(inst, c, inst.Size);
        if (inst.Size == 2)
        {
            Xmm low = MulAddHalf(x, b, y, subtract, upper: false);
            Xmm high = MulAddHalf(x, b, y, subtract, upper: true);
            Xmm packed = VTemp();
            emit.Vex(V.Packssdw, packed, low, high);
            VMove(d, packed);
            // What packing changed.
            emit.Vex(V.Punpcklwd, packed, d, d);
            emit.VexShiftImm(V.Psrad, packed, packed, 16);
            emit.Vex(V.Pxor, low, low, packed);
            emit.Vex(V.Punpckhwd, packed, d, d);
            emit.VexShiftImm(V.Psrad, packed, packed, 16);
            emit.Vex(V.Pxor, high, high, packed);
            emit.Vex(V.Por, low, low, high);
            VSaturated(low);
            return true;
        }

        Xmm even = MulAddWords(x, b, y, subtract, odd: false);
        Xmm odd = MulAddWords(x, b, y, subtract, odd: true);
        SaturateWords(even, d, odd);
        return true;
    }

    private Xmm MulAddHalf(Xmm a, Xmm b, Xmm c, bool subtract, bool upper)
    {
        Xmm sum = VTemp();
        Xmm t = VTemp();
        VZero(t);
        // C in the upper halves of words, then 2^15 times itself.
        emit.Vex(upper ? V.Punpckhwd : V.Punpcklwd, t, t, c);
        emit.VexShiftImm(V.Psrad, t, t, 1);
        emit.Vex(V.Paddd, t, t, VSplat(4, 1 << 14));
        VMulLong(2, signed: true, upper, sum, a, b);
        emit.Vex(subtract ? V.Psubd : V.Paddd, sum, t, sum);
        emit.VexShiftImm(V.Psrad, sum, sum, 15);
        VRelease(t);
        return sum;
    }

    private Xmm MulAddWords(Xmm a, Xmm b, Xmm c, bool subtract, bool odd)
    {
        Xmm sum = VTemp();
        Xmm t = VTemp();
        if (odd)
        {
            emit.VexShiftImm(V.Psrlq, sum, a, 32);
            emit.VexShiftImm(V.Psrlq, t, b, 32);
            emit.Vex(V.Pmuldq, sum, sum, t);
            emit.Vex(V.Pand, t, c, VSplat(8, 0xFFFF_FFFF_0000_0000));
        }
        else
        {
            emit.Vex(V.Pmuldq, sum, a, b);
            emit.VexShiftImm(V.Psllq, t, c, 32);
        }

        VShiftRightSigned(8, t, t, 1);
        emit.Vex(V.Paddq, t, t, VSplat(8, 1UL << 30));
        emit.Vex(subtract ? V.Psubq : V.Paddq, sum, t, sum);
        VShiftRightSigned(8, sum, sum, 31);
        VRelease(t);
        return sum;
    }

    /// <summary>d := words from sign-extended even and odd elements in 64 bits, saturated; both are used up.</summary>
    private void SaturateWords(Xmm even, Xmm d, Xmm odd)
    {
        Xmm limit = VTemp();
        Xmm wrapped = VTemp();
        Xmm fits = VTemp();
        // Low words interleaved, and the high words they should have.
        emit.VexShiftImm(V.Psllq, wrapped, odd, 32);
        emit.VexImm(V.Pblendd, wrapped, even, wrapped, 0b1010);
        emit.VexShiftImm(V.Psrlq, limit, even, 32);
        emit.VexImm(V.Pblendd, limit, limit, odd, 0b1010);
        emit.VexShiftImm(V.Psrad, fits, wrapped, 31);
        emit.Vex(V.Pcmpeqd, fits, fits, limit);
        emit.VexShiftImm(V.Psrad, limit, limit, 31);
        emit.Vex(V.Pxor, limit, limit, VSplat(4, SignBit(4) - 1));
        emit.VexBlendv(V.Blendvps, d, limit, wrapped, fits);
        emit.Vex(V.Pxor, fits, fits, VOnes(limit));
        VSaturated(fits);
    }
}
