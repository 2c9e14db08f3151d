using System.Runtime.InteropServices;

namespace Arm64Vm.Ir;

/// <summary>Where pointer authentication codes go and which keys are in use, for code that signs and authenticates without leaving.</summary>
[StructLayout(LayoutKind.Sequential)]
// SAFETY: the array is part of the struct; it is indexed by two bits only.
internal unsafe struct PointerCodes
{
    public const int EnabledOffset = 0;
    public const int FieldsOffset = 8;

    /// <summary>Bit of <see cref="Enabled"/>: <see cref="Fields"/> are valid.</summary>
    public const int FieldsValid = 1 << 4;

    /// <summary>Bit n: the key of <see cref="PointerAuthentication"/> n (0 to 3) is enabled, and the algorithm is the fast one; <see cref="FieldsValid"/>.</summary>
    public uint Enabled;

    /// <summary>Bits of a pointer that hold its code: for code addresses of the lower and of the upper half (bit 55), then for data.</summary>
    public fixed ulong Fields[4];
}
