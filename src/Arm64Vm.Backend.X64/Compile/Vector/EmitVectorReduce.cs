using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Across lanes.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitVectorReduce(in IrInst inst)
    {
        if (inst.Op == IrOp.VectorReduceAdd)
            return EmitReduceAdd(inst);
        if (inst.Size == 8)
            return false;
        return inst.Size == 4 ? EmitReduceWords(inst) : EmitReduceByMinimum(inst);
    }

    private bool EmitReduceAdd(in IrInst inst)
    {
        bool whole = inst.Shape == VectorShape.Q;
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        Xmm sum = VTemp();
        Xmm t = VTemp();
        switch (inst.Size)
        {
            case 1:
                emit.Vex(V.Psadbw, sum, a, VZero(t));
                if (whole)
                {
                    emit.VexImm2(V.Pshufd, t, sum, 0b1110);
                    emit.Vex(V.Paddd, sum, sum, t);
                }

                break;
            case 2:
                emit.Vex(V.Pmaddwd, sum, a, VSplat(2, 1));
                FoldWords(V.Paddd, sum, sum, t, whole);
                break;
            case 4:
                FoldWords(V.Paddd, sum, a, t, whole);
                break;
            default:
                if (!whole)
                {
                    VMove(sum, a);
                    break;
                }

                emit.VexImm2(V.Pshufd, t, a, 0b1110);
                emit.Vex(V.Paddq, sum, a, t);
                break;
        }

        ClearAbove(VectorShape.Scalar, inst.Size, d, sum);
        return true;
    }

    /// <summary>d's element 0 := all words of a, or its low two, folded by <paramref name="op"/>.</summary>
    private void FoldWords(VexOp op, Xmm d, Xmm a, Xmm t, bool whole)
    {
        if (whole)
        {
            emit.VexImm2(V.Pshufd, t, a, 0b1110);
            emit.Vex(op, d, a, t);
            a = d;
        }

        emit.VexImm2(V.Pshufd, t, a, 0b01);
        emit.Vex(op, d, a, t);
    }

    private bool EmitReduceWords(in IrInst inst)
    {
        VexOp op = inst.Op switch
        {
            IrOp.VectorReduceMinSigned => V.Pminsd,
            IrOp.VectorReduceMinUnsigned => V.Pminud,
            IrOp.VectorReduceMaxSigned => V.Pmaxsd,
            _ => V.Pmaxud,
        };
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        Xmm u = VTemp();
        FoldWords(op, t, a, u, inst.Shape == VectorShape.Q);
        ClearAbove(VectorShape.Scalar, 4, d, t);
        return true;
    }

    /// <summary>
    /// The host finds the unsigned minimum of eight halfwords. The others are that of the elements XORed with a mask: FF… for the unsigned
    /// maximum, 80… for the signed minimum, 7F… for the signed maximum.
    /// </summary>
    private bool EmitReduceByMinimum(in IrInst inst)
    {
        int size = inst.Size;
        ulong mask = inst.Op switch
        {
            IrOp.VectorReduceMinUnsigned => 0,
            IrOp.VectorReduceMaxUnsigned => ElementMask(size),
            IrOp.VectorReduceMinSigned => SignBit(size),
            _ => SignBit(size) - 1,
        };
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        if (inst.Shape == VectorShape.D)
        {
            emit.Vex(V.Punpcklqdq, t, a, a);
            a = t;
        }

        if (mask != 0)
        {
            emit.Vex(V.Pxor, t, a, VSplat(size, mask));
            a = t;
        }

        if (size == 1)
        {
            // The minimum of each pair of bytes, zero-extended.
            Xmm u = VTemp();
            emit.VexShiftImm(V.Psrlw, u, a, 8);
            emit.Vex(V.Pminub, t, a, u);
            a = t;
        }

        emit.Vex(V.Phminposuw, t, a);
        if (mask != 0)
            emit.Vex(V.Pxor, t, t, VConst(mask, 0));
        // The place of the minimum is beside it.
        ClearAbove(VectorShape.Scalar, size, d, t);
        return true;
    }
}
