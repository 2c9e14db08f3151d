using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Products and pairwise sums of twice the elements' size; polynomial products.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorLong(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorMulLongUnsigned:
                return EmitMulLong(inst, signed: false);
            case IrOp.VectorMulLongSigned:
                return EmitMulLong(inst, signed: true);
            case IrOp.VectorPolynomialMulLong:
                return TryEmitPolynomialMulLong(inst);
            default:
                return EmitPairAddLong(inst);
        }
    }

    private bool EmitMulLong(in IrInst inst, bool signed)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        VMulLong(inst.Size, signed, inst.Aux != 0, d, a, b);
        ClearAbove(inst.Shape, inst.Size * 2, d, d);
        return true;
    }

    /// <summary>d := products of one half of a and b; d is written last.</summary>
    private void VMulLong(int size, bool signed, bool upper, Xmm d, Xmm a, Xmm b)
    {
        Xmm t = VTemp();
        Xmm u = VTemp();
        switch (size)
        {
            case 1:
                VExtendHalf(1, signed, upper, t, a);
                VExtendHalf(1, signed, upper, u, b);
                emit.Vex(V.Pmullw, d, t, u);
                break;
            case 2:
                emit.Vex(V.Pmullw, t, a, b);
                emit.Vex(signed ? V.Pmulhw : V.Pmulhuw, u, a, b);
                emit.Vex(upper ? V.Punpckhwd : V.Punpcklwd, d, t, u);
                break;
            default:
                // The host multiplies elements 0 and 2.
                emit.VexImm2(V.Pshufd, t, a, upper ? (byte)0b11_11_10_10 : (byte)0b01_01_00_00);
                emit.VexImm2(V.Pshufd, u, b, upper ? (byte)0b11_11_10_10 : (byte)0b01_01_00_00);
                emit.Vex(signed ? V.Pmuldq : V.Pmuludq, d, t, u);
                break;
        }

        VRelease(t);
        VRelease(u);
    }

    private void VExtendHalf(int size, bool signed, bool upper, Xmm d, Xmm a)
    {
        if (!upper)
            emit.Vex(ExtendOf(size, signed), d, a);
        else if (signed)
            VExtendUpper(size, signed, d, a);
        else
            emit.Vex(V.Pshufb, d, a, WidenUpperMask(size));
    }

    private bool EmitPairAddLong(in IrInst inst)
    {
        bool signed = inst.Op == IrOp.VectorPairAddLongSigned;
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        switch (inst.Size)
        {
            case 1 when !signed:
                // Unsigned times signed bytes, summed in pairs.
                emit.Vex(V.Pmaddubsw, d, a, VSplat(1, 1));
                break;
            case 1:
                emit.Vex(V.Movaps, t, VSplat(1, 1));
                emit.Vex(V.Pmaddubsw, d, t, a);
                break;
            case 2 when signed:
                emit.Vex(V.Pmaddwd, d, a, VSplat(2, 1));
                break;
            case 2:
                {
                    Xmm u = VTemp();
                    emit.VexShiftImm(V.Psrld, t, a, 16);
                    emit.Vex(V.Pand, u, a, VSplat(4, 0xFFFF));
                    emit.Vex(V.Paddd, d, t, u);
                    break;
                }

            default:
                {
                    // Signed: biased by 2^31 each, the sum is 2^32 too large.
                    Xmm u = VTemp();
                    if (signed)
                    {
                        emit.Vex(V.Pxor, t, a, VSplat(4, SignBit(4)));
                        a = t;
                    }

                    emit.VexShiftImm(V.Psrlq, u, a, 32);
                    emit.Vex(V.Pand, t, a, VSplat(8, uint.MaxValue));
                    emit.Vex(V.Paddq, signed ? t : d, t, u);
                    if (signed)
                        emit.Vex(V.Psubq, d, t, VSplat(8, 1UL << 32));
                    break;
                }
        }

        ClearAbove(inst.Shape, inst.Size * 2, d, d);
        return true;
    }

    private bool TryEmitPolynomialMulLong(in IrInst inst)
    {
        bool upper = inst.Aux != 0;
        if (inst.Size == 1)
            return EmitPolynomialMulBytes(inst, upper);
        if (!features.Pclmulqdq)
            return false;
        Xmm a = VIn(inst.A);
        VectorOperand b = VSource(inst.B);
        Xmm d = VOut(inst);
        VexImm(V.Pclmulqdq, d, a, b, upper ? 0x11 : 0);
        return true;
    }

    private bool EmitPolynomialMul(in IrInst inst)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm bits = VTemp();
        VMove(bits, b);
        PolynomialSteps(1, d, a, bits);
        ClearAbove(inst, d);
        return true;
    }

    private bool EmitPolynomialMulBytes(in IrInst inst, bool upper)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm bits = VTemp();
        Xmm wide = VTemp();
        // Both bytes of a halfword hold the same multiplier, as the selection goes by bytes.
        emit.Vex(upper ? V.Punpckhbw : V.Punpcklbw, bits, b, b);
        VExtendHalf(1, signed: false, upper, wide, a);
        PolynomialSteps(2, d, wide, bits);
        return true;
    }

    /// <summary>d := carry-less product, by Horner's rule from bit 7 of the multiplier on; bits is used up.</summary>
    private void PolynomialSteps(int size, Xmm d, Xmm a, Xmm bits)
    {
        Xmm sum = VTemp();
        Xmm t = VTemp();
        VZero(sum);
        for (int i = 7; ; i--)
        {
            emit.Vex(V.Pxor, t, sum, a);
            if (i == 0)
            {
                emit.VexBlendv(V.Pblendvb, d, sum, t, bits);
                return;
            }

            emit.VexBlendv(V.Pblendvb, sum, sum, t, bits);
            emit.Vex(AddOf(size), sum, sum, sum);
            emit.Vex(V.Paddb, bits, bits, bits);
        }
    }
}
