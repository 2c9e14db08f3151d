using System.Diagnostics.CodeAnalysis;

namespace Arm64Vm.Backend.X64.Emit;

/// <summary>Retargets patchable branches (see <see cref="X64Emitter.JmpPatchable()"/>) in code that other threads may be running.</summary>
internal static unsafe class CodePatcher
{
    /// <summary>
    /// One aligned four-byte store. A thread that runs the branch goes to the old target or to the new one; both must stay valid code.
    /// The store has release order, so code written before it is visible to whoever follows the new target.
    /// </summary>
    /// <param name="rwField">The rel32 field in the writable view.</param>
    /// <param name="rxField">The same field in the executable view.</param>
    /// <param name="rxTarget">The new target in the executable view.</param>
    /// <exception cref="ArgumentException">The field is not aligned or the target is out of reach.</exception>
    public static void PatchRel32(byte* rwField, byte* rxField, byte* rxTarget)
    {
        long distance = rxTarget - (rxField + 4);
        if (((nint)rwField & 3) != 0 || distance != (int)distance)
        {
            Throw();
        }

        // SAFETY: the caller owns the code buffer that holds the field, which is four bytes and aligned.
        Volatile.Write(ref *(int*)rwField, (int)distance);
    }

    /// <summary>Where the branch goes now.</summary>
    public static byte* TargetOf(byte* rwField, byte* rxField) => rxField + 4 + Volatile.Read(ref *(int*)rwField);

    [DoesNotReturn]
    private static void Throw() => throw new ArgumentException("The branch field is misaligned or its target is out of reach.");
}
