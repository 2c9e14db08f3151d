namespace Arm64Vm.Backend.X64.Emit;

/// <summary>A condition code, numbered as in the low four bits of Jcc, SETcc and CMOVcc (Intel SDM vol. 1, appendix B). Inverting a condition flips bit 0.</summary>
internal enum Cc : byte
{
    O,
    No,
    B,
    Ae,
    E,
    Ne,
    Be,
    A,
    S,
    Ns,
    P,
    Np,
    L,
    Ge,
    Le,
    G,
}

internal static class CcExtensions
{
    /// <summary>The condition that holds exactly when <paramref name="cc"/> does not.</summary>
    public static Cc Invert(this Cc cc) => (Cc)((int)cc ^ 1);
}
