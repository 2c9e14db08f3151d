using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>SHA-1. The host's registers hold the words in the reverse order, and its rounds add the constants that Arm's have added already.</summary>
internal sealed partial class X64Compiler
{
    private const byte ReverseWords = 0b00_01_10_11;

    private bool TryEmitSha1(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorSha1Choose:
                return TryEmitSha1Rounds(inst, 0, 0x5A827999);
            case IrOp.VectorSha1Parity:
                return TryEmitSha1Rounds(inst, 1, 0x6ED9EBA1);
            case IrOp.VectorSha1Majority:
                return TryEmitSha1Rounds(inst, 2, 0x8F1BBCDC);
            case IrOp.VectorSha1FixedRotate:
                {
                    Xmm a = VIn(inst.A);
                    Xmm d = VOut(inst);
                    VRotateRight(4, d, a, 2);
                    ClearAbove(VectorShape.Scalar, 4, d, d);
                    return true;
                }

            case IrOp.VectorSha1Schedule0:
                {
                    // (B.lo : A.hi) ^ A ^ C
                    Xmm a = VIn(inst.A);
                    Xmm b = VIn(inst.B);
                    VectorOperand c = VSource(inst.C);
                    Xmm d = VOut(inst);
                    Xmm t = VTemp();
                    emit.VexImm(V.Shufpd, t, a, b, 0b01);
                    emit.Vex(V.Pxor, t, t, a);
                    Vex(V.Pxor, d, t, c);
                    return true;
                }

            default:
                return TryEmitSha1Schedule1(inst);
        }
    }

    private bool TryEmitSha1Rounds(in IrInst inst, byte function, uint constant)
    {
        if (!features.Sha)
            return false;
        Xmm a = VIn(inst.A);
        Xmm e = VIn(inst.B);
        VectorOperand schedule = VSource(inst.C);
        Xmm d = VOut(inst);
        Xmm state = VTemp();
        Xmm t = VTemp();
        // e goes with the first word of the schedule.
        emit.VexImm(V.Insertps, t, e, e, 0b1110);
        Vex(V.Paddd, t, t, schedule);
        emit.Vex(V.Psubd, t, t, VSplat(4, constant));
        emit.VexImm2(V.Pshufd, t, t, ReverseWords);
        emit.VexImm2(V.Pshufd, state, a, ReverseWords);
        emit.Sha(ShaOp.Sha1rnds4, state, t, function);
        emit.VexImm2(V.Pshufd, d, state, ReverseWords);
        return true;
    }

    private bool TryEmitSha1Schedule1(in IrInst inst)
    {
        if (!features.Sha)
            return false;
        VectorOperand a = VSource(inst.A);
        VectorOperand b = VSource(inst.B);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        Xmm u = VTemp();
        VexImm2(V.Pshufd, t, a, ReverseWords);
        VexImm2(V.Pshufd, u, b, ReverseWords);
        emit.Sha(ShaOp.Sha1msg2, t, u);
        emit.VexImm2(V.Pshufd, d, t, ReverseWords);
        return true;
    }
}
