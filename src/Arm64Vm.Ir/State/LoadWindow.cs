using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Arm64Vm.Ir;

/// <summary>A range of virtual addresses that lies in one piece in host memory and may be loaded from: where code for flat machines looks before the TLB.</summary>
/// <remarks>
/// An address is inside where address − <see cref="First"/>, unsigned, is below <see cref="Limit"/>; the bytes are at address + <see cref="Delta"/>.
/// A limit of zero is a closed window, so a new context has none open.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct LoadWindow
{
    public const int SizeInBytes = 32;
    public const int FirstOffset = 0;
    public const int LimitOffset = 8;
    public const int DeltaOffset = 16;

    /// <summary>Bytes at the window's end that the limit leaves out, so that one compare serves accesses and groups of accesses up to this long.</summary>
    public const int Slack = 256;

    /// <summary>First address of the window.</summary>
    public ulong First;

    /// <summary>Length of the window less <see cref="Slack"/>; 0: it is closed.</summary>
    public ulong Limit;

    /// <summary>From a guest's address to the host's.</summary>
    public ulong Delta;

    /// <summary>Fills the size up to a power of two.</summary>
    public ulong Unused;
}

/// <summary>The windows of a context, by MMU index.</summary>
[InlineArray(GuestContext.MmuIndexes)]
internal struct LoadWindowTable
{
    private LoadWindow first;
}
