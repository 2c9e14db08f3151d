using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>B, BL, B.cond, CBZ, CBNZ, TBZ, TBNZ.</summary>
internal static class Branches
{
    public static bool LiftImmediate(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int next = context.GuestOffset + 4;
        switch (i.Opcode)
        {
            case A64Opcode.B:
                b.Jump(context.GuestOffset + (int)i.Imm26Offset);
                return true;
            case A64Opcode.Bl:
                b.WriteGpr(30, b.PcRelative(4));
                b.Emit(IrOp.Call, IrType.Void, imm: IrBuilder.Targets(context.GuestOffset + (int)i.Imm26Offset, next));
                return true;
        }

        int target = context.GuestOffset + (int)i.Imm19Offset;
        if (i.BranchCond >= (int)Condition.AL)
            b.Jump(target);
        else
            b.Emit(IrOp.BranchCond, IrType.Void, b.ReadFlags(), aux: i.BranchCond, imm: IrBuilder.Targets(target, next));
        return true;
    }

    public static bool LiftCompareOrTest(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int next = context.GuestOffset + 4;
        if (i.Opcode is A64Opcode.Cbz or A64Opcode.Cbnz)
        {
            IrValue value = b.ReadGpr(RegisterOperand.TypeOf(i), i.Rt);
            int target = context.GuestOffset + (int)i.Imm19Offset;
            IrOp op = i.Opcode == A64Opcode.Cbz ? IrOp.BranchZero : IrOp.BranchNonZero;
            b.Emit(op, IrType.Void, value, size: i.Sf ? 8 : 4, imm: IrBuilder.Targets(target, next));
            return true;
        }

        IrValue tested = i.TestBit < 32 ? b.ReadW(i.Rt) : b.ReadX(i.Rt);
        int testTarget = context.GuestOffset + (int)i.Imm14Offset;
        IrOp testOp = i.Opcode == A64Opcode.Tbz ? IrOp.BranchBitClear : IrOp.BranchBitSet;
        b.Emit(testOp, IrType.Void, tested, aux: i.TestBit, imm: IrBuilder.Targets(testTarget, next));
        return true;
    }
}
