using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>NZCV as emitted code stores it: bit 15 = N, 14 = Z, 8 = C, 0 = V.</summary>
/// <remarks>
/// The positions are those of AX after LAHF and SETO AL, so that flags are saved and restored in a few instructions; the sense is Arm's (C set after a
/// subtraction means no borrow). Bits 7:1 are zero; bits 13:9 and 31:16 are ignored when read. Outside emitted code flags are <see cref="GuestFlags"/>:
/// <see cref="Enter"/> and <see cref="Leave"/> convert.
/// </remarks>
internal static unsafe class HostFlags
{
    public const uint N = 1u << 15;
    public const uint Z = 1u << 14;
    public const uint C = 1u << CarryBit;
    public const uint V = 1u;
    public const int CarryBit = 8;

    /// <summary>From the form of <see cref="GuestFlags"/>.</summary>
    public static uint FromGuest(uint flags) => ((flags >> 16) & (N | Z)) | ((flags >> 21) & C) | ((flags >> 28) & V);

    /// <summary>To the form of <see cref="GuestFlags"/>.</summary>
    public static uint ToGuest(uint flags) => ((flags & (N | Z)) << 16) | ((flags & C) << 21) | ((flags & V) << 28);

    /// <summary>Before emitted code runs.</summary>
    /// <remarks>SAFETY: <paramref name="context"/> is valid and the calling thread's.</remarks>
    public static void Enter(GuestContext* context) => HostContext.Of(context)->Flags = FromGuest(context->Nzcv);

    /// <summary>After emitted code has left, before anyone else looks at the context.</summary>
    /// <remarks>SAFETY: <paramref name="context"/> is valid and the calling thread's.</remarks>
    public static void Leave(GuestContext* context) => context->Nzcv = ToGuest(HostContext.Of(context)->Flags);
}
