using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>ADD, SUB and their flag-setting forms: immediate, shifted register, extended register, with carry.</summary>
internal static class AddSubtract
{
    /// <summary>Rd and Rn may be SP; with flags, Rd may not.</summary>
    public static bool LiftImmediate(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue left = RegisterOperand.ReadOrSp(b, type, i.Rn);
        return Combine(b, type, i, left, b.Const(type, i.ShiftedImm12), stackPointer: true);
    }

    public static bool LiftShifted(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue left = b.ReadGpr(type, i.Rn);
        return Combine(b, type, i, left, RegisterOperand.Shifted(b, type, i), stackPointer: false);
    }

    public static bool LiftExtended(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue left = RegisterOperand.ReadOrSp(b, type, i.Rn);
        return Combine(b, type, i, left, RegisterOperand.Extended(b, type, i.Rm, i.Option, i.Imm3), stackPointer: true);
    }

    public static bool LiftCarry(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue left = b.ReadGpr(type, i.Rn), right = b.ReadGpr(type, i.Rm);
        IrValue result = b.Emit(i.Bit(30) ? IrOp.SbcS : IrOp.AdcS, type, left, right, b.ReadFlags());
        if (i.Bit(29))
            RegisterOperand.WriteWithFlags(b, i.Rd, result);
        else
            b.WriteGpr(i.Rd, result);
        return true;
    }

    /// <summary>ADDG, SUBG where access to allocation tags is disabled: the tag becomes 0 (Arm ARM C6.2.6).</summary>
    public static bool LiftTags(in LiftContext context, A64Instruction i)
    {
        const ulong TagMask = 0x0F00_0000_0000_0000;
        IrBuilder b = context.Builder;
        IrValue offset = b.Const64(i.Bits(21, 16) * 16);
        IrValue result = b.Binary(i.Opcode == A64Opcode.Addg ? IrOp.Add : IrOp.Sub, IrType.I64, b.ReadXOrSp(i.Rn), offset);
        b.WriteGprOrSp(i.Rd, b.And(IrType.I64, result, b.Const64(~TagMask)));
        return true;
    }

    private static bool Combine(IrBuilder b, IrType type, A64Instruction i, IrValue left, IrValue right, bool stackPointer)
    {
        bool subtract = i.Bit(30);
        if (i.Bit(29))
            RegisterOperand.WriteWithFlags(b, i.Rd, b.Binary(subtract ? IrOp.SubS : IrOp.AddS, type, left, right));
        else if (stackPointer)
            b.WriteGprOrSp(i.Rd, b.Binary(subtract ? IrOp.Sub : IrOp.Add, type, left, right));
        else
            b.WriteGpr(i.Rd, b.Binary(subtract ? IrOp.Sub : IrOp.Add, type, left, right));
        return true;
    }
}
