using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Saturating narrowing: the host packs halfwords and words with saturation; quadwords are compared and replaced.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitSaturatingNarrow(in IrInst inst)
    {
        int size = inst.Size;
        Xmm a = VIn(inst.A);
        Xmm d = VHold(VOut(inst));
        Xmm x = a;
        if (inst.Shape == VectorShape.Scalar)
        {
            x = VTemp();
            ClearAbove(VectorShape.Scalar, size * 2, x, a);
        }

        if (size == 4)
            NarrowQuadwords(inst.Op, d, x);
        else if (inst.Op == IrOp.VectorSaturatingNarrowUnsigned)
            NarrowUnsigned(size, d, x);
        else
            NarrowSigned(size, inst.Op == IrOp.VectorSaturatingNarrowSigned, d, x);
        return true;
    }

    /// <summary>Packed, and extended again, what differs did saturate.</summary>
    private void NarrowSigned(int size, bool toSigned, Xmm d, Xmm a)
    {
        Xmm packed = VTemp();
        VZero(packed);
        VexOp pack = toSigned
            ? (size == 1 ? V.Packsswb : V.Packssdw)
            : (size == 1 ? V.Packuswb : V.Packusdw);
        emit.Vex(pack, packed, a, packed);
        Xmm t = VTemp();
        emit.Vex(ExtendOf(size, toSigned), t, packed);
        emit.Vex(V.Pxor, t, t, a);
        VMove(d, packed);
        VSaturated(t);
    }

    /// <summary>The host packs signed elements: they are cut to the result's range first.</summary>
    private void NarrowUnsigned(int size, Xmm d, Xmm a)
    {
        Xmm cut = VTemp();
        Xmm t = VTemp();
        emit.Vex(MinUnsignedOf(size * 2), cut, a, VSplat(size * 2, ElementMask(size)));
        emit.Vex(V.Pxor, t, cut, a);
        emit.Vex(V.Pshufb, d, cut, NarrowMask(size, 8 / size));
        VSaturated(t);
    }

    private void NarrowQuadwords(IrOp op, Xmm d, Xmm a)
    {
        Xmm high = VTemp();
        Xmm fits = VTemp();
        Xmm t = VTemp();
        // The high word of each element, twice.
        emit.VexImm2(V.Pshufd, high, a, 0b11_11_01_01);
        if (op == IrOp.VectorSaturatingNarrowSigned)
        {
            // It must be the sign of the low word.
            emit.VexShiftImm(V.Psrad, fits, a, 31);
            emit.VexImm2(V.Pshufd, fits, fits, 0b10_10_00_00);
            emit.Vex(V.Pcmpeqd, fits, fits, high);
            emit.VexShiftImm(V.Psrad, t, high, 31);
            emit.Vex(V.Pxor, t, t, VSplat(4, SignBit(4) - 1));
            emit.VexBlendv(V.Blendvps, t, t, a, fits);
        }
        else
        {
            // It must be zero; all ones where it is not, but zero where it is negative and the element signed.
            VZero(fits);
            emit.Vex(V.Pcmpeqd, fits, fits, high);
            emit.Vex(V.Pxor, t, fits, VOnes(t));
            emit.Vex(V.Por, t, t, a);
            if (op == IrOp.VectorSaturatingNarrowSignedToUnsigned)
            {
                emit.VexShiftImm(V.Psrad, high, high, 31);
                emit.Vex(V.Pandn, t, high, t);
            }
        }

        emit.Vex(V.Pshufb, d, t, NarrowMask(4, 2));
        emit.Vex(V.Pxor, fits, fits, VOnes(t));
        VSaturated(fits);
    }
}
