using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>SHA-512 with 64-bit vector arithmetic.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitSha512(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorSha512Hash:
                return EmitSha512Hash(inst);
            case IrOp.VectorSha512Hash2:
                return EmitSha512Hash2(inst);
            case IrOp.VectorSha512Schedule0:
                {
                    // d + σ0(n.lo : d.hi)
                    Xmm a = VIn(inst.A);
                    Xmm b = VIn(inst.B);
                    Xmm d = VOut(inst);
                    Xmm w = VTemp();
                    emit.VexImm(V.Shufpd, w, a, b, 0b01);
                    Xmm sigma = XorOfRotations(w, 1, 8, 0, 7);
                    emit.Vex(V.Paddq, d, sigma, a);
                    return true;
                }

            default:
                {
                    Xmm b = VIn(inst.B);
                    VectorOperand a = VSource(inst.A);
                    VectorOperand c = VSource(inst.C);
                    Xmm d = VOut(inst);
                    Xmm sigma = XorOfRotations(b, 19, 61, 0, 6);
                    Vex(V.Paddq, sigma, sigma, a);
                    Vex(V.Paddq, d, sigma, c);
                    return true;
                }
        }
    }

    /// <summary>A temporary with a rotated right by two or three amounts (0 = none), XORed, and with a shifted right where <paramref name="shift"/> is not 0.</summary>
    private Xmm XorOfRotations(Xmm a, int first, int second, int third, int shift)
    {
        Xmm sum = VTemp();
        Xmm t = VTemp();
        VRotateRight(8, sum, a, first);
        VRotateRight(8, t, a, second);
        emit.Vex(V.Pxor, sum, sum, t);
        if (third != 0)
            VRotateRight(8, t, a, third);
        else
            VShiftRight(8, t, a, shift);
        emit.Vex(V.Pxor, sum, sum, t);
        VRelease(t);
        return sum;
    }

    /// <summary>
    /// high = d.hi + Σ1(m.hi) + Ch(m.hi, n.lo, n.hi); low = d.lo + Σ1(e) + Ch(e, m.hi, n.lo) with e = high + m.lo. Worked out in element 0.
    /// </summary>
    private bool EmitSha512Hash(in IrInst inst)
    {
        Xmm a = VIn(inst.A);
        Xmm n = VIn(inst.B);
        Xmm m = VIn(inst.C);
        Xmm d = VOut(inst);
        Xmm top = VTemp();
        Xmm high = VTemp();
        emit.Vex(V.Punpckhqdq, top, m, m);
        // Ch(x, y, z) = ((y ^ z) & x) ^ z
        emit.VexImm2(V.Pshufd, high, n, 0b1110);
        Xmm t = VTemp();
        emit.Vex(V.Pxor, t, high, n);
        emit.Vex(V.Pand, t, t, top);
        emit.Vex(V.Pxor, high, high, t);
        emit.VexImm2(V.Pshufd, t, a, 0b1110);
        emit.Vex(V.Paddq, high, high, t);
        VRelease(t);
        Xmm sum = XorOfRotations(top, 14, 18, 41, 0);
        emit.Vex(V.Paddq, high, high, sum);
        VRelease(sum);
        Xmm e = VTemp();
        emit.Vex(V.Paddq, e, high, m);
        // Ch(e, m.hi, n.lo)
        emit.Vex(V.Pxor, top, top, n);
        emit.Vex(V.Pand, top, top, e);
        emit.Vex(V.Pxor, top, top, n);
        emit.Vex(V.Paddq, top, top, a);
        sum = XorOfRotations(e, 14, 18, 41, 0);
        emit.Vex(V.Paddq, top, top, sum);
        emit.Vex(V.Punpcklqdq, d, top, high);
        return true;
    }

    /// <summary>
    /// high = d.hi + Σ0(m.lo) + Maj(n.lo, m.hi, m.lo); low = d.lo + Σ0(high) + Maj(high, m.hi, m.lo). Worked out in element 0.
    /// </summary>
    private bool EmitSha512Hash2(in IrInst inst)
    {
        Xmm a = VIn(inst.A);
        Xmm n = VIn(inst.B);
        Xmm m = VIn(inst.C);
        Xmm d = VOut(inst);
        Xmm top = VTemp();
        Xmm high = VTemp();
        emit.Vex(V.Punpckhqdq, top, m, m);
        VMajority(high, n, top, m);
        Xmm t = VTemp();
        emit.VexImm2(V.Pshufd, t, a, 0b1110);
        emit.Vex(V.Paddq, high, high, t);
        VRelease(t);
        Xmm sum = XorOfRotations(m, 28, 34, 39, 0);
        emit.Vex(V.Paddq, high, high, sum);
        VRelease(sum);
        Xmm low = VTemp();
        VMajority(low, high, top, m);
        emit.Vex(V.Paddq, low, low, a);
        VRelease(top);
        sum = XorOfRotations(high, 28, 34, 39, 0);
        emit.Vex(V.Paddq, low, low, sum);
        emit.Vex(V.Punpcklqdq, d, low, high);
        return true;
    }

    /// <summary>d := Maj(x, y, z) = ((y ^ z) &amp; x) ^ (y &amp; z); d is none of them.</summary>
    private void VMajority(Xmm d, Xmm x, Xmm y, Xmm z)
    {
        Xmm t = VTemp();
        emit.Vex(V.Pxor, d, y, z);
        emit.Vex(V.Pand, d, d, x);
        emit.Vex(V.Pand, t, y, z);
        emit.Vex(V.Pxor, d, d, t);
        VRelease(t);
    }
}
