using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Sums, products, quotients, roots and signs.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>
    /// The sign of an exact zero difference is negative when rounding down, so zeros above the live lanes may become −0. Quotients of them
    /// would raise exceptions, so for these the live half is in both halves.
    /// </summary>
    private bool TryEmitFloatBinary(in IrInst inst, VexOp op, bool commutative, bool mayBeTiny)
    {
        if (!HaveFloatColdPath)
            return false;
        bool scalar = inst.Shape == VectorShape.Scalar, half = inst.Shape == VectorShape.D;
        int size = inst.Size, liveBytes = LiveBytesOf(inst.Shape, size);
        VectorOperand a = SourceOf(inst.A), b = SourceOf(inst.B);
        if (!HaveTemporaries(1))
            return false;
        ClobberFlags();
        bool aIsClean = a.IsMemory || LiveBytes(inst.A) <= liveBytes;
        FloatTarget target = ChooseTarget(a, b);
        Xmm t = target.Register, temporary = FirstTemporary(target);
        Label cold = emit.NewLabel();
        GuardInput(inst, inst.A, a, temporary, cold);
        GuardInput(inst, inst.B, b, temporary, cold);
        GuardUnderflow(mayBeTiny, cold);
        bool isClean = true;
        if (half && inst.Op == IrOp.FloatDiv)
        {
            Vex(V.Movddup, t, a);
            Vex(V.Movddup, temporary, b);
            emit.Vex(op, t, t, temporary);
            isClean = false;
        }
        else if (half)
        {
            Xmm left = CleanHalf(inst.A, a, t), right = CleanHalf(inst.B, b, temporary);
            emit.Vex(op, t, left, right);
            isClean = GuestRounding != FpRounding.MinusInfinity;
        }
        else
        {
            bool swap = scalar && commutative && !aIsClean && (b.IsMemory || LiveBytes(inst.B) <= liveBytes);
            VectorOperand first = swap ? b : a;
            isClean = !scalar || aIsClean || swap;
            Vex(op, t, InRegister(first, t, liveBytes), swap ? a : b);
        }

        CheckResult(scalar, size, t, temporary, mayBeTiny, cold);
        if (!mayBeTiny)
            GuardTiny(scalar, size, new VectorOperand(t), temporary, cold);
        Label resume = AddFloatCold(inst, cold, t, a, b);
        if (inst.Op == IrOp.FloatAbsDifference)
            emit.Vex(V.Andps, t, t, AbsMask(size));
        else if (inst.Op == IrOp.FloatNegMul)
            emit.Vex(V.Xorps, t, t, LiveConstant(inst.Shape, size, 1UL << ((size * 8) - 1)));
        emit.Bind(resume);
        FinishTarget(target, isClean, liveBytes);
        return true;
    }

    private bool TryEmitFloatSqrt(in IrInst inst)
    {
        if (!HaveFloatColdPath)
            return false;
        bool scalar = inst.Shape == VectorShape.Scalar;
        int size = inst.Size, liveBytes = LiveBytesOf(inst.Shape, size);
        VectorOperand a = SourceOf(inst.A);
        FloatTarget target = BeginFloat(a, out Xmm temporary, out Label cold);
        Xmm t = target.Register;
        GuardInput(inst, inst.A, a, temporary, cold);
        bool isClean = true;
        if (scalar)
        {
            isClean = a.IsMemory || LiveBytes(inst.A) <= size;
            Xmm source = InRegister(a, t, size);
            emit.Vex(size == 8 ? V.Sqrtsd : V.Sqrtss, t, source, source);
        }
        else if (inst.Shape == VectorShape.D)
        {
            emit.Vex(V.Sqrtps, t, CleanHalf(inst.A, a, t));
        }
        else
        {
            Vex(size == 8 ? V.Sqrtpd : V.Sqrtps, t, a);
        }

        CheckResult(scalar, size, t, temporary, mayBeTiny: false, cold);
        emit.Bind(AddFloatCold(inst, cold, t, a));
        FinishTarget(target, isClean, liveBytes);
        return true;
    }

    /// <summary>The constant's zeros above the live lanes clear the rest.</summary>
    private void EmitFloatAbs(in IrInst inst)
    {
        Xmm a = UseV(inst.A);
        ulong mask = (1UL << ((inst.Size * 8) - 1)) - 1;
        emit.Vex(V.Andps, DefineV(current, inst.A), a, LiveConstant(inst.Shape, inst.Size, mask));
    }

    private void EmitFloatNeg(in IrInst inst)
    {
        Xmm a = UseV(inst.A);
        int liveBytes = LiveBytesOf(inst.Shape, inst.Size);
        bool isClean = LiveBytes(inst.A) <= liveBytes;
        Xmm d = DefineV(current, inst.A);
        if (!isClean)
        {
            if (liveBytes == 2)
                emit.Vex(V.Andps, d, a, LiveConstant(VectorShape.Scalar, 2, 0xFFFF));
            else
                ClearAbove(d, a, liveBytes);
            a = d;
        }

        emit.Vex(V.Xorps, d, a, LiveConstant(inst.Shape, inst.Size, 1UL << ((inst.Size * 8) - 1)));
    }
}
