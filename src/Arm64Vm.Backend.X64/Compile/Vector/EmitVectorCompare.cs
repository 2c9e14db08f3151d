using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Comparisons to masks.</summary>
internal sealed partial class X64Compiler
{
    private static VexOp EqualOf(int size) => BySize(size, V.Pcmpeqb, V.Pcmpeqw, V.Pcmpeqd, V.Pcmpeqq);

    private static VexOp GreaterOf(int size) => BySize(size, V.Pcmpgtb, V.Pcmpgtw, V.Pcmpgtd, V.Pcmpgtq);

    private bool TryEmitVectorCompare(in IrInst inst)
    {
        int size = inst.Size;
        switch (inst.Op)
        {
            case IrOp.VectorCompareEqual:
                return VBinary(inst, EqualOf(size), commutes: true, keepsZero: false);
            case IrOp.VectorCompareGreaterSigned:
                return VBinary(inst, GreaterOf(size), commutes: false);
            case IrOp.VectorCompareGreaterUnsigned:
                {
                    Xmm a = VIn(inst.A);
                    Xmm b = VIn(inst.B);
                    Xmm d = VOut(inst);
                    Xmm t = VTemp();
                    VGreater(size, signed: false, t, a, b);
                    ClearAbove(inst.Shape, size, d, t);
                    return true;
                }

            case IrOp.VectorCompareGreaterEqualSigned:
                return EmitGreaterEqual(inst, MinSignedOf(size), signed: true);
            case IrOp.VectorCompareGreaterEqualUnsigned:
                return EmitGreaterEqual(inst, MinUnsignedOf(size), signed: false);
            default:
                return EmitTestBits(inst);
        }
    }

    /// <summary>a ≥ b is min(a, b) = b, or not b > a where there is no minimum.</summary>
    private bool EmitGreaterEqual(in IrInst inst, VexOp min, bool signed)
    {
        int size = inst.Size;
        Xmm b = VIn(inst.B);
        Xmm d;
        if (size != 8 || features.Avx512Vl)
        {
            VectorOperand source = VSource(inst.A);
            d = VOut(inst);
            Xmm lower = VTemp();
            Vex(min, lower, b, source);
            emit.Vex(EqualOf(size), d, lower, b);
            ClearAbove(inst, d);
            return true;
        }

        Xmm a = VIn(inst.A);
        d = VOut(inst);
        Xmm t = VTemp();
        VGreater(size, signed, t, b, a);
        emit.Vex(V.Pxor, d, t, VOnes(VTemp()));
        ClearAbove(inst, d);
        return true;
    }

    private bool EmitTestBits(in IrInst inst)
    {
        Xmm a = VIn(inst.A);
        VectorOperand b = VSource(inst.B);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        Xmm u = VTemp();
        Vex(V.Pand, t, a, b);
        emit.Vex(EqualOf(inst.Size), t, t, VZero(u));
        emit.Vex(V.Pxor, d, t, VOnes(u));
        ClearAbove(inst, d);
        return true;
    }
}
