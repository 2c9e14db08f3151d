using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>MRS and MSR of FPSR: what is in the context, in MXCSR and in the saturation record. The lifter knows FPCR.</summary>
/// <remarks>
/// Soft-float libraries (binary128 of the C compiler's runtime) and fenv.h read it all the time.
/// <code>
/// MXCSR   5 PE   4 UE   3 OE   2 ZE   1 DE   0 IE         DE is not Arm's IDC
/// FPSR    4 IXC  3 UFC  2 OFC  1 DZC         0 IOC        7 IDC comes from the oracle, 27 QC from the saturation record
/// </code>
/// </remarks>
internal sealed partial class X64Compiler
{
    private const int HostExceptions = 0x3F;
    private const int AboveInvalid = (int)(FpsrBits.DivideByZero | FpsrBits.Overflow | FpsrBits.Underflow | FpsrBits.Inexact);
    private const int SaturatedBit = 27;

    private bool TryEmitFloatStatus(in IrInst inst)
    {
        if ((int)inst.Imm != FpsrBits.Encoding)
            return false;
        switch (inst.Op)
        {
            case IrOp.ReadSystem:
                EmitReadFloatStatus();
                return true;
            case IrOp.WriteSystem:
                EmitWriteFloatStatus(inst);
                return true;
            default:
                return false;
        }
    }

    private void EmitReadFloatStatus()
    {
        ClobberFlags();
        Gpr target = Define(current);
        Mem hostMode = HostAbi.Field(HostContext.ModeOffset);
        emit.Stmxcsr(hostMode);
        emit.Mov(4, target, hostMode);
        emit.Mov(4, Gpr.Rax, hostMode);
        emit.Shift(ShiftOp.Shr, 4, target, 1);
        emit.Alu(AluOp.And, 4, target, AboveInvalid);
        emit.Alu(AluOp.And, 4, Gpr.Rax, (int)FpsrBits.InvalidOperation);
        emit.Alu(AluOp.Or, 4, target, Gpr.Rax);
        emit.Alu(AluOp.Or, 4, target, HostAbi.Field(GuestContext.FpsrOffset));
        emit.Mov(8, Gpr.Rax, Saturation(0));
        emit.Alu(AluOp.Or, 8, Gpr.Rax, Saturation(1));
        emit.Setcc(Cc.Ne, Gpr.Rax);
        emit.Movzx(1, Gpr.Rax, Gpr.Rax);
        emit.Shift(ShiftOp.Shl, 4, Gpr.Rax, SaturatedBit);
        emit.Alu(AluOp.Or, 4, target, Gpr.Rax);
    }

    private void EmitWriteFloatStatus(in IrInst inst)
    {
        ClobberFlags();
        Mem hostMode = HostAbi.Field(HostContext.ModeOffset);
        emit.Mov(4, Gpr.Rax, Use(inst.A));
        emit.Alu(AluOp.And, 4, Gpr.Rax, unchecked((int)FpsrBits.Writable));
        emit.Mov(4, HostAbi.Field(GuestContext.FpsrOffset), Gpr.Rax);
        emit.MovImm(8, Saturation(0), 0);
        emit.MovImm(8, Saturation(1), 0);
        emit.Stmxcsr(hostMode);
        emit.Alu(AluOp.And, 4, hostMode, ~HostExceptions);
        emit.Ldmxcsr(hostMode);
    }

    private static Mem Saturation(int half) => HostAbi.Field(HostContext.SaturationOffset + (half * 8));
}
