using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.Il;

/// <summary>Operations without code of their own, by the interpreter's semantics.</summary>
internal static unsafe class Oracle
{
    /// <summary>Evaluates operation <paramref name="index"/> of the unit. General registers and flags travel in the low bits of a vector.</summary>
    // SAFETY: called by compiled code with the context it was given.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector128<byte> Evaluate(IlUnit unit, GuestContext* context, int index, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c)
    {
        Operands operands = default;
        operands.A = ToBits(a);
        operands.B = ToBits(b);
        operands.C = ToBits(c);
        FpEnvironment fp = default;
        fp.Fpcr = context->Fpcr;
        Bits128 result = PureOperations.Evaluate(unit.Operations[index], operands, ref fp);
        context->Fpsr |= fp.Fpsr;
        return Vector128.Create(result.Lo, result.Hi).AsByte();
    }

    private static Bits128 ToBits(Vector128<byte> value) => new(value.AsUInt64().GetElement(0), value.AsUInt64().GetElement(1));
}
