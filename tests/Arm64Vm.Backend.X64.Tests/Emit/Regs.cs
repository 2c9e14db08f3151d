using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;

namespace Arm64Vm.Backend.X64.Tests.Emit;

internal static class Regs
{
    public static Gpr[] All { get; } = Enum.GetValues<Gpr>();

    public static int[] Sizes { get; } = [1, 2, 4, 8];

    public static int[] WideSizes { get; } = [2, 4, 8];

    public static int[] VexSizes { get; } = [4, 8];

    public static Register R64(Gpr r) => Register.RAX + (int)r;

    /// <summary>The register's name at an operand size; byte registers never mean ah, ch, dh or bh.</summary>
    public static Register R(int size, Gpr r) => size switch
    {
        1 => r < Gpr.Rsp ? Register.AL + (int)r : Register.SPL + ((int)r - 4),
        2 => Register.AX + (int)r,
        4 => Register.EAX + (int)r,
        _ => Register.RAX + (int)r,
    };

    /// <summary>A permutation of the registers, to pair each with a different one.</summary>
    public static Gpr Other(Gpr r, int step = 5) => (Gpr)(((int)r * step + 3) & 15);
}
