using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>System registers and operations: in place where they are words of the context, by a slow exit otherwise.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>System registers and operations: operands in slots 0 and 1, the result in slot 0.</summary>
    private void EmitSystem(in IrInst inst)
    {
        if (TryEmitDirectRegister(inst) || TryEmitInterruptMask(inst) || TryEmitCounter(inst) || TryEmitFloatStatus(inst) || TryEmitPointerAuth(inst))
            return;
        ClobberFlags();
        if (inst.A != 0)
            StoreOperand(0, inst.A);
        if (inst.B != 0)
            StoreOperand(1, inst.B);
        SlowKind kind = inst.Op switch
        {
            IrOp.ReadSystem => SlowKind.ReadSystem,
            IrOp.WriteSystem => SlowKind.WriteSystem,
            IrOp.SystemOperation => SlowKind.SystemOperation,
            IrOp.WritePState => SlowKind.WritePState,
            IrOp.PointerAuth => SlowKind.PointerAuth,
            _ => throw new InvalidOperationException($"{inst.Op} has no translation"),
        };
        if (inst.Op is IrOp.WritePState or IrOp.WriteSystem && (inst.Aux & 1) != 0)
            regionMustReturn = true;
        CallSlow(kind, inst, index: (uint)inst.Imm);
        if (inst.Type != IrType.Void)
            emit.Mov(8, Define(current), HostAbi.Operand(0));
    }

    /// <summary>MRS and MSR of registers that are plain storage: a load or store of the context.</summary>
    private bool TryEmitDirectRegister(in IrInst inst)
    {
        bool write = inst.Op == IrOp.WriteSystem;
        if (!write && inst.Op != IrOp.ReadSystem)
            return false;
        int offset = DirectRegisters.OffsetOf((uint)inst.Imm, mode.ExceptionLevel, write);
        if (offset < 0 && mode is { PointerAuthentication: true, ExceptionLevel: > 0 })
            offset = DirectRegisters.OffsetOfKey((uint)inst.Imm);
        if (offset < 0)
            return false;
        if (write)
            emit.Mov(8, HostAbi.Field(offset), Use(inst.A));
        else
            emit.Mov(8, Define(current), HostAbi.Field(offset));
        return true;
    }

    /// <summary>DAIFSet, DAIFClr and MSR DAIF at EL1: the mask is a word of the context; code that may have unmasked interrupts looks for requests before it goes on.</summary>
    private bool TryEmitInterruptMask(in IrInst inst)
    {
        // op1:op2 of MSR (immediate), Arm ARM C5.1.3.
        const uint PStateField = 0x3F;
        const uint DaifSet = 0x1E;
        const uint DaifClear = 0x1F;
        const int MaskShift = 6;
        const int MaskBits = 0x3C0;

        // EL0 needs SCTLR_EL1.UMA, and D is part of what enables a software step.
        if (mode.ExceptionLevel == 0 || mode.SingleStep)
            return false;
        Mem mask = HostAbi.Field(GuestContext.DirectRegistersOffset + ((int)DirectRegister.InterruptMask * 8));
        int bits = (int)((inst.Imm >> 8) & 15) << MaskShift;
        switch (inst.Op)
        {
            case IrOp.WritePState when (inst.Imm & PStateField) == DaifSet:
                ClobberFlags();
                emit.Alu(AluOp.Or, 8, mask, bits);
                return true;
            case IrOp.WritePState when (inst.Imm & PStateField) == DaifClear:
                ClobberFlags();
                emit.Alu(AluOp.And, 8, mask, ~bits);
                break;
            case IrOp.WriteSystem when (uint)inst.Imm == DirectRegisters.DAIF:
                ClobberFlags();
                emit.Mov(4, Gpr.Rax, Use(inst.A));
                emit.Alu(AluOp.And, 4, Gpr.Rax, MaskBits);
                emit.Mov(8, mask, Gpr.Rax);
                break;
            default:
                return false;
        }

        regionMustPoll = true;
        return true;
    }
}
