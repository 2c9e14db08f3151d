using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

// Legacy encoding: [66/F2/F3] [REX] opcode ModRM [SIB] [disp] [imm] (Intel SDM vol. 2A, chapter 2).
// Optional bytes are always stored and the cursor moves past them only if they are wanted: a store and an add instead of a branch.
internal sealed unsafe partial class X64Emitter
{
    /// <summary>Opcode maps, as a marker above the opcode byte.</summary>
    private const int Map0F = 0x100;
    private const int Map0F38 = 0x200;
    private const int Map0F3A = 0x300;

    /// <summary>Mandatory prefixes, above the map.</summary>
    private const int PrefixF2 = 0xF20000;
    private const int PrefixF3 = 0xF30000;
    private const int Prefix66 = 0x660000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Flag(bool b) => b ? 1 : 0;

    /// <summary>Opcode of the byte form to that of the wider forms: bit 0 says "not a byte".</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sized(int opcode, int size) => opcode | Flag(size != 1);

    /// <summary>Without any REX prefix, byte registers 4 to 7 are ah, ch, dh and bh instead of spl, bpl, sil and dil.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ByteRex(int size, int register) => Flag(size == 1 & register >= 4);

    /// <summary>Operand-size prefix, REX and a one-byte opcode, with a register in rm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Op1(byte* p, int size, int opcode, int reg, int rm, int forceRex)
    {
        CheckSize(size);
        *p = 0x66;
        p += Flag(size == 2);
        int rex = (size & 8) | ((reg >> 3) << 2) | (rm >> 3);
        *p = (byte)(0x40 | rex);
        p += Flag((rex | forceRex) != 0);
        *(ushort*)p = (ushort)(opcode | ((0xC0 | ((reg & 7) << 3) | (rm & 7)) << 8));
        return p + 2;
    }

    /// <summary>The same with a memory operand; <paramref name="trailing"/> bytes of immediate follow, which RIP-relative addresses count from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Op1(byte* p, int size, int opcode, int reg, Mem m, int forceRex, int trailing)
    {
        CheckSize(size);
        *p = 0x66;
        p += Flag(size == 2);
        int rex = (size & 8) | ((reg >> 3) << 2) | m.Xb;
        *p = (byte)(0x40 | rex);
        p += Flag((rex | forceRex) != 0);
        *p++ = (byte)opcode;
        return Operand(p, reg, m, trailing);
    }

    /// <summary>Any map and mandatory prefix; the operand-size prefix comes first where both are present (crc32 r32, r16).</summary>
    private byte* OpX(byte* p, int size, int op, int reg, int rm, int forceRex)
    {
        p = Prefixes(p, size, op, ((reg >> 3) << 2) | (rm >> 3), forceRex);
        *p = (byte)(0xC0 | ((reg & 7) << 3) | (rm & 7));
        return p + 1;
    }

    private byte* OpX(byte* p, int size, int op, int reg, Mem m, int forceRex, int trailing)
        => Operand(Prefixes(p, size, op, ((reg >> 3) << 2) | m.Xb, forceRex), reg, m, trailing);

    private static byte* Prefixes(byte* p, int size, int op, int rexBits, int forceRex)
    {
        CheckSize(size);
        *p = 0x66;
        p += Flag(size == 2);
        *p = (byte)(op >> 16);
        p += Flag(op >> 16 != 0);
        int rex = (size & 8) | rexBits;
        *p = (byte)(0x40 | rex);
        p += Flag((rex | forceRex) != 0);
        int map = (op >> 8) & 3;
        p[0] = 0x0F;
        p[1] = (byte)(map == 3 ? 0x3A : 0x38);
        p += map - Flag(map == 3);
        *p = (byte)op;
        return p + 1;
    }

    /// <summary>ModRM, SIB and displacement.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Operand(byte* p, int reg, Mem m, int trailing)
    {
        *(ushort*)p = (ushort)(m.ModRmSib | ((reg & 7) << 3));
        p += 1 + m.SibBytes;
        if (m.IsRipRelative)
        {
            return RipOperand(p, m, trailing);
        }

        *(int*)p = (int)m.Value;
        return p + m.DispBytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* RipOperand(byte* p, Mem m, int trailing)
    {
        if (m.IsLabel)
        {
            LabelField32(p, new Label((int)m.Value), trailing);
        }
        else
        {
            Rel32(p, m.Value, trailing);
        }

        return p + 4;
    }

    [Conditional("DEBUG")]
    private static void CheckSize(int size) => Debug.Assert(size is 1 or 2 or 4 or 8, "Operand sizes are 1, 2, 4 and 8 bytes.");

    [Conditional("DEBUG")]
    private static void CheckWide(int size) => Debug.Assert(size is 2 or 4 or 8, "The instruction has no byte form.");
}
