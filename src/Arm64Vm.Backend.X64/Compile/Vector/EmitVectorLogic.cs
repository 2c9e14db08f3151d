using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Bitwise operations.</summary>
internal sealed partial class X64Compiler
{
    // Truth tables of vpternlog over (d, a, b), bit number 4d + 2a + b.
    private const byte TernaryOrNot = 0b1111_0011;
    private const byte TernarySelect = 0b1100_1010;

    private bool TryEmitVectorLogic(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.VectorClearAbove:
                return EmitClearAbove(inst);
            case IrOp.VectorAnd:
                return VBinary(inst, V.Pand, commutes: true);
            case IrOp.VectorOr:
                return VBinary(inst, V.Por, commutes: true);
            case IrOp.VectorXor:
                return VBinary(inst, V.Pxor, commutes: true);
            case IrOp.VectorAndNot:
                {
                    // The host complements the first operand.
                    Xmm b = VIn(inst.B);
                    VectorOperand a = VSource(inst.A);
                    Xmm d = VOut(inst);
                    Vex(V.Pandn, d, b, a);
                    ClearAbove(inst, d);
                    return true;
                }

            case IrOp.VectorOrNot:
                return EmitOrNot(inst);
            case IrOp.VectorNot:
                {
                    VectorOperand a = VSource(inst.A);
                    Xmm d = VOut(inst);
                    Vex(V.Pxor, d, VOnes(VTemp()), a);
                    ClearAbove(inst, d);
                    return true;
                }

            default:
                return EmitBitSelect(inst);
        }
    }

    private bool EmitClearAbove(in IrInst inst)
    {
        bool half = inst.Shape == VectorShape.D || inst.Size == 8;
        if (inst.Shape != VectorShape.Q && (half || inst.Size == 4) && TryVectorMemoryAt(inst.A, 0, out Mem memory))
        {
            // Loads of 4 and 8 bytes clear the rest.
            Xmm loaded = VOut(inst);
            if (half)
                emit.Vmovq(loaded, memory);
            else
                emit.Vmovd(loaded, memory);
            return true;
        }

        Xmm a = VIn(inst.A);
        ClearAbove(inst.Shape, inst.Size, VOut(inst), a);
        return true;
    }

    private bool EmitOrNot(in IrInst inst)
    {
        VectorOperand b = VSource(inst.B);
        VectorOperand a = VSource(inst.A);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        if (features.Avx512Vl && !a.IsMemory && !b.IsMemory)
        {
            VMove(t, a);
            emit.VexImm(V.EvexPternlogq, t, b.Register, b.Register, TernaryOrNot);
            ClearAbove(inst.Shape, 8, d, t);
            return true;
        }

        VOnes(t);
        Vex(V.Pxor, t, t, b);
        Vex(V.Por, d, t, a);
        ClearAbove(inst, d);
        return true;
    }

    private bool EmitBitSelect(in IrInst inst)
    {
        Xmm ifClear = VIn(inst.C);
        VectorOperand ifSet = VSource(inst.B);
        VectorOperand mask = VSource(inst.A);
        Xmm d = VOut(inst);
        Xmm t = VTemp();
        if (features.Avx512Vl && !ifSet.IsMemory)
        {
            VMove(t, mask);
            emit.VexImm(V.EvexPternlogq, t, ifSet.Register, ifClear, TernarySelect);
            ClearAbove(inst.Shape, 8, d, t);
            return true;
        }

        // ((set ^ clear) & mask) ^ clear
        Vex(V.Pxor, t, ifClear, ifSet);
        Vex(V.Pand, t, t, mask);
        emit.Vex(V.Pxor, d, t, ifClear);
        ClearAbove(inst, d);
        return true;
    }
}
