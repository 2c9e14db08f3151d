using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>SMAX, SMIN, UMAX, UMIN (immediate and register) and ABS of FEAT_CSSC: a comparison and a choice that leave PSTATE alone.</summary>
internal static class MinMax
{
    public static bool LiftImmediate(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        bool signed = i.Opcode is A64Opcode.SmaxImmediate or A64Opcode.SminImmediate;
        IrValue right = b.Const(type, signed ? (ulong)i.SignedBits(17, 10) : i.Bits(17, 10));
        return Choose(b, type, i, b.ReadGpr(type, i.Rn), right);
    }

    /// <summary>False for other encodings of the group.</summary>
    public static bool LiftRegister(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        return i.Opcode is A64Opcode.SmaxRegister or A64Opcode.SminRegister or A64Opcode.UmaxRegister or A64Opcode.UminRegister
            && Choose(b, type, i, b.ReadGpr(type, i.Rn), b.ReadGpr(type, i.Rm));
    }

    /// <summary>|value|; the minimum stays.</summary>
    public static IrValue Absolute(IrBuilder b, IrType type, IrValue value)
    {
        IrValue negated = b.Binary(IrOp.SubS, type, b.Const(type, 0), value);
        IrValue flags = b.FlagsOf(negated);
        return b.Select(type, Condition.GE, flags, negated, value);
    }

    private static bool Choose(IrBuilder b, IrType type, A64Instruction i, IrValue left, IrValue right)
    {
        Condition keepsLeft = i.Opcode switch
        {
            A64Opcode.SmaxImmediate or A64Opcode.SmaxRegister => Condition.GE,
            A64Opcode.SminImmediate or A64Opcode.SminRegister => Condition.LE,
            A64Opcode.UmaxImmediate or A64Opcode.UmaxRegister => Condition.CS,
            _ => Condition.LS,
        };
        IrValue flags = b.FlagsOf(b.Binary(IrOp.SubS, type, left, right));
        b.WriteGpr(i.Rd, b.Select(type, keepsLeft, flags, left, right));
        return true;
    }
}
