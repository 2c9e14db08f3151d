using System.Runtime.CompilerServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Computes flags that compiled code has left as what they are flags of.</summary>
// SAFETY for all members: the context is owned by the calling thread for the call.
internal static unsafe class DeferredFlagsCode
{
    /// <summary>Puts NZCV into the context, if it is not there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Settle(GuestContext* context)
    {
        if (CompiledContext.Of(context)->DeferredFlags.Kind != DeferredFlagsKind.None)
            Compute(context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Compute(GuestContext* context)
    {
        DeferredFlags* deferred = &CompiledContext.Of(context)->DeferredFlags;
        ulong a = deferred->A, b = deferred->B;
        context->Nzcv = deferred->Kind switch
        {
            DeferredFlagsKind.Add64 => IntegerCode.AddFlags64(a, b),
            DeferredFlagsKind.Add32 => IntegerCode.AddFlags32((uint)a, (uint)b),
            DeferredFlagsKind.Sub64 => IntegerCode.SubFlags64(a, b),
            DeferredFlagsKind.Sub32 => IntegerCode.SubFlags32((uint)a, (uint)b),
            DeferredFlagsKind.Logical64 => IntegerCode.LogicalFlags64(a),
            DeferredFlagsKind.Logical32 => IntegerCode.LogicalFlags32((uint)a),
            DeferredFlagsKind.FloatCompare64 => Compare(BitConverter.UInt64BitsToDouble(a), BitConverter.UInt64BitsToDouble(b)),
            _ => Compare(BitConverter.UInt32BitsToSingle((uint)a), BitConverter.UInt32BitsToSingle((uint)b)),
        };
        deferred->Kind = DeferredFlagsKind.None;
    }

    private static uint Compare(double a, double b) => a < b ? GuestFlags.N : a > b ? GuestFlags.C : GuestFlags.Z | GuestFlags.C;
}
