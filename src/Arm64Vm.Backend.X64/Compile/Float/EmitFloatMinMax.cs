using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Maximum, minimum and comparison to masks.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>
    /// MAX and MIN raise Invalid on quiet NaNs, so unordered operands are found first, by a comparison that raises it on signaling ones as Arm
    /// does. For two zeros the host gives its second operand: done both ways and combined, the signs come out as Arm's (+0 above −0).
    /// </summary>
    private bool TryEmitFloatMinMax(in IrInst inst)
    {
        if (!HaveFloatColdPath)
            return false;
        bool scalar = inst.Shape == VectorShape.Scalar, half = inst.Shape == VectorShape.D;
        bool maximum = inst.Op is IrOp.FloatMax or IrOp.FloatMaxNumber;
        int size = inst.Size, liveBytes = LiveBytesOf(inst.Shape, size);
        VectorOperand a = new(UseV(inst.A)), b = new(UseV(inst.B));
        bool aIsClean = LiveBytes(inst.A) <= liveBytes, bIsClean = LiveBytes(inst.B) <= liveBytes;
        bool copies = half && !(aIsClean && bIsClean);
        // Two for the cleaned operands, and the first temporary, which the target may leave free.
        if (!HaveTemporaries(copies ? 2 : 1))
            return false;
        ClobberFlags();
        FloatTarget target = ChooseTarget(a, b);
        Xmm t = target.Register, temporary = FirstTemporary(target), second = copies ? ScratchXmm() : default;
        Xmm x = a.Register, y = b.Register;
        Label cold = emit.NewLabel();
        GuardInput(inst, inst.A, a, temporary, cold);
        GuardInput(inst, inst.B, b, temporary, cold);
        if (copies)
        {
            x = CleanHalf(inst.A, a, t);
            y = CleanHalf(inst.B, b, second);
        }

        if (scalar)
        {
            emit.Vex(size == 8 ? V.Ucomisd : V.Ucomiss, x, y);
            emit.Jcc(Cc.P, cold);
        }
        else
        {
            const byte unorderedQuiet = 3;
            emit.VexImm(size == 8 ? V.Cmppd : V.Cmpps, temporary, x, y, unorderedQuiet);
            BranchIfAnyLane(size, temporary, cold);
        }

        VexOp op = maximum
            ? Pick(scalar, size, V.Maxss, V.Maxsd, V.Maxps, V.Maxpd)
            : Pick(scalar, size, V.Minss, V.Minsd, V.Minps, V.Minpd);
        emit.Vex(op, temporary, x, y);
        emit.Vex(op, t, y, x);
        emit.Vex(maximum ? V.Andps : V.Orps, t, t, temporary);
        emit.Bind(AddFloatCold(inst, cold, t, a, b));
        bool isClean = !scalar || (maximum ? aIsClean || bIsClean : aIsClean && bIsClean);
        FinishTarget(target, isClean, liveBytes);
        return true;
    }

    /// <summary>The host's predicates signal as Arm does: equality quietly, order on every NaN.</summary>
    private bool TryEmitFloatCompareMask(in IrInst inst)
    {
        const byte equalQuiet = 0, greaterEqualSignaling = 13, greaterSignaling = 14;
        bool scalar = inst.Shape == VectorShape.Scalar, half = inst.Shape == VectorShape.D;
        bool absolute = inst.Op is IrOp.FloatCompareAbsGreater or IrOp.FloatCompareAbsGreaterEqual;
        int size = inst.Size, liveBytes = LiveBytesOf(inst.Shape, size);
        VectorOperand a = SourceOf(inst.A), b = SourceOf(inst.B);
        if (!HaveTemporaries(1) || !HaveFloatColdPath)
            return false;
        if (FlushesToZero)
            ClobberFlags();
        byte predicate = inst.Op switch
        {
            IrOp.FloatCompareEqual => equalQuiet,
            IrOp.FloatCompareGreaterEqual or IrOp.FloatCompareAbsGreaterEqual => greaterEqualSignaling,
            _ => greaterSignaling,
        };
        FloatTarget target = ChooseTarget(a, b);
        Xmm t = target.Register, temporary = FirstTemporary(target);
        Label cold = emit.NewLabel();
        GuardInput(inst, inst.A, a, temporary, cold);
        GuardInput(inst, inst.B, b, temporary, cold);
        VexOp op = Pick(scalar, size, V.Cmpss, V.Cmpsd, V.Cmpps, V.Cmppd);
        bool isClean = true;
        if (absolute)
        {
            Mem mask = LiveConstant(inst.Shape, size, size == 8 ? (ulong)long.MaxValue : int.MaxValue);
            emit.Vex(V.Andps, t, InRegister(a, t, 16), mask);
            emit.Vex(V.Andps, temporary, InRegister(b, temporary, 16), mask);
            emit.VexImm(op, t, t, temporary, predicate);
            isClean = !half || predicate == greaterSignaling;
        }
        else if (half)
        {
            Xmm left = CleanHalf(inst.A, a, t), right = CleanHalf(inst.B, b, temporary);
            emit.VexImm(op, t, left, right, predicate);
            isClean = predicate == greaterSignaling;
        }
        else
        {
            isClean = !scalar || a.IsMemory || LiveBytes(inst.A) <= liveBytes;
            VexImm(op, t, InRegister(a, t, liveBytes), b, predicate);
        }

        if (FlushesToZero)
            emit.Bind(AddFloatCold(inst, cold, t, a, b));
        FinishTarget(target, isClean, liveBytes);
        return true;
    }
}
