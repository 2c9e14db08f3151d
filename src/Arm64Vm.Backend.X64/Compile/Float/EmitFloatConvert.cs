using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Rounding to integral values and conversion between formats.</summary>
internal sealed partial class X64Compiler
{
    private const byte RoundByMxcsr = 4;
    private const byte RoundQuietly = 8;

    /// <summary>The rounding bits of ROUNDSD's immediate; false for ties away from zero, which it does not have.</summary>
    private static bool TryHostRounding(int aux, out byte bits)
    {
        bits = (aux & 7) switch
        {
            IrBuilder.RoundingOfFpcr => RoundByMxcsr,
            (int)FpRounding.TieEven => 0,
            (int)FpRounding.MinusInfinity => 1,
            (int)FpRounding.PlusInfinity => 2,
            (int)FpRounding.Zero => 3,
            _ => 0xFF,
        };
        return bits != 0xFF;
    }

    private bool TryEmitFloatRound(in IrInst inst)
    {
        bool roundsAway = !TryHostRounding(inst.Aux, out byte bits);
        if (!HaveFloatColdPath || (roundsAway && inst.Shape != VectorShape.Scalar))
            return false;
        if ((inst.Aux & IrBuilder.RoundExact) == 0)
            bits |= RoundQuietly;
        bool scalar = inst.Shape == VectorShape.Scalar;
        int size = inst.Size, liveBytes = LiveBytesOf(inst.Shape, size);
        VectorOperand a = SourceOf(inst.A);
        FloatTarget target = BeginFloat(a, out Xmm temporary, out Label cold);
        Xmm t = target.Register;
        GuardInput(inst, inst.A, a, temporary, cold);
        bool isClean = true;
        if (roundsAway)
        {
            EmitRoundAway(inst, t, temporary, a, cold);
        }
        else if (scalar)
        {
            isClean = a.IsMemory || LiveBytes(inst.A) <= size;
            Xmm source = InRegister(a, t, size);
            emit.VexImm(size == 8 ? V.Roundsd : V.Roundss, t, source, source, bits);
        }
        else
        {
            Xmm source = inst.Shape == VectorShape.D ? CleanHalf(inst.A, a, t) : InRegister(a, t, 16);
            emit.VexImm2(size == 8 ? V.Roundpd : V.Roundps, t, source, bits);
        }

        if (!roundsAway)
            CheckResult(scalar, size, t, temporary, mayBeTiny: false, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a));
        FinishTarget(target, isClean, liveBytes);
        return true;
    }

    /// <summary>t := a rounded to nearest, ties away from zero, without Inexact and with zeros above; to <paramref name="cold"/> for NaNs and for what is too large to have a fraction.</summary>
    /// <remarks>The integral part and the fraction of the absolute value are exact, and so is adding 1.</remarks>
    private void EmitRoundAway(in IrInst inst, Xmm t, Xmm temporary, in VectorOperand a, Label cold)
    {
        const byte truncate = 3, greaterEqualQuiet = 29;
        int size = inst.Size;
        bool wide = size == 8;
        emit.Vex(V.Andps, temporary, InRegister(a, temporary, 16), LiveConstant(VectorShape.Scalar, size, wide ? (ulong)long.MaxValue : int.MaxValue));
        emit.Vex(wide ? V.Ucomisd : V.Ucomiss, temporary, FloatConstant(size, wide ? 0x4330_0000_0000_0000 : 0x4B00_0000UL));
        emit.Jcc(Cc.Ae, cold);
        emit.Jcc(Cc.P, cold);
        emit.VexImm(wide ? V.Roundsd : V.Roundss, t, temporary, temporary, truncate | RoundQuietly);
        emit.Vex(wide ? V.Subsd : V.Subss, temporary, temporary, t);
        emit.VexImm(wide ? V.Cmpsd : V.Cmpss, temporary, temporary, FloatConstant(size, wide ? 0x3FE0_0000_0000_0000 : 0x3F00_0000UL), greaterEqualQuiet);
        emit.Vex(V.Andps, temporary, temporary, LiveConstant(VectorShape.Scalar, size, wide ? 0x3FF0_0000_0000_0000 : 0x3F80_0000UL));
        emit.Vex(wide ? V.Addsd : V.Addss, t, t, temporary);
        emit.Vex(V.Andps, temporary, InRegister(a, temporary, 16), LiveConstant(VectorShape.Scalar, size, 1UL << ((size * 8) - 1)));
        emit.Vex(V.Orps, t, t, temporary);
    }

    /// <summary>FloatConvert (scalar) and FloatWiden.</summary>
    private bool TryEmitFloatConvert(in IrInst inst)
    {
        bool widen = inst.Op == IrOp.FloatWiden;
        int from = inst.Size, to = widen ? from * 2 : inst.Aux;
        bool fromHalf = from == 2 && (mode.Fpcr & FpcrBits.AlternativeHalf) == 0;
        if (!HaveFloatColdPath || to == 2 || (from == 2 && !fromHalf))
            return false;
        VectorOperand a = SourceOf(inst.A);
        if (!HaveTemporaries(1))
            return false;
        FloatTarget target = BeginFloat(a, out Xmm temporary, out Label cold);
        Xmm t = target.Register;
        if (from != 2)
            GuardInput(inst, inst.A, a, temporary, cold);
        GuardUnderflow(mayBeTiny: to < from, cold);
        bool isClean = true;
        if (widen)
            EmitWiden(inst, t, a);
        else
            isClean = EmitScalarConvert(inst, t, a, from, to);

        CheckResult(!widen, to, t, temporary, mayBeTiny: to < from, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a));
        FinishTarget(target, isClean, widen ? 16 : to);
        return true;
    }

    private void EmitWiden(in IrInst inst, Xmm t, in VectorOperand a)
    {
        VexOp op = inst.Size == 4 ? V.Cvtps2pd : V.Cvtph2ps;
        if (inst.Aux == 0)
        {
            Vex(op, t, a);
            return;
        }

        const byte highHalf = 0b1110;
        if (a.IsMemory)
            emit.VexImm2(V.Pshufd, t, a.Memory, highHalf);
        else
            emit.VexImm2(V.Pshufd, t, a.Register, highHalf);
        emit.Vex(op, t, t);
    }

    /// <summary>Returns whether the bits above the result are zero.</summary>
    private bool EmitScalarConvert(in IrInst inst, Xmm t, in VectorOperand a, int from, int to)
    {
        if (from == 8)
        {
            emit.Vex(V.Xorps, t, t, t);
            Vex(V.Cvtsd2ss, t, t, a);
            return true;
        }

        if (from == 4)
        {
            Xmm source = InRegister(a, t, 4);
            emit.Vex(V.Cvtss2sd, t, source, source);
            return a.IsMemory || LiveBytes(inst.A) <= 8;
        }

        // The conversion is packed: nothing else may be there.
        emit.Vex(V.Andps, t, InRegister(a, t, 16), LiveConstant(VectorShape.Scalar, 2, 0xFFFF));
        emit.Vex(V.Cvtph2ps, t, t);
        if (to == 8)
            emit.Vex(V.Cvtss2sd, t, t, t);
        return true;
    }

    /// <summary>One single, or four, to halves; NaNs are found in the operand. FZ does not flush halves.</summary>
    private bool TryEmitFloatToHalf(in IrInst inst)
    {
        const byte byMxcsr = 4;
        const int smallestNormalHalf = 0x0400;
        if (!HaveFloatColdPath || (mode.Fpcr & FpcrBits.AlternativeHalf) != 0)
            return false;
        bool scalar = inst.Op == IrOp.FloatConvert;
        VectorOperand a = SourceOf(inst.A);
        if (!HaveTemporaries(1))
            return false;
        FloatTarget target = BeginFloat(a, out Xmm temporary, out Label cold);
        Xmm t = target.Register;
        GuardTiny(scalar, 4, a, temporary, cold);
        Xmm source = InRegister(a, t, scalar ? 4 : 16);
        if (scalar && !a.IsMemory && LiveBytes(inst.A) > 4)
        {
            ClearAbove(t, source, 4);
            source = t;
        }

        CheckResult(scalar, 4, source, temporary, mayBeTiny: false, cold);
        emit.VexStoreImm(V.Cvtps2ph, t, source, byMxcsr);
        emit.Vex(V.Pand, temporary, t, LiveConstant(VectorShape.Q, 2, 0x7FFF));
        emit.Vex(V.Pcmpeqw, temporary, temporary, LiveConstant(VectorShape.Q, 2, smallestNormalHalf));
        emit.Vpmovmskb(Gpr.Rax, temporary);
        emit.Test(4, Gpr.Rax, Gpr.Rax);
        emit.Jcc(Cc.Ne, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a));
        FinishTarget(target, isClean: true, scalar ? 4 : 8);
        return true;
    }

    /// <summary>Two doubles to two singles.</summary>
    private bool TryEmitFloatNarrow(in IrInst inst)
    {
        if (!HaveFloatColdPath || inst.Size != 4)
            return false;
        VectorOperand a = SourceOf(inst.A);
        if (!HaveTemporaries(1))
            return false;
        FloatTarget target = BeginFloat(a, out Xmm temporary, out Label cold);
        Xmm t = target.Register;
        GuardTiny(scalar: false, 8, a, temporary, cold);
        GuardUnderflow(mayBeTiny: true, cold);
        emit.Vex(V.Cvtpd2ps, t, InRegister(a, t, 16));
        CheckResult(scalar: false, 4, t, temporary, mayBeTiny: true, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a));
        FinishTarget(target, isClean: true, 8);
        return true;
    }
}
