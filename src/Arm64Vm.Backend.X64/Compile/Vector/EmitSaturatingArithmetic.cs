using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Saturating additions, subtractions, absolute values and negations.</summary>
/// <remarks>
/// FPSR.QC is accumulated without branches: what differs from zero where a live lane saturated is ORed into a field of the context. Operands
/// are cleared above the live lanes first; zeros never saturate.
/// </remarks>
internal sealed partial class X64Compiler
{
    /// <summary>Notes saturation where <paramref name="indicator"/> is not zero; it is used up.</summary>
    private void VSaturated(Xmm indicator)
    {
        Mem sticky = HostAbi.Field(HostContext.SaturationOffset);
        emit.Vex(V.Por, indicator, indicator, sticky);
        emit.VexStore(V.Movaps, sticky, indicator);
    }

    /// <summary>An operand whose lanes above the live ones are zero.</summary>
    private Xmm VInLive(in IrInst inst, int value, int scalarSize)
    {
        Xmm a = VIn(value);
        return inst.Shape == VectorShape.Q ? a : VCleared(inst, a, scalarSize);
    }

    private Xmm VCleared(in IrInst inst, Xmm a, int scalarSize)
    {
        if (inst.Shape == VectorShape.Q)
            return a;
        Xmm t = VTemp();
        ClearAbove(inst.Shape, scalarSize, t, a);
        return t;
    }

    private bool TryEmitSaturatingArithmetic(in IrInst inst)
    {
        int size = inst.Size;
        bool twoOperands = inst.Op < IrOp.VectorSaturatingAbs;
        Xmm a = VIn(inst.A);
        Xmm b = twoOperands ? VIn(inst.B) : a;
        Xmm d = VOut(inst);
        // The result is written before the indicator is complete.
        VHold(d);
        Xmm x = VCleared(inst, a, size);
        Xmm y = !twoOperands || a == b ? x : VCleared(inst, b, size);
        bool small = size <= 2;
        switch (inst.Op)
        {
            case IrOp.VectorSaturatingAddSigned when small:
                SaturatingByHost(size == 1 ? V.Paddsb : V.Paddsw, AddOf(size), d, x, y);
                break;
            case IrOp.VectorSaturatingAddUnsigned when small:
                SaturatingByHost(size == 1 ? V.Paddusb : V.Paddusw, AddOf(size), d, x, y);
                break;
            case IrOp.VectorSaturatingSubSigned when small:
                SaturatingByHost(size == 1 ? V.Psubsb : V.Psubsw, SubOf(size), d, x, y);
                break;
            case IrOp.VectorSaturatingSubUnsigned when small:
                SaturatingByHost(size == 1 ? V.Psubusb : V.Psubusw, SubOf(size), d, x, y);
                break;
            case IrOp.VectorSaturatingAddSigned:
                SaturatingSigned(size, subtract: false, d, x, y);
                break;
            case IrOp.VectorSaturatingSubSigned:
                SaturatingSigned(size, subtract: true, d, x, y);
                break;
            case IrOp.VectorSaturatingAddUnsigned:
                SaturatingAddUnsigned(size, d, x, y);
                break;
            case IrOp.VectorSaturatingSubUnsigned:
                SaturatingSubUnsigned(size, d, x, y);
                break;
            case IrOp.VectorSaturatingAddSignedUnsigned:
                SaturatingAddSignedUnsigned(size, d, x, y);
                break;
            case IrOp.VectorSaturatingAddUnsignedSigned:
                SaturatingAddUnsignedSigned(size, d, x, y);
                break;
            case IrOp.VectorSaturatingAbs:
                {
                    // Only the minimum saturates: it stays, and its complement is the maximum.
                    Xmm t = VTemp();
                    VAbs(size, t, x);
                    MinimumToMaximum(size, d, t);
                    break;
                }

            default:
                {
                    Xmm t = VTemp();
                    VZero(t);
                    emit.Vex(SubOf(size), t, t, x);
                    MinimumToMaximum(size, d, t);
                    break;
                }
        }

        return true;
    }

    /// <summary>d := a with the most negative elements replaced by the most positive ones, noting saturation.</summary>
    private void MinimumToMaximum(int size, Xmm d, Xmm a)
    {
        Xmm minimum = VTemp();
        emit.Vex(EqualOf(size), minimum, a, VSplat(size, SignBit(size)));
        emit.Vex(V.Pxor, d, a, minimum);
        VSaturated(minimum);
        VRelease(minimum);
    }

    /// <summary>The saturated and the wrapping result differ exactly where a lane saturates.</summary>
    private void SaturatingByHost(VexOp saturating, VexOp wrapping, Xmm d, Xmm a, Xmm b)
    {
        Xmm t = VTemp();
        emit.Vex(wrapping, t, a, b);
        emit.Vex(saturating, d, a, b);
        emit.Vex(V.Pxor, t, t, d);
        VSaturated(t);
    }

    /// <summary>Words and quadwords: overflow where the sum's sign differs from both operands' (of a − b: a's from b's and from the difference's).</summary>
    private void SaturatingSigned(int size, bool subtract, Xmm d, Xmm a, Xmm b)
    {
        Xmm sum = VTemp();
        Xmm overflow = VTemp();
        Xmm t = VTemp();
        emit.Vex(subtract ? SubOf(size) : AddOf(size), sum, a, b);
        emit.Vex(V.Pxor, overflow, sum, a);
        emit.Vex(V.Pxor, t, subtract ? a : sum, b);
        emit.Vex(V.Pand, overflow, overflow, t);
        // The wrong sign, inverted, and its complement below: the limit.
        SignMask(size, t, sum);
        emit.Vex(V.Pxor, t, t, VSplat(size, SignBit(size)));
        emit.VexBlendv(size == 4 ? V.Blendvps : V.Blendvpd, d, sum, t, overflow);
        emit.Vex(V.Pand, overflow, overflow, VSplat(size, SignBit(size)));
        VSaturated(overflow);
    }

    /// <summary>d := −1 where a is negative, else 0; d is not a for quadwords.</summary>
    private void SignMask(int size, Xmm d, Xmm a)
    {
        switch (size)
        {
            case 2:
                emit.VexShiftImm(V.Psraw, d, a, 15);
                break;
            case 4:
                emit.VexShiftImm(V.Psrad, d, a, 31);
                break;
            default:
                VZero(d);
                emit.Vex(GreaterOf(size), d, d, a);
                break;
        }
    }

    /// <summary>d := a + b, all ones where that carries.</summary>
    private void SaturatingAddUnsigned(int size, Xmm d, Xmm a, Xmm b)
    {
        Xmm sum = VTemp();
        Xmm carry = VTemp();
        if (size == 4)
        {
            // b is cut to the room above a.
            VOnes(carry);
            emit.Vex(V.Pxor, sum, a, carry);
            emit.Vex(V.Pminud, sum, sum, b);
            emit.Vex(V.Pxor, carry, sum, b);
            emit.Vex(V.Paddd, d, a, sum);
        }
        else
        {
            emit.Vex(AddOf(size), sum, a, b);
            VGreater(size, signed: false, carry, a, sum);
            emit.Vex(V.Por, d, sum, carry);
        }

        VSaturated(carry);
    }

    private void SaturatingSubUnsigned(int size, Xmm d, Xmm a, Xmm b)
    {
        Xmm t = VTemp();
        Xmm borrow = VTemp();
        if (size == 4)
        {
            // a is raised to b at least.
            emit.Vex(V.Pmaxud, t, a, b);
            emit.Vex(V.Pxor, borrow, t, a);
            emit.Vex(V.Psubd, d, t, b);
        }
        else
        {
            VGreater(size, signed: false, borrow, b, a);
            emit.Vex(SubOf(size), t, a, b);
            emit.Vex(V.Pandn, d, borrow, t);
        }

        VSaturated(borrow);
    }

    /// <summary>SUQADD: biased by 2^(bits−1) it is an unsigned addition.</summary>
    private void SaturatingAddSignedUnsigned(int size, Xmm d, Xmm a, Xmm b)
    {
        Mem bias = VSplat(size, SignBit(size));
        Xmm biased = VTemp();
        emit.Vex(V.Pxor, biased, a, bias);
        if (size <= 2)
            SaturatingByHost(size == 1 ? V.Paddusb : V.Paddusw, AddOf(size), d, biased, b);
        else
            SaturatingAddUnsigned(size, d, biased, b);
        emit.Vex(V.Pxor, d, d, bias);
    }

    /// <summary>
    /// USQADD. Bytes and halfwords: the positive part of b is added, the negative part subtracted, one of which is zero. Others: with
    /// c = a &gt; a + b (unsigned) there is overflow upwards where b ≥ 0 and c, downwards where b &lt; 0 and not c.
    /// </summary>
    private void SaturatingAddUnsignedSigned(int size, Xmm d, Xmm a, Xmm b)
    {
        Xmm t = VTemp();
        Xmm u = VTemp();
        if (size <= 2)
        {
            VZero(t);
            emit.Vex(MaxSignedOf(size), t, t, b);
            emit.Vex(SubOf(size), u, t, b);
            emit.Vex(size == 1 ? V.Paddusb : V.Paddusw, t, a, t);
            emit.Vex(size == 1 ? V.Psubusb : V.Psubusw, t, t, u);
            emit.Vex(AddOf(size), u, a, b);
            emit.Vex(V.Pxor, u, u, t);
            VMove(d, t);
            VSaturated(u);
            return;
        }

        Xmm sum = VTemp();
        emit.Vex(AddOf(size), sum, a, b);
        VGreater(size, signed: false, t, a, sum);
        SignMask(size, u, b);
        emit.Vex(V.Pxor, t, t, u);
        // Overflow: all ones, but zero where b is negative.
        emit.Vex(V.Pandn, sum, t, sum);
        emit.Vex(V.Pandn, u, u, t);
        emit.Vex(V.Por, d, sum, u);
        VSaturated(t);
    }
}
