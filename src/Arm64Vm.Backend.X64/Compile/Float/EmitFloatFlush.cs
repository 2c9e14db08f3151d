using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>FPCR.FZ: denormal operands count as zero and raise IDC, tiny results become zero and raise UFC alone.</summary>
/// <remarks>
/// The host's own flushing raises other flags, so it stays off, and everything denormal goes to the oracle: operands before the operation,
/// results after it. A tiny result may then have raised Inexact in the host, which Arm does not: products and quotients are done in host
/// instructions only while FPSR.IXC is set already, which in numeric code is the case after the first rounding.
/// </remarks>
internal sealed partial class X64Compiler
{
    /// <summary>To <paramref name="cold"/> where a live lane of an operand is denormal. Nothing is emitted unless FZ is set.</summary>
    private void GuardInput(in IrInst inst, int value, in VectorOperand source, Xmm temporary, Label cold)
    {
        if (!IsFlushed(value, inst.Size))
            GuardTiny(inst.Shape == VectorShape.Scalar, inst.Size, source, temporary, cold);
    }

    /// <summary>To <paramref name="cold"/> while the operation must not raise Inexact beside Underflow.</summary>
    private void GuardUnderflow(bool mayBeTiny, Label cold)
    {
        if (!FlushesToZero || !mayBeTiny)
            return;
        emit.Test(4, HostAbi.Field(GuestContext.FpsrOffset), (int)FpsrBits.Inexact);
        emit.Jcc(Cc.E, cold);
    }

    /// <summary>Where FZ is set, to <paramref name="cold"/> if an element is not zero and not above the smallest normal number. Clobbers rax.</summary>
    /// <remarks>2·x − 1 drops the sign, makes zero large, and has no bit left above the fraction exactly then.</remarks>
    private void GuardTiny(bool scalar, int size, in VectorOperand source, Xmm temporary, Label cold)
    {
        if (!FlushesToZero)
            return;
        byte shift = (byte)(size == 8 ? 53 : 24);
        if (scalar)
        {
            if (source.IsMemory)
                emit.Mov(size, Gpr.Rax, source.Memory);
            else
                MoveToScratch(size, source.Register);
            emit.Lea(size, Gpr.Rax, Mem.Index(Gpr.Rax, Gpr.Rax, 1, -1));
            emit.Shift(ShiftOp.Shr, size, Gpr.Rax, shift);
            emit.Jcc(Cc.E, cold);
            return;
        }

        Xmm element = InRegister(source, temporary, 16);
        VexOp add = size == 8 ? V.Paddq : V.Paddd;
        emit.Vex(add, temporary, element, element);
        emit.Vex(add, temporary, temporary, FloatConstant(size, size == 8 ? ulong.MaxValue : uint.MaxValue));
        emit.VexShiftImm(size == 8 ? V.Psrlq : V.Psrld, temporary, temporary, shift);
        emit.Vex(size == 8 ? V.Pcmpeqq : V.Pcmpeqd, temporary, temporary, FloatConstant(size, 0));
        BranchIfAnyLane(size, temporary, cold);
    }

    /// <summary>True for values that are never denormal in elements of <paramref name="size"/>: results of flushing arithmetic, converted integers, zero.</summary>
    private bool IsFlushed(int value, int size)
    {
        ref IrInst inst = ref region[value];
        return inst.Op switch
        {
            IrOp.VectorConst => inst.Imm == 0,
            >= IrOp.FloatAdd and <= IrOp.FloatReciprocalSqrtStep => inst.Size == size,
            >= IrOp.FloatMulAdd and <= IrOp.FloatNegMulSub => inst.Size == size,
            IrOp.FloatSqrt or IrOp.FloatRoundToIntegral => inst.Size == size,
            IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned => inst.Size == size,
            IrOp.FloatConvert => inst.Aux == size,
            _ => false,
        };
    }
}
