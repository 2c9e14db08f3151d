using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Fused multiply-add.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>
    /// One operand is copied into the target, which the instruction then overwrites: the addend (form 231), or for scalars the first operand
    /// that has zeros above it, because the rest of the result comes from there (a factor: form 213).
    /// </summary>
    private bool TryEmitFloatMulAdd(in IrInst inst)
    {
        if (!HaveFloatColdPath)
            return false;
        VectorOperand a = SourceOf(inst.A), b = SourceOf(inst.B), c = SourceOf(inst.C);
        bool half = inst.Shape == VectorShape.D;
        if (!HaveTemporaries(half ? 2 : 1))
            return false;
        ClobberFlags();
        bool scalar = inst.Shape == VectorShape.Scalar;
        int size = inst.Size, liveBytes = LiveBytesOf(inst.Shape, size);
        FloatTarget target = ChooseTarget(a, b, c);
        Xmm t = target.Register, temporary = FirstTemporary(target), second = half ? ScratchXmm() : default;
        Label cold = emit.NewLabel();
        GuardInput(inst, inst.A, a, temporary, cold);
        GuardInput(inst, inst.B, b, temporary, cold);
        GuardInput(inst, inst.C, c, temporary, cold);
        GuardUnderflow(mayBeTiny: true, cold);
        bool isClean;
        if (half)
        {
            Xmm addend = CleanHalf(inst.C, c, t);
            if (addend != t)
                emit.Vex(V.Movaps, t, addend);
            emit.Vex(MulAddOp(inst, 231), t, CleanHalf(inst.A, a, temporary), CleanHalf(inst.B, b, second));
            isClean = GuestRounding != FpRounding.MinusInfinity;
        }
        else
        {
            isClean = EmitMulAddWhole(inst, t, temporary, a, b, c, liveBytes);
        }

        CheckResult(scalar, size, t, temporary, mayBeTiny: true, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a, b, c));
        FinishTarget(target, isClean, liveBytes);
        return true;
    }

    /// <summary>Returns whether the bits above the live lanes are zero.</summary>
    private bool EmitMulAddWhole(in IrInst inst, Xmm t, Xmm temporary, in VectorOperand a, in VectorOperand b, in VectorOperand c, int liveBytes)
    {
        bool IsZeroAbove(int value, in VectorOperand source) => source.IsMemory || LiveBytes(value) <= liveBytes;

        bool fromC = IsZeroAbove(inst.C, c), fromA = IsZeroAbove(inst.A, a), fromB = IsZeroAbove(inst.B, b);
        if (!fromC && (fromA || fromB))
        {
            VectorOperand seed = fromA ? a : b, other = fromA ? b : a;
            LoadSource(t, seed, liveBytes);
            Vex(MulAddOp(inst, 213), t, InRegister(other, temporary, liveBytes), c);
            return true;
        }

        LoadSource(t, c, liveBytes);
        bool swap = a.IsMemory && !b.IsMemory;
        VectorOperand left = swap ? b : a, right = swap ? a : b;
        Vex(MulAddOp(inst, 231), t, InRegister(left, temporary, liveBytes), right);
        return fromC || inst.Shape == VectorShape.Q;
    }

    private static VexOp MulAddOp(in IrInst inst, int form)
    {
        bool scalar = inst.Shape == VectorShape.Scalar;
        if (form == 213)
        {
            return inst.Op switch
            {
                IrOp.FloatMulAdd => Pick(scalar, inst.Size, V.Fmadd213ss, V.Fmadd213sd, V.Fmadd213ps, V.Fmadd213pd),
                IrOp.FloatMulSub => Pick(scalar, inst.Size, V.Fnmadd213ss, V.Fnmadd213sd, V.Fnmadd213ps, V.Fnmadd213pd),
                IrOp.FloatNegMulAdd => Pick(scalar, inst.Size, V.Fnmsub213ss, V.Fnmsub213sd, V.Fnmsub213ps, V.Fnmsub213pd),
                _ => Pick(scalar, inst.Size, V.Fmsub213ss, V.Fmsub213sd, V.Fmsub213ps, V.Fmsub213pd),
            };
        }

        return inst.Op switch
        {
            IrOp.FloatMulAdd => Pick(scalar, inst.Size, V.Fmadd231ss, V.Fmadd231sd, V.Fmadd231ps, V.Fmadd231pd),
            IrOp.FloatMulSub => Pick(scalar, inst.Size, V.Fnmadd231ss, V.Fnmadd231sd, V.Fnmadd231ps, V.Fnmadd231pd),
            IrOp.FloatNegMulAdd => Pick(scalar, inst.Size, V.Fnmsub231ss, V.Fnmsub231sd, V.Fnmsub231ps, V.Fnmsub231pd),
            _ => Pick(scalar, inst.Size, V.Fmsub231ss, V.Fmsub231sd, V.Fmsub231ps, V.Fmsub231pd),
        };
    }
}
