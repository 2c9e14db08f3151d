using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Compiled code of a unit. Returns the unit to go on with, or null with the reason in the context's exit record.</summary>
// SAFETY: context is a whole context, owned by the calling thread for the call.
internal unsafe delegate IlUnit? IlCode(GuestContext* context);

/// <summary>Why compiled code returned no unit, beside the <see cref="ExitReason"/>s; above all of those.</summary>
internal static class IlExit
{
    /// <summary>A direct jump whose slot (Exit.Site) is empty or not for this mapping; PC is its target.</summary>
    public const uint Link = 0x100;

    /// <summary>An indirect jump that the jump cache does not know; PC is its target.</summary>
    public const uint Indirect = 0x101;

    /// <summary>Floating point that compiled code does not do: the block at PC is to be interpreted.</summary>
    public const uint Rare = 0x103;

    /// <summary>A service raised an exception; PC is the handler's.</summary>
    public const uint Raised = 0x102;
}
