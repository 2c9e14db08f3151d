using System.Runtime.CompilerServices;

namespace Arm64Vm.Ir.Passes;

/// <summary>Which value each piece of guest state has at the current point of a block; 0 = not known yet.</summary>
internal sealed class GuestStateValues
{
    private RegisterValues x;
    private RegisterValues v;
    private ushort flags;
    private ushort pcPage;

    public ref ushort Flags => ref flags;

    public ref ushort PcPage => ref pcPage;

    /// <summary>I64, or I32 where the register holds its zero-extension.</summary>
    public ref ushort X(int register) => ref x[register & 31];

    public ref ushort V(int register) => ref v[register & 31];

    public void Forget()
    {
        x = default;
        v = default;
        flags = 0;
        pcPage = 0;
    }

    [InlineArray(32)]
    private struct RegisterValues
    {
        private ushort first;
    }
}
