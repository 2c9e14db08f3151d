namespace Arm64Vm.Ir;

/// <summary>Classification of operations by their range in <see cref="IrOp"/>.</summary>
internal static class IrOps
{
    /// <summary>Ends a block.</summary>
    public static bool IsTerminator(IrOp op) => op is >= IrOp.Jump and <= IrOp.ExitAfter;

    /// <summary>Accesses guest memory and may fault, or leaves for another reason of its own.</summary>
    public static bool IsMemory(IrOp op) => op is >= IrOp.Load and <= IrOp.CheckStack and not IrOp.ClearExclusive and not IrOp.Second;

    /// <summary>Leaves to the run loop and may not come back.</summary>
    public static bool IsSystem(IrOp op) => op is >= IrOp.ReadSystem and <= IrOp.PointerAuth;

    /// <summary>Leaves the unit for another place on its page, or goes on.</summary>
    public static bool IsSideExit(IrOp op) => op is >= IrOp.LeaveCond and <= IrOp.LeaveBitSet;

    /// <summary>Reads guest registers or flags.</summary>
    public static bool IsStateRead(IrOp op) => op is IrOp.GetX or IrOp.GetV or IrOp.GetFlags or IrOp.PcPage;

    /// <summary>Writes guest registers or flags.</summary>
    public static bool IsStateWrite(IrOp op) => op is IrOp.SetX or IrOp.SetV or IrOp.SetFlags;

    /// <summary>Integer or flag computation without effects.</summary>
    public static bool IsPureInteger(IrOp op) => op is IrOp.Const or (>= IrOp.Add and <= IrOp.FlagsFromNzcv);

    /// <summary>Vector integer and crypto: no effects but FPSR.QC.</summary>
    public static bool IsVector(IrOp op) => op is > IrOp.VectorFirst and < IrOp.FloatFirst;

    /// <summary>Floating point: no effects but the cumulative bits of FPSR.</summary>
    public static bool IsFloat(IrOp op) => op > IrOp.FloatFirst;

    /// <summary>May be observed other than through its result: must not be removed when the result is unused.</summary>
    public static bool HasEffect(IrOp op) =>
        IsTerminator(op) || IsMemory(op) || IsSystem(op) || IsSideExit(op) || IsStateWrite(op) || op is IrOp.Barrier or IrOp.ClearExclusive or IrOp.Count || SetsFpsr(op);

    /// <summary>May set FPSR.QC.</summary>
    public static bool SetsSaturation(IrOp op) =>
        op is >= IrOp.VectorSaturatingAddSigned and <= IrOp.VectorSaturatingNarrowSignedToUnsigned;

    /// <summary>May set cumulative bits of FPSR, so stays when its result is unused.</summary>
    public static bool SetsFpsr(IrOp op) => SetsSaturation(op) || op > IrOp.FloatJavaScriptFlags;
}
