using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>SMAX, SMIN, UMAX, UMIN (immediate) of FEAT_CSSC: a comparison and a selection that leave NZCV alone.</summary>
internal static class MinMax
{
    public static bool LiftImmediate(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        bool signed = i.Opcode is A64Opcode.SmaxImmediate or A64Opcode.SminImmediate;
        IrValue left = b.ReadGpr(type, i.Rn);
        IrValue right = b.Const(type, signed ? (ulong)(long)i.SignedBits(17, 10) : i.Bits(17, 10));
        IrValue flags = b.FlagsOf(b.Binary(IrOp.SubS, type, left, right));
        Condition keepsLeft = i.Opcode switch
        {
            A64Opcode.SmaxImmediate => Condition.GE,
            A64Opcode.SminImmediate => Condition.LE,
            A64Opcode.UmaxImmediate => Condition.CS,
            _ => Condition.LS,
        };
        b.WriteGpr(i.Rd, b.Select(type, keepsLeft, flags, left, right));
        return true;
    }
}
