using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Advanced SIMD modified immediate: MOVI, MVNI, ORR, BIC, FMOV.</summary>
internal static class SimdModifiedImmediate
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        VectorShape shape = SimdOperand.ShapeOf(i);
        uint imm8 = i.ImmAbcdefgh;
        if (i.Opcode == A64Opcode.FmovVectorImmediateHalf)
            return SimdOperand.Write(context, i, b.VectorConst(shape, SimdOperand.Replicate(2, A64Immediates.ExpandFpImmediate(16, imm8))));

        int op = i.U ? 1 : 0, cmode = (int)i.Bits(15, 12);
        ulong imm = A64Immediates.ExpandSimdImmediate(op, cmode, imm8);
        // cmode 0xx1 and 10x1 combine with Vd; 111x does not invert.
        if (cmode < 12 && (cmode & 1) != 0)
        {
            IrValue d = SimdOperand.Rd(context, i);
            IrValue value = op == 0 ? b.VectorOr(shape, d, b.VectorConst(shape, imm)) : b.VectorAnd(shape, d, b.VectorConst(shape, ~imm));
            return SimdOperand.Write(context, i, value);
        }

        return SimdOperand.Write(context, i, b.VectorConst(shape, op == 1 && cmode < 14 ? ~imm : imm));
    }
}
