using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Memory;

/// <summary>The 16-byte compare-exchange, which .NET does not offer: the host's instruction where a back end knows it, else under a lock.</summary>
/// <remarks>SAFETY: the code is immutable once made and never freed; callers pass 16 bytes that they may write.</remarks>
internal static unsafe class CompareExchange128
{
    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void> s_run = WideCompareExchange.Make();
    private static readonly Lock s_fallback = new();

    public static Bits128 Run(byte* host, Bits128 expected, Bits128 replacement)
    {
        if (s_run == null)
            return UnderLock(host, expected, replacement);
        Bits128 old;
        Bits128* operands = stackalloc Bits128[2];
        operands[0] = expected;
        operands[1] = replacement;
        s_run(host, operands, &old);
        return old;
    }

    /// <summary>Where no back end knows an instruction: one at a time in the process, which is all that uses the memory.</summary>
    internal static Bits128 UnderLock(byte* host, Bits128 expected, Bits128 replacement)
    {
        lock (s_fallback)
        {
            Bits128 old = new(Unsafe.ReadUnaligned<ulong>(host), Unsafe.ReadUnaligned<ulong>(host + 8));
            if (old == expected)
            {
                Unsafe.WriteUnaligned(host, replacement.Lo);
                Unsafe.WriteUnaligned(host + 8, replacement.Hi);
            }

            return old;
        }
    }
}
