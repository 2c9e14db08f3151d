using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>AES steps. The host adds the round key last where Arm adds it first, so the host's key is zero.</summary>
internal sealed partial class X64Compiler
{
    private bool TryEmitAes(in IrInst inst)
    {
        if (!features.Aes)
            return false;
        switch (inst.Op)
        {
            case IrOp.VectorAesEncrypt:
                return EmitAesRound(inst, IrOp.VectorAesMixColumns, V.Aesenc, V.Aesenclast);
            case IrOp.VectorAesDecrypt:
                return EmitAesRound(inst, IrOp.VectorAesInverseMixColumns, V.Aesdec, V.Aesdeclast);
            case IrOp.VectorAesInverseMixColumns:
                {
                    VectorOperand a = VSource(inst.A);
                    Vex(V.Aesimc, VOut(inst), a);
                    return true;
                }

            default:
                {
                    // The inverse of the other steps first: MixColumns(a) = aesenc(aesdeclast(a)).
                    Xmm a = VIn(inst.A);
                    Xmm d = VOut(inst);
                    Xmm t = VTemp();
                    Mem zero = VConst(0, 0);
                    emit.Vex(V.Aesdeclast, t, a, zero);
                    emit.Vex(V.Aesenc, d, t, zero);
                    return true;
                }
        }
    }

    /// <summary>SubBytes and ShiftRows of A xor B, and the MixColumns that follows, where nobody else sees the state in between.</summary>
    private bool EmitAesRound(in IrInst inst, IrOp mix, VexOp round, VexOp last)
    {
        int left = inst.A, right = inst.B;
        if (IsVectorMemory(left))
            (left, right) = (right, left);
        Xmm a = VIn(left);
        VectorOperand b = VSource(right);
        int next = current + 1;
        bool whole = next < region.Count && region[next].Op == mix && region[next].A == current && values[current].Uses == 1 && values[next].LastUse != 0;
        Xmm d = whole ? VOut(inst, next, mayHint: true) : VOut(inst);
        Xmm t = VTemp();
        Vex(V.Pxor, t, a, b);
        emit.Vex(whole ? round : last, d, t, VConst(0, 0));
        return true;
    }
}
