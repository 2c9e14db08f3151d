using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

/// <summary>
/// A memory operand, already split into the ModRM, SIB and displacement that encode it (Intel SDM vol. 2A, 2.1.5),
/// so that an instruction only copies bytes. The shortest displacement is chosen here.
/// </summary>
internal readonly struct Mem
{
    private const int SibFlag = 0x08;
    private const int LabelFlag = 0x10;
    private const int AbsoluteFlag = 0x20;

    /// <summary>Displacement in bytes; or the label's number; or the absolute address.</summary>
    internal readonly long Value;

    // 7:0 mod and rm (the reg field is zero), 15:8 SIB, 16 REX.B, 17 REX.X, 26:24 bytes of displacement (0, 1 or 4), 27 has a SIB byte,
    // 29:28 RIP-relative. One word, so that the structure travels in two registers.
    private readonly uint _bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Mem(long value, int modRm, int sib, int xb, int flags)
    {
        Value = value;
        _bits = (uint)(modRm | (sib << 8) | (xb << 16) | (flags << 24));
    }

    internal int ModRm => (byte)_bits;

    /// <summary>Both bytes, ModRM first.</summary>
    internal int ModRmSib => (ushort)_bits;

    internal int Sib => (byte)(_bits >> 8);

    /// <summary>REX.X in bit 1, REX.B in bit 0.</summary>
    internal int Xb => (byte)(_bits >> 16);

    internal bool IsRipRelative => (_bits & ((LabelFlag | AbsoluteFlag) << 24)) != 0;

    internal bool IsLabel => (_bits & (LabelFlag << 24)) != 0;

    /// <summary>Made by <see cref="Scaled"/>: mod = 00 and base = 101 in the SIB byte.</summary>
    internal bool HasNoBase => ModRm == 4 && (Sib & 7) == 5;

    internal int SibBytes => (int)(_bits >> 27) & 1;

    internal int DispBytes => (int)(_bits >> 24) & 7;

    /// <summary>[base + disp].</summary>
    public static Mem Base(Gpr b, int disp = 0)
    {
        int low = (int)b & 7;
        int mod = Mod(low, disp);
        // rm = 100 announces a SIB byte, so rsp and r12 need one that says "no index" (index = 100).
        bool sib = low == 4;
        return new Mem(disp, (mod << 6) | low, 0x24, (int)b >> 3, DispSize(mod) | (sib ? SibFlag : 0));
    }

    /// <summary>[base + index * scale + disp], scale 1, 2, 4 or 8. rsp cannot be an index; at scale 1 it changes places with the base.</summary>
    public static Mem Index(Gpr b, Gpr i, int scale, int disp = 0)
    {
        if (i == Gpr.Rsp)
        {
            if (scale != 1 || b == Gpr.Rsp)
            {
                ThrowIndex();
            }

            (b, i) = (i, b);
        }

        int low = (int)b & 7;
        int mod = Mod(low, disp);
        int sib = (ScaleBits(scale) << 6) | (((int)i & 7) << 3) | low;
        return new Mem(disp, (mod << 6) | 4, sib, (((int)i >> 3) << 1) | ((int)b >> 3), DispSize(mod) | SibFlag);
    }

    /// <summary>[index * scale + disp] without a base; always four bytes of displacement.</summary>
    public static Mem Scaled(Gpr i, int scale, int disp = 0)
    {
        if (i == Gpr.Rsp)
        {
            ThrowIndex();
        }

        int sib = (ScaleBits(scale) << 6) | (((int)i & 7) << 3) | 5;
        return new Mem(disp, 4, sib, ((int)i >> 3) << 1, 4 | SibFlag);
    }

    /// <summary>[rip + distance to the label].</summary>
    public static Mem Rip(Label label) => new(label.Id, 5, 0, 0, 4 | LabelFlag);

    /// <summary>[rip + distance to an address], which must be within 2 GiB of the executable view.</summary>
    public static Mem RipTo(long absoluteRxAddress) => new(absoluteRxAddress, 5, 0, 0, 4 | AbsoluteFlag);

    // mod = 00 with rm or base 101 means "no base, disp32", so rbp and r13 always carry a displacement.
    private static int Mod(int lowBase, int disp)
        => disp == 0 && lowBase != 5 ? 0 : disp == (sbyte)disp ? 1 : 2;

    private static int DispSize(int mod) => mod * mod;

    private static int ScaleBits(int scale)
    {
        switch (scale)
        {
            case 1: return 0;
            case 2: return 1;
            case 4: return 2;
            case 8: return 3;
            default:
                ThrowScale();
                return 0;
        }
    }

    [DoesNotReturn]
    private static void ThrowIndex() => throw new ArgumentException("rsp cannot be an index register.");

    [DoesNotReturn]
    private static void ThrowScale() => throw new ArgumentOutOfRangeException("scale", "The scale is 1, 2, 4 or 8.");
}
