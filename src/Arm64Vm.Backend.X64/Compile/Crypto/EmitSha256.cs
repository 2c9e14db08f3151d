using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>SHA-256.</summary>
/// <remarks>
/// Arm keeps the state as abcd and efgh, element 0 first; the host as (f e b a) and (h g d c), two rounds at a time:
/// sha256rnds2 (h g d c), (f e b a), with the round's words in xmm0, leaves the new (f e b a), and the old one is the new (h g d c).
/// </remarks>
internal sealed partial class X64Compiler
{
    /// <summary>How far behind the first half of the state its second half is looked for.</summary>
    private const int Sha256PairDistance = 12;

    private bool TryEmitSha256(in IrInst inst)
    {
        if (!features.Sha)
            return false;
        switch (inst.Op)
        {
            case IrOp.VectorSha256Hash:
                return EmitSha256Rounds(inst, inst.A, inst.B, second: false);
            case IrOp.VectorSha256Hash2:
                return EmitSha256Rounds(inst, inst.B, inst.A, second: true);
            case IrOp.VectorSha256Schedule0:
                {
                    VectorOperand a = VSource(inst.A);
                    Xmm b = VIn(inst.B);
                    Xmm d = VOut(inst);
                    Xmm t = VTemp();
                    VMove(t, a);
                    emit.Sha(ShaOp.Sha256msg1, t, b);
                    VMove(d, t);
                    return true;
                }

            default:
                {
                    // The host wants the sum of both older words as the destination.
                    VectorOperand a = VSource(inst.A);
                    VectorOperand b = VSource(inst.B);
                    Xmm c = VIn(inst.C);
                    Xmm d = VOut(inst);
                    Xmm t = VTemp();
                    VexImm(V.Palignr, t, c, b, 4);
                    Vex(V.Paddd, t, t, a);
                    emit.Sha(ShaOp.Sha256msg2, t, c);
                    VMove(d, t);
                    return true;
                }
        }
    }

    private bool EmitSha256Rounds(in IrInst inst, int abcd, int efgh, bool second)
    {
        Xmm x = VIn(abcd);
        Xmm y = VIn(efgh);
        VectorOperand words = VSource(inst.C);
        int partner = second ? 0 : FindSha256Partner(inst);
        Xmm d = VOut(inst);
        VHold(HostAbi.VectorScratch);
        Xmm early = VTemp();
        Xmm late = VTemp();
        emit.VexImm(V.Shufps, early, y, x, 0b10_11_10_11);
        emit.VexImm(V.Shufps, late, y, x, 0b00_01_00_01);
        VMove(HostAbi.VectorScratch, words);
        emit.Sha(ShaOp.Sha256rnds2, early, late);
        emit.VexShiftImm(V.Psrldq, HostAbi.VectorScratch, HostAbi.VectorScratch, 8);
        emit.Sha(ShaOp.Sha256rnds2, late, early);
        // Now late is (f e b a) and early (h g d c).
        byte abcdOrder = 0b10_11_10_11, efghOrder = 0b00_01_00_01;
        if (partner != 0)
        {
            emit.VexImm(V.Shufps, HostAbi.VectorScratch, late, early, efghOrder);
            emit.VexImm(V.Shufps, d, late, early, abcdOrder);
            KeepPartner(partner);
            return true;
        }

        emit.VexImm(V.Shufps, d, late, early, second ? efghOrder : abcdOrder);
        return true;
    }

    /// <summary>The SHA256H2 of the same four rounds, which would compute the same again; 0 if there is none near.</summary>
    private int FindSha256Partner(in IrInst inst)
    {
        int end = Math.Min(region.Count, current + Sha256PairDistance);
        for (int i = current + 1; i < end; i++)
        {
            ref IrInst other = ref region[i];
            if (IrOps.IsTerminator(other.Op))
                return 0;
            if (other.Op == IrOp.VectorSha256Hash2 && other.A == inst.B && other.B == inst.A && other.C == inst.C)
                return values[i].LastUse != 0 ? i : 0;
        }

        return 0;
    }

    /// <summary>The scratch register's content becomes a value that is defined later; its register is one that stays.</summary>
    private void KeepPartner(int partner)
    {
        EndVector();
        deferredResult = 0;
        borrowedCount = 0;
        lockedXmm = 0;
        if (values[current].Register != HostAbi.None)
            lockedXmm |= 1u << values[current].Register;
        values[partner].Hint = HostAbi.None;
        emit.Vex(V.Movaps, DefineVInPool(partner), HostAbi.VectorScratch);
    }
}
