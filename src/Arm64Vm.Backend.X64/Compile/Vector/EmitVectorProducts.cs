using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Sums of byte products in 32-bit lanes: dot and matrix products.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorProducts(in IrInst inst)
    {
        bool signedA = inst.Op is IrOp.VectorDotSigned or IrOp.VectorMatrixMulSigned;
        bool signedB = signedA || inst.Op is IrOp.VectorDotUnsignedSigned or IrOp.VectorMatrixMulUnsignedSigned;
        if (inst.Op >= IrOp.VectorMatrixMulUnsigned)
            return EmitMatrixMul(inst, signedA, signedB);
        bool vnni = features.AvxVnni || features is { Avx512Vl: true, Avx512Vnni: true };
        if (vnni && inst.Op == IrOp.VectorDotUnsignedSigned)
            return EmitDotVnni(inst);
        return EmitDot(inst, signedA, signedB);
    }

    /// <summary>The host's instruction has exactly this signedness.</summary>
    private bool EmitDotVnni(in IrInst inst)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        VectorOperand c = VSource(inst.C);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        VMove(t, c);
        emit.Vex(features.AvxVnni ? V.Pdpbusd : V.EvexPdpbusd, t, a, b);
        ClearAbove(inst.Shape, 8, d, t);
        return true;
    }

    /// <summary>Bytes as halfwords, the even and the odd ones; vpmaddwd multiplies and adds two of them per lane without overflow.</summary>
    private bool EmitDot(in IrInst inst, bool signedA, bool signedB)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        VectorOperand c = VSource(inst.C);
        Xmm d = VOut(inst);
        Xmm even = VTemp();
        Xmm odd = VTemp();
        Xmm t = VTemp();
        EvenBytes(even, a, signedA);
        EvenBytes(t, b, signedB);
        emit.Vex(V.Pmaddwd, even, even, t);
        OddBytes(odd, a, signedA);
        OddBytes(t, b, signedB);
        emit.Vex(V.Pmaddwd, odd, odd, t);
        emit.Vex(V.Paddd, even, even, odd);
        Vex(V.Paddd, d, even, c);
        ClearAbove(inst.Shape, 8, d, d);
        return true;
    }

    private void EvenBytes(Xmm d, Xmm a, bool signed)
    {
        if (!signed)
        {
            emit.Vex(V.Pand, d, a, VSplat(2, 0xFF));
            return;
        }

        emit.VexShiftImm(V.Psllw, d, a, 8);
        emit.VexShiftImm(V.Psraw, d, d, 8);
    }

    private void OddBytes(Xmm d, Xmm a, bool signed) => emit.VexShiftImm(signed ? V.Psraw : V.Psrlw, d, a, 8);

    /// <summary>
    /// Row i of A times row j of B, eight products each, for the four pairs of rows; horizontal additions sum them up in the order of the result.
    /// </summary>
    private bool EmitMatrixMul(in IrInst inst, bool signedA, bool signedB)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        VectorOperand c = VSource(inst.C);
        Xmm d = VOut(inst);
        Xmm row = VTemp();
        Xmm t = VTemp();
        Xmm first = VTemp();
        Xmm second = VTemp();
        MatrixRow(first, row, t, a, b, upper: false, signedA, signedB);
        MatrixRow(second, row, t, a, b, upper: true, signedA, signedB);
        emit.Vex(V.Phaddd, first, first, second);
        Vex(V.Paddd, d, first, c);
        return true;
    }

    /// <summary>d := partial sums of a row of A times both rows of B.</summary>
    private void MatrixRow(Xmm d, Xmm row, Xmm t, Xmm a, Xmm b, bool upper, bool signedA, bool signedB)
    {
        VExtendHalf(1, signedA, upper, row, a);
        VExtendHalf(1, signedB, upper: false, d, b);
        emit.Vex(V.Pmaddwd, d, d, row);
        VExtendHalf(1, signedB, upper: true, t, b);
        emit.Vex(V.Pmaddwd, t, t, row);
        emit.Vex(V.Phaddd, d, d, t);
    }
}
