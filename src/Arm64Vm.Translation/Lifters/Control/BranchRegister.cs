using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>BR, BLR, RET and their authenticated forms.</summary>
internal static class BranchRegister
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        // The target is read before X30 is written: BLR X30 goes to the old value.
        Go(context, i, context.Builder.ReadX(i.Rn));
        return true;
    }

    /// <summary>A failed authentication raises an exception in the PointerAuth operation, before any state is written.</summary>
    public static bool LiftAuthenticated(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        bool isReturn = i.Opcode is A64Opcode.Retaa or A64Opcode.Retab;
        IrValue pointer = b.ReadX(isReturn ? 30 : i.Rn);
        IrValue modifier = isReturn ? b.ReadXOrSp(31) : i.Bit(24) ? b.ReadXOrSp(i.Rd) : b.Const64(0);
        PointerAuthentication operation = i.Bit(10) ? PointerAuthentication.AuthIB : PointerAuthentication.AuthIA;
        Go(context, i, PointerAuthenticationCode.Emit(context, operation, pointer, modifier));
        return true;
    }

    /// <summary>Bits 22:21 are the kind: 0 = BR, 1 = BLR, 2 = RET.</summary>
    private static void Go(in LiftContext context, A64Instruction i, IrValue target)
    {
        IrBuilder b = context.Builder;
        switch (i.Bits(22, 21))
        {
            case 1:
                b.WriteGpr(30, b.PcRelative(4));
                b.Emit(IrOp.CallRegister, IrType.Void, target, aux: BranchType(context, i), imm: IrBuilder.Targets(0, context.GuestOffset + 4));
                break;
            case 2:
                b.Emit(IrOp.Return, IrType.Void, target);
                break;
            default:
                b.Emit(IrOp.JumpRegister, IrType.Void, target, aux: BranchType(context, i));
                break;
        }
    }

    /// <summary>PSTATE.BTYPE after the branch (Arm ARM, SetBTypeNext of BR and BLR).</summary>
    /// <remarks>
    /// <code>
    /// BLR                                   2
    /// BR X16, BR X17, BR on any other page  1
    /// BR on a guarded page                  3
    /// </code>
    /// </remarks>
    private static int BranchType(in LiftContext context, A64Instruction i)
    {
        if (!context.Features.Has(A64Feature.Bti))
            return 0;
        if (i.Bits(22, 21) == 1)
            return 2;
        return i.Rn is 16 or 17 || !context.Mode.Guarded ? 1 : 3;
    }
}
