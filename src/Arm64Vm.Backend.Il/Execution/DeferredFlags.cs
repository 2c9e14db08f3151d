using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>What NZCV are the flags of, where they have not been computed: <see cref="GuestContext.Nzcv"/> is out of date then.</summary>
/// <remarks>Only while an executor that defers flags runs; it settles them before anyone else looks.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct DeferredFlags
{
    public const int KindOffset = 0;
    public const int AOffset = 8;
    public const int BOffset = 16;

    public DeferredFlagsKind Kind;

    /// <summary>First operand, or the result of a logical operation; zero-extended, or the bits of a floating-point number.</summary>
    public ulong A;

    /// <summary>Second operand.</summary>
    public ulong B;
}

/// <summary>Operations whose flags are deferred. Those of 64 bits are odd, the same of 32 bits follow.</summary>
internal enum DeferredFlagsKind : uint
{
    /// <summary>NZCV is in <see cref="GuestContext.Nzcv"/>.</summary>
    None,
    Add64,
    Add32,
    Sub64,
    Sub32,
    Logical64,
    Logical32,

    /// <summary>Numbers only.</summary>
    FloatCompare64,
    FloatCompare32,
}
