using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Halving additions and subtractions.</summary>
/// <remarks>
/// <code>
/// Bytes and halfwords, by the host's unsigned rounding average avg(a, b) = (a + b + 1) >> 1:
///   URHADD  avg(a, b)
///   SRHADD  avg(a ^ MIN, b ^ MIN) ^ MIN          the bias passes through the average
///   UHADD   ~avg(~a, ~b)
///   SHADD   the same with the bias: masks MAX = ~MIN
///   UHSUB   avg(a, ~b) ^ MIN                      (a − b + 2^n) >> 1 is 2^(n−1) too large
///   SHSUB   avg(a ^ MIN, b ^ MAX) ^ MIN
/// Words:
///   HADD    (a &amp; b) + ((a ^ b) >> 1)
///   RHADD   (a | b) − ((a ^ b) >> 1)
///   HSUB    ((a ^ b) >> 1) − (~a &amp; b)
/// </code>
/// </remarks>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorHalving(in IrInst inst)
    {
        int size = inst.Size;
        ulong min = SignBit(size), max = min - 1, ones = ulong.MaxValue;
        bool signed = inst.Op is IrOp.VectorHalvingAddSigned or IrOp.VectorRoundingHalvingAddSigned or IrOp.VectorHalvingSubSigned;
        if (size == 8)
            return false;
        if (size == 4)
            return EmitHalvingWords(inst, signed ? V.Psrad : V.Psrld);
        switch (inst.Op)
        {
            case IrOp.VectorRoundingHalvingAddUnsigned:
                return VBinary(inst, size == 1 ? V.Pavgb : V.Pavgw, commutes: true);
            case IrOp.VectorRoundingHalvingAddSigned:
                return EmitAverage(inst, min, min, min);
            case IrOp.VectorHalvingAddUnsigned:
                return EmitAverage(inst, ones, ones, ones);
            case IrOp.VectorHalvingAddSigned:
                return EmitAverage(inst, max, max, max);
            case IrOp.VectorHalvingSubUnsigned:
                return EmitAverage(inst, 0, ones, min);
            default:
                return EmitAverage(inst, min, max, min);
        }
    }

    private bool EmitAverage(in IrInst inst, ulong maskA, ulong maskB, ulong maskResult)
    {
        int size = inst.Size;
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        emit.Vex(V.Pxor, t, b, VSplat(size, maskB));
        if (maskA != 0)
        {
            Xmm u = VTemp();
            emit.Vex(V.Pxor, u, a, VSplat(size, maskA));
            a = u;
        }

        emit.Vex(size == 1 ? V.Pavgb : V.Pavgw, t, a, t);
        emit.Vex(V.Pxor, d, t, VSplat(size, maskResult));
        ClearAbove(inst, d);
        return true;
    }

    private bool EmitHalvingWords(in IrInst inst, VexOp shift)
    {
        Xmm a = VIn(inst.A);
        Xmm b = VIn(inst.B);
        Xmm d = VOut(inst);
        Xmm half = VTemp();
        Xmm t = VTemp();
        emit.Vex(V.Pxor, half, a, b);
        emit.VexShiftImm(shift, half, half, 1);
        switch (inst.Op)
        {
            case IrOp.VectorHalvingAddSigned or IrOp.VectorHalvingAddUnsigned:
                emit.Vex(V.Pand, t, a, b);
                emit.Vex(V.Paddd, d, t, half);
                break;
            case IrOp.VectorRoundingHalvingAddSigned or IrOp.VectorRoundingHalvingAddUnsigned:
                emit.Vex(V.Por, t, a, b);
                emit.Vex(V.Psubd, d, t, half);
                break;
            default:
                emit.Vex(V.Pandn, t, a, b);
                emit.Vex(V.Psubd, d, half, t);
                break;
        }

        KeepClear(inst, d);
        return true;
    }
}
