using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Division, variable shifts, CRC-32, PACGA, minimum and maximum.</summary>
internal static class TwoSource
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrOp op;
        switch (i.Opcode)
        {
            case A64Opcode.Udiv:
                op = IrOp.DivUnsigned;
                break;
            case A64Opcode.Sdiv:
                op = IrOp.DivSigned;
                break;
            case A64Opcode.Lslv:
                op = IrOp.Shl;
                break;
            case A64Opcode.Lsrv:
                op = IrOp.Shr;
                break;
            case A64Opcode.Asrv:
                op = IrOp.Sar;
                break;
            case A64Opcode.Rorv:
                op = IrOp.Ror;
                break;
            case A64Opcode.Crc32 or A64Opcode.Crc32c:
                int size = 1 << (int)i.Bits(11, 10);
                IrValue data = size == 8 ? b.ReadX(i.Rm) : b.ReadW(i.Rm);
                b.WriteGpr(i.Rd, b.Emit(IrOp.Crc32, IrType.I32, b.ReadW(i.Rn), data, size: size, aux: i.Opcode == A64Opcode.Crc32 ? 0 : 1));
                return true;
            case A64Opcode.Pacga:
                b.WriteGpr(i.Rd, PointerAuthenticationCode.Emit(context, PointerAuthentication.SignGeneric, b.ReadX(i.Rn), b.ReadXOrSp(i.Rm)));
                return true;
            default:
                return MinMax.LiftRegister(context, i);
        }

        b.WriteGpr(i.Rd, b.Binary(op, type, b.ReadGpr(type, i.Rn), b.ReadGpr(type, i.Rm)));
        return true;
    }
}
