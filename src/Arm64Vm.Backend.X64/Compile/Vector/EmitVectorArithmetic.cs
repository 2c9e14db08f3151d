using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Addition, multiplication, absolute values, minimum and maximum.</summary>
internal sealed partial class X64Compiler
{
    private static VexOp AddOf(int size) => BySize(size, V.Paddb, V.Paddw, V.Paddd, V.Paddq);

    private static VexOp SubOf(int size) => BySize(size, V.Psubb, V.Psubw, V.Psubd, V.Psubq);

    private static VexOp MinSignedOf(int size) => BySize(size, V.Pminsb, V.Pminsw, V.Pminsd, V.EvexPminsq);

    private static VexOp MaxSignedOf(int size) => BySize(size, V.Pmaxsb, V.Pmaxsw, V.Pmaxsd, V.EvexPmaxsq);

    private static VexOp MinUnsignedOf(int size) => BySize(size, V.Pminub, V.Pminuw, V.Pminud, V.EvexPminuq);

    private static VexOp MaxUnsignedOf(int size) => BySize(size, V.Pmaxub, V.Pmaxuw, V.Pmaxud, V.EvexPmaxuq);

    private bool TryEmitVectorArithmetic(in IrInst inst)
    {
        int size = inst.Size;
        switch (inst.Op)
        {
            case IrOp.VectorAdd:
                return VBinary(inst, AddOf(size), commutes: true);
            case IrOp.VectorSub:
                return VBinary(inst, SubOf(size), commutes: false);
            case IrOp.VectorNeg:
                {
                    VectorOperand a = VSource(inst.A);
                    Xmm d = VOut(inst);
                    Vex(SubOf(size), d, VZero(VTemp()), a);
                    KeepClear(inst, d);
                    return true;
                }

            case IrOp.VectorAbs:
                {
                    Xmm a = VIn(inst.A);
                    Xmm d = VOut(inst);
                    VAbs(size, d, a);
                    KeepClear(inst, d);
                    return true;
                }

            case IrOp.VectorMul:
                return TryEmitVectorMul(inst);
            case IrOp.VectorPolynomialMul:
                return EmitPolynomialMul(inst);
            case IrOp.VectorAbsDifferenceSigned:
                return TryEmitAbsDifference(inst, MaxSignedOf(size), MinSignedOf(size));
            case IrOp.VectorAbsDifferenceUnsigned:
                return TryEmitAbsDifference(inst, MaxUnsignedOf(size), MinUnsignedOf(size));
            case IrOp.VectorMinSigned:
                return EmitMinMax(inst, MinSignedOf(size), max: false, signed: true);
            case IrOp.VectorMinUnsigned:
                return EmitMinMax(inst, MinUnsignedOf(size), max: false, signed: false);
            case IrOp.VectorMaxSigned:
                return EmitMinMax(inst, MaxSignedOf(size), max: true, signed: true);
            default:
                return EmitMinMax(inst, MaxUnsignedOf(size), max: true, signed: false);
        }
    }

    /// <summary>d := |a|; the minimum stays.</summary>
    private void VAbs(int size, Xmm d, Xmm a)
    {
        if (size != 8 || features.Avx512Vl)
        {
            emit.Vex(BySize(size, V.Pabsb, V.Pabsw, V.Pabsd, V.EvexPabsq), d, a);
            return;
        }

        Xmm t = VTemp();
        VZero(t);
        emit.Vex(V.Psubq, t, t, a);
        emit.VexBlendv(V.Blendvpd, d, a, t, a);
        VRelease(t);
    }

    private bool TryEmitVectorMul(in IrInst inst)
    {
        if (inst.Size == 2)
            return VBinary(inst, V.Pmullw, commutes: true);
        if (inst.Size == 4)
            return VBinary(inst, V.Pmulld, commutes: true);
        if (inst.Size != 1)
            return false;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm odd = VTemp();
        Xmm even = VTemp();
        // Odd bytes: a >> 8 times (b & FF00) leaves the product in the upper byte and zero below.
        emit.VexShiftImm(V.Psrlw, odd, a, 8);
        emit.Vex(V.Pand, even, b, VSplat(2, 0xFF00));
        emit.Vex(V.Pmullw, odd, odd, even);
        emit.Vex(V.Pmullw, even, a, b);
        emit.Vex(V.Pand, even, even, VSplat(2, 0xFF));
        emit.Vex(V.Por, d, odd, even);
        KeepClear(inst, d);
        return true;
    }

    private bool TryEmitAbsDifference(in IrInst inst, VexOp max, VexOp min)
    {
        if (inst.Size == 8)
            return false;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm high = VTemp();
        Xmm low = VTemp();
        emit.Vex(max, high, a, b);
        emit.Vex(min, low, a, b);
        emit.Vex(SubOf(inst.Size), d, high, low);
        KeepClear(inst, d);
        return true;
    }

    private bool EmitMinMax(in IrInst inst, VexOp op, bool max, bool signed)
    {
        if (inst.Size != 8 || features.Avx512Vl)
            return VBinary(inst, op, commutes: true);
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm greater = VTemp();
        VGreater(8, signed, greater, a, b);
        emit.VexBlendv(V.Blendvpd, d, max ? b : a, max ? a : b, greater);
        KeepClear(inst, d);
        return true;
    }

    /// <summary>d := a &gt; b; d is neither of them.</summary>
    private void VGreater(int size, bool signed, Xmm d, Xmm a, Xmm b)
    {
        VexOp compare = BySize(size, V.Pcmpgtb, V.Pcmpgtw, V.Pcmpgtd, V.Pcmpgtq);
        if (signed)
        {
            emit.Vex(compare, d, a, b);
            return;
        }

        // Inverted sign bits put unsigned numbers into signed order.
        Xmm t = VTemp();
        Mem bias = VSplat(size, SignBit(size));
        emit.Vex(V.Pxor, d, a, bias);
        emit.Vex(V.Pxor, t, b, bias);
        emit.Vex(compare, d, d, t);
        VRelease(t);
    }
}
