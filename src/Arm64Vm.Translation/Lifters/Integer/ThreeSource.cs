using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>MADD, MSUB, the long multiplies, SMULH, UMULH.</summary>
internal static class ThreeSource
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue product;
        switch (i.Opcode)
        {
            case A64Opcode.Smulh:
                b.WriteGpr(i.Rd, b.Binary(IrOp.MulHighSigned, IrType.I64, b.ReadX(i.Rn), b.ReadX(i.Rm)));
                return true;
            case A64Opcode.Umulh:
                b.WriteGpr(i.Rd, b.Binary(IrOp.MulHighUnsigned, IrType.I64, b.ReadX(i.Rn), b.ReadX(i.Rm)));
                return true;
            case A64Opcode.Smaddl or A64Opcode.Smsubl:
                product = b.Binary(IrOp.Mul, type, b.SignExtend(type, b.ReadX(i.Rn), 4), b.SignExtend(type, b.ReadX(i.Rm), 4));
                break;
            case A64Opcode.Umaddl or A64Opcode.Umsubl:
                product = b.Binary(IrOp.Mul, type, b.ZeroExtend(b.ReadW(i.Rn)), b.ZeroExtend(b.ReadW(i.Rm)));
                break;
            default:
                product = b.Binary(IrOp.Mul, type, b.ReadGpr(type, i.Rn), b.ReadGpr(type, i.Rm));
                break;
        }

        bool subtract = i.Bit(15);
        if (i.Ra == 31)
            b.WriteGpr(i.Rd, subtract ? b.Unary(IrOp.Neg, type, product) : product);
        else
            b.WriteGpr(i.Rd, b.Binary(subtract ? IrOp.Sub : IrOp.Add, type, b.ReadGpr(type, i.Ra), product));
        return true;
    }
}
