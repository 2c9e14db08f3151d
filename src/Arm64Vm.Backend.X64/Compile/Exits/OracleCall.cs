using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>An operation that emitted code leaves to the oracle: operands and result are in <see cref="HostContext.Operand"/>, flags in the form of <see cref="HostFlags"/>.</summary>
internal static unsafe class OracleCall
{
    /// <summary>Evaluates <paramref name="operation"/>; what it does to FPSR goes into the context.</summary>
    /// <remarks>SAFETY: <paramref name="context"/> is one whose code has left for this operation.</remarks>
    public static void Evaluate(GuestContext* context, in IrInst operation)
    {
        Bits128* slots = (Bits128*)HostContext.Of(context)->Operand;
        Operands operands = new()
        {
            A = operation.A != 0 ? slots[0] : default,
            B = operation.B != 0 ? slots[1] : default,
            C = operation.C != 0 ? slots[2] : default,
            D = operation.D != 0 ? slots[3] : default,
        };
        if (ReadsFlags(operation.Op))
            operands.C = new Bits128(HostFlags.ToGuest((uint)operands.C.Lo), 0);
        FpEnvironment fp = new() { Fpcr = context->Fpcr };
        Bits128 result = PureOperations.Evaluate(operation, operands, ref fp);
        slots[0] = operation.Type == IrType.Flags ? new Bits128(HostFlags.FromGuest((uint)result.Lo), 0) : result;
        context->Fpsr |= fp.Fpsr;
    }

    /// <summary>Operand C is flags.</summary>
    private static bool ReadsFlags(IrOp op) =>
        op is IrOp.AdcS or IrOp.SbcS or IrOp.CondCompare or IrOp.CondCompareNegative or IrOp.Select or IrOp.FloatCondCompare;
}
