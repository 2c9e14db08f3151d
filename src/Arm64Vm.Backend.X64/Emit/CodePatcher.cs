using System.Diagnostics.CodeAnalysis;

namespace Arm64Vm.Backend.X64.Emit;

/// <summary>Retargets patchable branches (see <see cref="X64Emitter.JmpPatchable()"/>) in code that other threads may be running.</summary>
internal static unsafe class CodePatcher
{
    /// <summary>
    /// One four-byte store that does not cross a multiple of eight. A thread that runs the branch goes to the old target or to the new one; both must stay valid code.
    /// The store has release order, so code written before it is visible to a processor that follows the new target.
    /// </summary>
    /// <param name="rwField">The rel32 field in the writable view.</param>
    /// <param name="rxField">The same field in the executable view.</param>
    /// <param name="rxTarget">The new target in the executable view.</param>
    /// <exception cref="ArgumentException">The field crosses a multiple of eight, or the target is out of reach.</exception>
    public static void PatchRel32(byte* rwField, byte* rxField, byte* rxTarget)
    {
        long distance = rxTarget - (rxField + 4);
        if (!IsAtomic(rwField) || distance != (int)distance)
        {
            Throw();
        }

        // SAFETY: the caller owns the code buffer that holds the four bytes of the field.
        Volatile.Write(ref *(int*)rwField, (int)distance);
    }

    /// <summary>The same for the constant of <see cref="X64Emitter.CmpPatchable"/>.</summary>
    /// <param name="rwField">The constant in the writable view.</param>
    /// <param name="value">Its new value.</param>
    /// <exception cref="ArgumentException">The field crosses a multiple of eight.</exception>
    public static void PatchConstant(byte* rwField, int value)
    {
        if (!IsAtomic(rwField))
            Throw();

        // SAFETY: the caller owns the code buffer that holds the four bytes of the field.
        Volatile.Write(ref *(int*)rwField, value);
    }

    /// <summary>Where the branch goes now.</summary>
    public static byte* TargetOf(byte* rwField, byte* rxField) => rxField + 4 + Volatile.Read(ref *(int*)rwField);

    private static bool IsAtomic(byte* field) => ((nint)field & 7) <= X64Emitter.LastFieldOffset;

    [DoesNotReturn]
    private static void Throw() => throw new ArgumentException("The field crosses a multiple of eight, or its target is out of reach.");
}
