using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Floating point to integers.</summary>
/// <remarks>
/// A host conversion out of range gives the most negative integer and raises Invalid alone, as Arm does: then the oracle finds the
/// saturated value. A rounding mode that is neither truncation nor MXCSR's is done by ROUNDSD without Inexact; when the value is
/// known to be in range it is done again to raise Inexact.
/// </remarks>
internal sealed partial class X64Compiler
{
    private enum IntegerRounding
    {
        Unsupported,
        Truncate,
        Mxcsr,
        RoundFirst,
        RoundAway,
    }

    private IntegerRounding RoundingTo(in IrInst inst, out byte bits)
    {
        bits = 0;
        if (inst.Imm != 0 && (inst.Aux != (int)FpRounding.Zero || (inst.Type == IrType.V128 && inst.Shape != VectorShape.Scalar)))
            return IntegerRounding.Unsupported;
        if (inst.Aux == (int)FpRounding.Zero)
            return IntegerRounding.Truncate;
        if (inst.Aux == (int)GuestRounding)
            return IntegerRounding.Mxcsr;
        if (TryHostRounding(inst.Aux, out bits))
            return IntegerRounding.RoundFirst;
        // Any mode will do to raise Inexact in the end.
        bits = 0;
        return IntegerRounding.RoundAway;
    }

    /// <summary>A scalar to a general register.</summary>
    private bool TryEmitFloatToFixed(in IrInst inst)
    {
        IntegerRounding rounding = RoundingTo(inst, out byte bits);
        if (!HaveFloatColdPath || rounding == IntegerRounding.Unsupported)
            return false;
        VectorOperand a = SourceOf(inst.A);
        if (!HaveTemporaries(1))
            return false;
        ClobberFlags();
        Gpr d = Define(current);
        Label cold = emit.NewLabel();
        EmitToInteger(inst, inst.Type == IrType.I64 ? 8 : 4, rounding, bits, a, d, cold);
        emit.Bind(AddFloatCold(inst, cold, d, a));
        values[current].ZeroUpper = inst.Type == IrType.I32;
        return true;
    }

    /// <summary>d := the scalar as an integer of <paramref name="bytes"/> bytes, zero-extended; to <paramref name="cold"/> where it may be out of range. Clobbers xmm0.</summary>
    private void EmitToInteger(in IrInst inst, int bytes, IntegerRounding rounding, byte bits, in VectorOperand a, Gpr d, Label cold)
    {
        int size = inst.Size;
        bool unsigned = inst.Op == IrOp.FloatToFixedUnsigned;
        VectorOperand source = a;
        Xmm second = rounding == IntegerRounding.RoundAway ? ScratchXmm() : default;
        GuardInput(inst, inst.A, a, HostAbi.VectorScratch, cold);
        if (inst.Imm != 0)
        {
            EmitScaleUp(inst, bytes, a, cold);
            source = new VectorOperand(HostAbi.VectorScratch);
        }
        else if (rounding == IntegerRounding.RoundAway)
        {
            EmitRoundAway(inst, HostAbi.VectorScratch, second, a, cold);
            source = new VectorOperand(HostAbi.VectorScratch);
        }
        else if (rounding == IntegerRounding.RoundFirst)
        {
            Xmm unrounded = InRegister(a, HostAbi.VectorScratch, size);
            emit.VexImm(size == 8 ? V.Roundsd : V.Roundss, HostAbi.VectorScratch, unrounded, unrounded, (byte)(bits | RoundQuietly));
            source = new VectorOperand(HostAbi.VectorScratch);
        }
        else if (unsigned)
        {
            source = new VectorOperand(InRegister(a, HostAbi.VectorScratch, size));
        }

        if (unsigned)
        {
            // In (−1, 2^32) or (−1, 2^63) a signed conversion to 64 bits is exact but for the fraction. Rounding by MXCSR may reach
            // the limits themselves, so there the bound is a half lower; the oracle is right in any case.
            bool truncates = rounding != IntegerRounding.Mxcsr;
            emit.Vex(size == 8 ? V.Ucomisd : V.Ucomiss, source.Register, FloatConstant(size, LowerBound(size, truncates)));
            emit.Jcc(Cc.Be, cold);
            emit.Vex(size == 8 ? V.Ucomisd : V.Ucomiss, source.Register, FloatConstant(size, UpperBound(size, bytes, truncates)));
            emit.Jcc(Cc.Ae, cold);
            Convert(size, 8, d, source, rounding);
        }
        else
        {
            Convert(size, bytes, d, source, rounding);
            // Overflows for the most negative integer only.
            emit.Alu(AluOp.Cmp, bytes, d, 1);
            emit.Jcc(Cc.O, cold);
        }

        if (rounding >= IntegerRounding.RoundFirst)
        {
            Xmm unrounded = InRegister(a, HostAbi.VectorScratch, size);
            emit.VexImm(size == 8 ? V.Roundsd : V.Roundss, HostAbi.VectorScratch, unrounded, unrounded, bits);
        }
    }

    /// <summary>xmm0 := a times 2^Imm, exactly: what would leave the integer's range, and NaNs, go to <paramref name="cold"/> first.</summary>
    private void EmitScaleUp(in IrInst inst, int bytes, in VectorOperand a, Label cold)
    {
        int size = inst.Size, fractionBits = (int)inst.Imm;
        bool wide = size == 8;
        int limit = (bytes * 8) - 1 - fractionBits;
        ulong bound = wide ? (ulong)(1023 + limit) << 52 : (ulong)(127 + limit) << 23;
        ulong scale = wide ? (ulong)(1023 + fractionBits) << 52 : (ulong)(127 + fractionBits) << 23;
        emit.Vex(V.Andps, HostAbi.VectorScratch, InRegister(a, HostAbi.VectorScratch, 16), AbsMask(size));
        emit.Vex(wide ? V.Ucomisd : V.Ucomiss, HostAbi.VectorScratch, FloatConstant(size, bound));
        emit.Jcc(Cc.Ae, cold);
        emit.Jcc(Cc.P, cold);
        Xmm unscaled = InRegister(a, HostAbi.VectorScratch, size);
        emit.Vex(wide ? V.Mulsd : V.Mulss, HostAbi.VectorScratch, unscaled, FloatConstant(size, scale));
    }

    private void Convert(int size, int bytes, Gpr d, in VectorOperand source, IntegerRounding rounding)
    {
        bool byMode = rounding == IntegerRounding.Mxcsr;
        if (size == 8 && byMode)
        {
            if (source.IsMemory)
                emit.Vcvtsd2si(bytes, d, source.Memory);
            else
                emit.Vcvtsd2si(bytes, d, source.Register);
        }
        else if (size == 8)
        {
            if (source.IsMemory)
                emit.Vcvttsd2si(bytes, d, source.Memory);
            else
                emit.Vcvttsd2si(bytes, d, source.Register);
        }
        else if (byMode)
        {
            if (source.IsMemory)
                emit.Vcvtss2si(bytes, d, source.Memory);
            else
                emit.Vcvtss2si(bytes, d, source.Register);
        }
        else if (source.IsMemory)
        {
            emit.Vcvttss2si(bytes, d, source.Memory);
        }
        else
        {
            emit.Vcvttss2si(bytes, d, source.Register);
        }
    }

    /// <summary>Everything above it rounds to 0 or more: −1 where the fraction is dropped, else −0.0.</summary>
    private static ulong LowerBound(int size, bool truncates)
    {
        if (size == 8)
            return truncates ? 0xBFF0_0000_0000_0000 : 0;
        return truncates ? 0xBF80_0000u : 0u;
    }

    /// <summary>Everything below it rounds to less than 2^32, or 2^63.</summary>
    private static ulong UpperBound(int size, int bytes, bool truncates)
    {
        int exponent = bytes == 4 ? 32 : 63;
        // 2^31 and 2^62 are safe bounds for every rounding.
        if (!truncates)
            exponent--;
        return size == 8 ? (ulong)(1023 + exponent) << 52 : (ulong)(127 + exponent) << 23;
    }

    /// <summary>In every lane.</summary>
    private bool TryEmitFloatToFixedLanes(in IrInst inst)
    {
        IntegerRounding rounding = RoundingTo(inst, out byte bits);
        if (!HaveFloatColdPath || rounding == IntegerRounding.Unsupported)
            return false;
        if (inst.Shape == VectorShape.Scalar)
            return TryEmitFloatToFixedScalar(inst, rounding, bits);
        int size = inst.Size;
        bool unsigned = inst.Op == IrOp.FloatToFixedUnsigned;
        bool hasAvx512 = features.Avx512Vl && features.Avx512Dq;
        if (rounding >= IntegerRounding.RoundFirst || ((size == 8 || unsigned) && !hasAvx512))
            return false;
        VectorOperand a = SourceOf(inst.A);
        if (!HaveTemporaries(1))
            return false;
        FloatTarget target = BeginFloat(a, out Xmm temporary, out Label cold);
        Xmm t = target.Register;
        GuardInput(inst, inst.A, a, temporary, cold);
        Xmm source = inst.Shape == VectorShape.D ? CleanHalf(inst.A, a, t) : InRegister(a, t, 16);
        emit.Vex(LaneConversion(size, unsigned, rounding == IntegerRounding.Truncate), t, source);
        ulong invalid = unsigned ? ulong.MaxValue : 1UL << 63;
        Mem pattern = FloatConstant(size, size == 8 ? invalid : invalid >> 32);
        emit.Vex(size == 8 ? V.Pcmpeqq : V.Pcmpeqd, temporary, t, pattern);
        BranchIfAnyLane(size, temporary, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a));
        FinishTarget(target, isClean: true, LiveBytesOf(inst.Shape, size));
        return true;
    }

    private static VexOp LaneConversion(int size, bool unsigned, bool truncates)
    {
        if (size == 4)
        {
            return unsigned
                ? (truncates ? V.EvexCvttps2udq : V.EvexCvtps2udq)
                : truncates ? V.Cvttps2dq : V.Cvtps2dq;
        }

        return unsigned
            ? (truncates ? V.EvexCvttpd2uqq : V.EvexCvtpd2uqq)
            : truncates ? V.EvexCvttpd2qq : V.EvexCvtpd2qq;
    }

    /// <summary>Through rax.</summary>
    private bool TryEmitFloatToFixedScalar(in IrInst inst, IntegerRounding rounding, byte bits)
    {
        VectorOperand a = SourceOf(inst.A);
        if (!HaveTemporaries(1))
            return false;
        ClobberFlags();
        Label cold = emit.NewLabel();
        EmitToInteger(inst, inst.Size, rounding, bits, a, Gpr.Rax, cold);
        // The cold path leaves its result, zero-extended, in rax as well.
        emit.Bind(AddFloatCold(inst, cold, Gpr.Rax, a));
        Xmm d = DefineV(current, ReusableOperand());
        if (inst.Size == 8)
            emit.Vmovq(d, Gpr.Rax);
        else
            emit.Vmovd(d, Gpr.Rax);
        return true;
    }
}
