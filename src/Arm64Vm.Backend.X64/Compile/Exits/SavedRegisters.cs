using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Host registers as a resumable exit left them: pinned ones in the guest's register file, the others in the save area.</summary>
internal static unsafe class SavedRegisters
{
    private static ReadOnlySpan<byte> GuestOfGpr =>
    [
        HostAbi.None, HostAbi.None, HostAbi.None, 0, HostAbi.None, 1, HostAbi.None, HostAbi.None,
        2, 3, 4, 31, 19, 20, HostAbi.None, HostAbi.None,
    ];

    private static ReadOnlySpan<byte> GuestOfXmm =>
    [
        HostAbi.None, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, HostAbi.None, HostAbi.None, HostAbi.None,
    ];

    /// <summary>Where general purpose register <paramref name="host"/> is.</summary>
    /// <remarks>SAFETY: points into the context, valid as long as it is.</remarks>
    public static ulong* Gpr(GuestContext* context, byte host)
    {
        byte guest = GuestOfGpr[host & 15];
        return guest != HostAbi.None ? &context->X[guest] : &HostContext.Of(context)->Gpr[host & 15];
    }

    /// <summary>Where vector register <paramref name="host"/> is.</summary>
    /// <remarks>SAFETY: points into the context, valid as long as it is.</remarks>
    public static Bits128* Xmm(GuestContext* context, byte host)
    {
        byte guest = GuestOfXmm[host & 15];
        return guest != HostAbi.None ? (Bits128*)&context->V[guest * 2] : (Bits128*)&HostContext.Of(context)->Xmm[(host & 15) * 2];
    }
}
