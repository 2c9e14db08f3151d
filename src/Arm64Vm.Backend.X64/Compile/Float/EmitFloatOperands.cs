using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Where floating-point operations find their operands and put their results.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>Where a result is computed: its own register where that holds no operand, else the scratch register, from which it is moved when all is done.</summary>
    /// <remarks>The operands must survive the computation: the cold path starts again from them.</remarks>
    private readonly record struct FloatTarget(Xmm Register, bool IsDirect);

    /// <summary>An operand of a floating-point operation, which its cold path reads again: in the slot that holds it where this is its last use or registers are short.</summary>
    private VectorOperand SourceOf(int value)
    {
        if ((DiesHere(value) || UnlockedPoolXmm() < 2) && TryVectorMemory(value, out Mem memory))
            return new VectorOperand(memory);
        if (!mayUseUpper && UnlockedPoolXmm() < 2 && TryStoreUpper(value, out Mem stored))
            return new VectorOperand(stored);
        return new VectorOperand(UseV(value));
    }

    private int UnlockedPoolXmm()
    {
        int count = 0;
        foreach (byte candidate in HostAbi.PoolXmm)
            count += (lockedXmm & (1u << candidate)) == 0 ? 1 : 0;
        return count;
    }

    /// <summary>A register other than all sources to compute the current value into. With one that is direct, the scratch register stays free.</summary>
    private FloatTarget ChooseTarget(in VectorOperand a, in VectorOperand b = default, in VectorOperand c = default)
    {
        ref ValueState state = ref values[current];
        if (TryHinted(state, out Xmm pinned))
        {
            // Packed results are looked at by comparisons that do not reach upper registers: they go there when all is done.
            bool isReached = !HostAbi.IsUpper((int)pinned) || region[current].Shape == VectorShape.Scalar;
            return !isReached || a.IsIn(pinned) || b.IsIn(pinned) || c.IsIn(pinned)
                ? new FloatTarget(HostAbi.VectorScratch, false)
                : new FloatTarget(DefineV(current), true);
        }

        foreach (byte candidate in HostAbi.PoolXmm)
        {
            if ((lockedXmm & (1u << candidate)) == 0 && xmmOwner[candidate] == 0)
                return new FloatTarget(DefineVInPool(current), true);
        }

        return new FloatTarget(HostAbi.VectorScratch, false);
    }

    /// <summary>True where a target and <paramref name="count"/> temporaries apart from all sources can be had; else nothing may be emitted.</summary>
    /// <remarks>Either the target or the first temporary is the scratch register.</remarks>
    private bool HaveTemporaries(int count) => UnlockedPoolXmm() >= count;

    /// <summary>The first temporary beside a target. To be had before the first branch to a cold path, which would skip the spill of another value.</summary>
    private Xmm FirstTemporary(FloatTarget target) => target.IsDirect ? HostAbi.VectorScratch : ScratchXmm();

    /// <summary>What an operation on one vector register needs before its guards: a target, a temporary beside it, and the label of its cold path.</summary>
    private FloatTarget BeginFloat(in VectorOperand a, out Xmm temporary, out Label cold)
    {
        ClobberFlags();
        FloatTarget target = ChooseTarget(a);
        temporary = FirstTemporary(target);
        cold = emit.NewLabel();
        return target;
    }

    /// <summary>The current value's register, once the operands are no longer needed.</summary>
    /// <param name="target">What <see cref="ChooseTarget"/> gave.</param>
    /// <param name="isClean">The bits above the live lanes are zero already.</param>
    /// <param name="liveBytes">4, 8 or 16.</param>
    private void FinishTarget(FloatTarget target, bool isClean, int liveBytes)
    {
        Xmm destination = target.Register;
        if (!target.IsDirect)
        {
            lockedXmm = 0;
            destination = DefineV(current, ReusableOperand());
        }

        if (!isClean)
            ClearAbove(destination, target.Register, liveBytes);
        else if (destination != target.Register)
            emit.Vex(V.Movaps, destination, target.Register);
    }

    /// <summary>An operand that dies here and whose pool register the result may take over.</summary>
    private int ReusableOperand()
    {
        ref IrInst inst = ref region[current];
        if (IsReusable(inst.A))
            return inst.A;
        return IsReusable(inst.B) ? inst.B : IsReusable(inst.C) ? inst.C : 0;
    }

    private bool IsReusable(int value) =>
        value != 0 && region[value].Type == IrType.V128 && values[value].Register != HostAbi.None && DiesHere(value);

    /// <summary>d := the low bytes of s, zeros above.</summary>
    private void ClearAbove(Xmm d, Xmm s, int liveBytes)
    {
        if (liveBytes == 8)
            emit.Vmovq(d, s);
        else if (liveBytes == 4)
            emit.VexImm(V.Insertps, d, s, s, 0b1110);
        else if (d != s)
            emit.Vex(V.Movaps, d, s);
    }

    /// <summary>d := the low bytes of a source, zeros above where it comes from memory.</summary>
    private void LoadSource(Xmm d, in VectorOperand source, int bytes)
    {
        if (!source.IsMemory)
        {
            emit.Vex(V.Movaps, d, source.Register);
            return;
        }

        VexOp load = bytes switch
        {
            4 => V.Movss,
            8 => V.Movq,
            _ => V.Movaps,
        };
        emit.Vex(load, d, source.Memory);
    }

    /// <summary>A register with the source, loaded into <paramref name="temporary"/> if need be.</summary>
    private Xmm InRegister(in VectorOperand source, Xmm temporary, int bytes)
    {
        if (!source.IsMemory)
            return source.Register;
        LoadSource(temporary, source, bytes);
        return temporary;
    }

    /// <summary>A register with the low half of the source and zeros above, so that packed operations find nothing there to raise exceptions with.</summary>
    private Xmm CleanHalf(int value, in VectorOperand source, Xmm temporary)
    {
        if (source.IsMemory)
            emit.Vmovq(temporary, source.Memory);
        else if (LiveBytes(value) <= 8)
            return source.Register;
        else
            emit.Vmovq(temporary, source.Register);
        return temporary;
    }

    private static int LiveBytesOf(VectorShape shape, int size) => shape switch
    {
        VectorShape.Q => 16,
        VectorShape.D => 8,
        _ => size,
    };

    /// <summary>How many low bytes of a value may be other than zero: 2, 4, 8 or 16, where that follows from its definition.</summary>
    private int LiveBytes(int value)
    {
        ref IrInst inst = ref region[value];
        switch (inst.Op)
        {
            case IrOp.GetV or IrOp.CompareSwap or IrOp.LoadExclusive:
                return 16;
            case IrOp.Load or IrOp.LoadPair:
                return inst.Size;
            case IrOp.Second:
                return region[inst.A].Size;
            case IrOp.Select:
                return Math.Max(ShallowLiveBytes(inst.A), ShallowLiveBytes(inst.B));
            default:
                return ShallowLiveBytes(value);
        }
    }

    private int ShallowLiveBytes(int value)
    {
        ref IrInst inst = ref region[value];
        if (inst.Op is IrOp.Load or IrOp.LoadPair)
            return inst.Size;
        if (!IrOps.IsVector(inst.Op) && !IrOps.IsFloat(inst.Op))
            return 16;
        switch (inst.Op)
        {
            case IrOp.VectorConst when inst.Imm == 0:
                return 2;
            case IrOp.FloatConvert:
                return inst.Aux;
            case >= IrOp.VectorReduceAdd and <= IrOp.VectorReduceMaxUnsigned:
                return inst.Size;
            case IrOp.VectorWidenUnsigned or IrOp.VectorWidenSigned:
            case IrOp.VectorMulLongUnsigned or IrOp.VectorMulLongSigned or IrOp.VectorPolynomialMulLong or IrOp.VectorSaturatingDoublingMulLong:
                return LiveBytesOf(inst.Shape, inst.Size * 2);
            default:
                return LiveBytesOf(inst.Shape, inst.Size);
        }
    }
}
