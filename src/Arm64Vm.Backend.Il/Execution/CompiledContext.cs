using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>This back end's part of a <see cref="GuestContext"/>: a view of the same memory, whose fields lie in what the context leaves to back ends.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct CompiledContext
{
    public const int DeferredFlagsOffset = GuestContext.BackEndAreaOffset;

    /// <summary>NZCV that has not been computed.</summary>
    [FieldOffset(DeferredFlagsOffset)]
    public DeferredFlags DeferredFlags;

    /// <summary>The view of a context.</summary>
    /// <remarks>SAFETY: valid as long as <paramref name="context"/> is; only this back end runs it.</remarks>
    public static CompiledContext* Of(GuestContext* context) => (CompiledContext*)context;
}
