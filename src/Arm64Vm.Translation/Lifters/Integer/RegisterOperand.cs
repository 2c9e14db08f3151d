using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Second operands that are shifted or extended on the way, and what the data-processing groups share.</summary>
internal static class RegisterOperand
{
    /// <summary>The type of the general registers of an instruction with an sf bit.</summary>
    public static IrType TypeOf(A64Instruction i) => i.Sf ? IrType.I64 : IrType.I32;

    public static int WidthOf(IrType type) => type == IrType.I64 ? 64 : 32;

    /// <summary>W0–W30 or X0–X30 by type; 31 is SP.</summary>
    public static IrValue ReadOrSp(IrBuilder b, IrType type, int register)
    {
        IrValue value = b.ReadXOrSp(register);
        return type == IrType.I64 ? value : b.Truncate(value);
    }

    /// <summary>ShiftReg(): Rm shifted by imm6.</summary>
    public static IrValue Shifted(IrBuilder b, IrType type, A64Instruction i)
    {
        IrValue value = b.ReadGpr(type, i.Rm);
        if (i.Imm6 == 0)
            return value;
        IrOp op = i.Shift switch { 0 => IrOp.Shl, 1 => IrOp.Shr, 2 => IrOp.Sar, _ => IrOp.Ror };
        return b.Binary(op, type, value, b.Const(type, (ulong)i.Imm6));
    }

    /// <summary>ExtendReg(): Rm extended by <paramref name="option"/> (UXTB … SXTX) and shifted left.</summary>
    public static IrValue Extended(IrBuilder b, IrType type, int register, int option, int shift)
    {
        IrValue value = b.ReadGpr(type, register);
        int bytes = 1 << (option & 3);
        if (bytes * 8 < WidthOf(type))
        {
            if (option >= 4)
                value = b.SignExtend(type, value, bytes);
            else if (bytes == 4)
                value = b.ZeroExtend(b.ReadW(register));
            else
                value = b.Emit(IrOp.BitsExtractUnsigned, type, value, imm: (ulong)bytes * 8);
        }

        return shift == 0 ? value : b.Binary(IrOp.Shl, type, value, b.Const(type, (ulong)shift));
    }

    /// <summary>Writes the result of a flag-setting operation, which must be the last instruction appended, and its flags.</summary>
    public static void WriteWithFlags(IrBuilder b, int register, IrValue result)
    {
        IrValue flags = b.FlagsOf(result);
        b.WriteGpr(register, result);
        b.WriteFlags(flags);
    }
}
