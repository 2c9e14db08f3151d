using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Floating-point operations with host instructions; the rest are evaluated by the oracle.</summary>
/// <remarks>
/// MXCSR carries the guest's rounding mode, and its sticky bits are the guest's: IE, ZE, OE, UE and PE mean what IOC, DZC, OFC, UFC and
/// IXC mean. Host instructions are used as far as they agree with the Arm ARM in value and in every one of these bits:
/// <list type="bullet">
/// <item>Where the result is a NaN, the oracle computes again (Arm chooses other NaNs), see <see cref="CheckResult"/>.</item>
/// <item>Arm detects tininess before rounding, x86 after: they differ only for results of exactly ± the smallest normal number.</item>
/// <item>What could raise too much (a conversion out of range with Inexact, MAXSD on a quiet NaN) is detected before it is done.</item>
/// </list>
/// For FPCR.FZ see <see cref="GuardInput"/>. Half-precision arithmetic is left to the oracle.
/// </remarks>
internal sealed partial class X64Compiler
{
    private bool FlushesToZero => (mode.Fpcr & FpcrBits.FlushToZero) != 0;

    private FpRounding GuestRounding => (FpRounding)((mode.Fpcr >> FpcrBits.RModeShift) & 3);

    private bool TryEmitFloat(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.FloatAbs:
                EmitFloatAbs(inst);
                return true;
            case IrOp.FloatNeg:
                EmitFloatNeg(inst);
                return true;
            case IrOp.FloatConvert or IrOp.FloatNarrow when IsToHalf(inst):
                return TryEmitFloatToHalf(inst);
            case IrOp.FloatConvert or IrOp.FloatWiden:
                return TryEmitFloatConvert(inst);
        }

        if (inst.Size == 2)
            return false;
        bool scalar = inst.Shape == VectorShape.Scalar;
        int size = inst.Size;
        switch (inst.Op)
        {
            case IrOp.FloatAdd:
                return TryEmitFloatBinary(inst, Pick(scalar, size, V.Addss, V.Addsd, V.Addps, V.Addpd), commutative: true, mayBeTiny: false);
            case IrOp.FloatSub or IrOp.FloatAbsDifference:
                return TryEmitFloatBinary(inst, Pick(scalar, size, V.Subss, V.Subsd, V.Subps, V.Subpd), commutative: false, mayBeTiny: false);
            case IrOp.FloatMul or IrOp.FloatNegMul:
                return TryEmitFloatBinary(inst, Pick(scalar, size, V.Mulss, V.Mulsd, V.Mulps, V.Mulpd), commutative: true, mayBeTiny: true);
            case IrOp.FloatDiv:
                return TryEmitFloatBinary(inst, Pick(scalar, size, V.Divss, V.Divsd, V.Divps, V.Divpd), commutative: false, mayBeTiny: true);
            case IrOp.FloatMax or IrOp.FloatMaxNumber or IrOp.FloatMin or IrOp.FloatMinNumber:
                return TryEmitFloatMinMax(inst);
            case >= IrOp.FloatCompareEqual and <= IrOp.FloatCompareAbsGreater:
                return TryEmitFloatCompareMask(inst);
            case >= IrOp.FloatMulAdd and <= IrOp.FloatNegMulSub:
                return TryEmitFloatMulAdd(inst);
            case IrOp.FloatSqrt:
                return TryEmitFloatSqrt(inst);
            case IrOp.FloatRoundToIntegral:
                return TryEmitFloatRound(inst);
            case IrOp.FloatToFixedSigned or IrOp.FloatToFixedUnsigned:
                return inst.Type == IrType.V128 ? TryEmitFloatToFixedLanes(inst) : TryEmitFloatToFixed(inst);
            case IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned:
                return TryEmitFloatFromFixed(inst);
            case IrOp.FloatNarrow:
                return TryEmitFloatNarrow(inst);
            case IrOp.FloatToFixedJavaScript:
                return TryEmitFloatToFixedJavaScript(inst);
            case IrOp.FloatJavaScriptFlags:
                return TryEmitFloatJavaScriptFlags(inst);
            case IrOp.FloatCompare:
                return TryEmitFloatCompare(inst);
            case IrOp.FloatCondCompare:
                if (FlushesToZero)
                    return false;
                EmitFloatCondCompare(inst);
                return true;
            default:
                return false;
        }
    }

    /// <summary>From single; from double the host would round twice.</summary>
    private static bool IsToHalf(in IrInst inst) => inst.Op == IrOp.FloatNarrow ? inst.Size == 2 : inst is { Size: 4, Aux: 2 };

    private static VexOp Pick(bool scalar, int size, VexOp ss, VexOp sd, VexOp ps, VexOp pd) =>
        scalar ? (size == 8 ? sd : ss) : (size == 8 ? pd : ps);

    /// <summary>The same element in every lane of a constant.</summary>
    private Mem FloatConstant(int size, ulong element)
    {
        ulong half = size == 8 ? element : element | (element << 32);
        return Mem.RipTo(host.ConstantAddress(half, half));
    }

    /// <summary>A constant that covers only the live lanes: zero above.</summary>
    private Mem LiveConstant(VectorShape shape, int size, ulong element)
    {
        ulong half = size switch
        {
            8 => element,
            4 => element | (element << 32),
            _ => element * 0x0001_0001_0001_0001,
        };
        return shape switch
        {
            VectorShape.Q => Mem.RipTo(host.ConstantAddress(half, half)),
            VectorShape.D => Mem.RipTo(host.ConstantAddress(half, 0)),
            _ => Mem.RipTo(host.ConstantAddress(element, 0)),
        };
    }

    private Mem AbsMask(int size) => FloatConstant(size, size == 8 ? (ulong)long.MaxValue : int.MaxValue);

    private Mem SmallestNormal(int size) => FloatConstant(size, size == 8 ? 1UL << 52 : 1UL << 23);
}
