using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Saturating shifts by a constant.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>
    /// Up to words: the operand is cut to what the shift leaves in range; where that changed it, the bits that the shift left
    /// zero are set for the upper limit (the lower limit has them zero). Quadwords: shifted back, the operand must come out.
    /// </summary>
    private bool TryEmitSaturatingShiftImm(in IrInst inst)
    {
        int size = inst.Size, amount = (int)inst.Imm;
        Xmm a = VIn(inst.A);
        Xmm d = VHold(VOut(inst));
        Xmm x = VCleared(inst, a, size);
        if (size == 8)
        {
            SaturatingShift64(inst.Op, d, x, amount);
            return true;
        }

        ulong ones = ElementMask(size), signedMax = SignBit(size) - 1;
        Xmm cut = VTemp();
        Xmm t = VTemp();
        switch (inst.Op)
        {
            case IrOp.VectorSaturatingShiftLeftUnsignedImm:
                emit.Vex(MinUnsignedOf(size), cut, x, VSplat(size, ones >> amount));
                break;
            case IrOp.VectorSaturatingShiftLeftSignedImm:
                emit.Vex(MinSignedOf(size), cut, x, VSplat(size, signedMax >> amount));
                emit.Vex(MaxSignedOf(size), cut, cut, VSplat(size, (ulong)(-1L - (long)(signedMax >> amount))));
                break;
            default:
                // The unsigned minimum takes negative numbers for large ones, so they go first.
                VZero(cut);
                emit.Vex(MaxSignedOf(size), cut, cut, x);
                emit.Vex(MinUnsignedOf(size), cut, cut, VSplat(size, ones >> amount));
                break;
        }

        ulong limit = inst.Op == IrOp.VectorSaturatingShiftLeftSignedImm ? signedMax >> amount : ones >> amount;
        emit.Vex(V.Pxor, t, cut, x);
        Xmm u = VTemp();
        if (amount != 0)
        {
            // Above the upper limit: the operand is, as cut it equals the limit and did not before.
            emit.Vex(EqualOf(size), u, cut, x);
            Xmm atLimit = VTemp();
            emit.Vex(EqualOf(size), atLimit, cut, VSplat(size, limit));
            emit.Vex(V.Pandn, u, u, atLimit);
            emit.Vex(V.Pand, u, u, VSplat(size, (1UL << amount) - 1));
            VRelease(atLimit);
            VShiftLeft(size, cut, cut, amount);
            emit.Vex(V.Por, d, cut, u);
        }
        else
        {
            VMove(d, cut);
        }

        VSaturated(t);
        return true;
    }

    private void SaturatingShift64(IrOp op, Xmm d, Xmm a, int amount)
    {
        Xmm shifted = VTemp();
        Xmm fits = VTemp();
        Xmm t = VTemp();
        if (op == IrOp.VectorSaturatingShiftLeftSignedImm)
        {
            VShiftLeft(8, shifted, a, amount);
            VShiftRightSigned(8, fits, shifted, amount);
            emit.Vex(V.Pcmpeqq, fits, fits, a);
            SignMask(8, t, a);
            emit.Vex(V.Pxor, t, t, VSplat(8, SignBit(8) - 1));
            emit.VexBlendv(V.Blendvpd, d, t, shifted, fits);
            emit.Vex(V.Pxor, fits, fits, VOnes(t));
            VSaturated(fits);
            return;
        }

        VShiftLeft(8, shifted, a, amount);
        VShiftRight(8, fits, shifted, amount);
        emit.Vex(V.Pcmpeqq, fits, fits, a);
        emit.Vex(V.Pxor, fits, fits, VOnes(t));
        emit.Vex(V.Por, shifted, shifted, fits);
        if (op == IrOp.VectorSaturatingShiftLeftSignedToUnsignedImm)
        {
            SignMask(8, t, a);
            emit.Vex(V.Por, fits, fits, t);
            emit.Vex(V.Pandn, d, t, shifted);
        }
        else
        {
            VMove(d, shifted);
        }

        VSaturated(fits);
    }
}
