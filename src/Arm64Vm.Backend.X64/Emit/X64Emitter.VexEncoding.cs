using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

// VEX prefix: C5 [R vvvv L pp] or C4 [R X B map] [W vvvv L pp], with R, X, B and vvvv inverted (Intel SDM vol. 2A, 2.3.5).
// The two-byte form serves map 0F without X, B and W.
internal sealed unsafe partial class X64Emitter
{
    /// <param name="p">Where to write.</param>
    /// <param name="op">The instruction.</param>
    /// <param name="reg">Register in ModRM.reg.</param>
    /// <param name="vvvv">Register in vvvv; zero if unused.</param>
    /// <param name="xb">X in bit 1, B in bit 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* VexPrefix(byte* p, VexOp op, int reg, int vvvv, int xb)
        => VexPrefix(p, op.Map, op.W, op.LengthPp, op.Opcode, reg, vvvv, xb);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* VexPrefix(byte* p, int map, int w, int lengthPp, int opcode, int reg, int vvvv, int xb)
    {
        int last = ((~vvvv & 15) << 3) | lengthPp;
        int r = (~reg & 8) << 4;
        if ((xb | w | (map ^ 1)) == 0)
        {
            p[0] = 0xC5;
            p[1] = (byte)(r | last);
            p[2] = (byte)opcode;
            return p + 3;
        }

        p[0] = 0xC4;
        p[1] = (byte)(r | ((~xb & 3) << 5) | map);
        p[2] = (byte)((w << 7) | last);
        p[3] = (byte)opcode;
        return p + 4;
    }

    private byte* VexRegister(byte* p, VexOp op, int reg, int vvvv, int rm)
    {
        Debug.Assert((reg | vvvv | rm) < 16, "Registers above 15 need EVEX.");
        p = VexPrefix(p, op, reg, vvvv, rm >> 3);
        *p = (byte)(0xC0 | ((reg & 7) << 3) | (rm & 7));
        return p + 1;
    }

    private byte* VexMemory(byte* p, VexOp op, int reg, int vvvv, Mem m, int trailing)
    {
        Debug.Assert((reg | vvvv) < 16, "Registers above 15 need EVEX.");
        return Operand(VexPrefix(p, op, reg, vvvv, m.Xb), reg, m, trailing);
    }

    /// <summary>BMI and other VEX instructions on general registers.</summary>
    private void VexGpr(int pp, int map, int opcode, int size, int reg, int vvvv, int rm)
    {
        Debug.Assert(size is 4 or 8, "VEX instructions on general registers are 32 or 64 bits wide.");
        byte* p = VexPrefix(Begin(), map, size >> 3, pp, opcode, reg, vvvv, rm >> 3);
        *p = (byte)(0xC0 | ((reg & 7) << 3) | (rm & 7));
        _cur = p + 1;
    }

    private void VexGpr(int pp, int map, int opcode, int size, int reg, int vvvv, Mem m, int trailing)
    {
        Debug.Assert(size is 4 or 8, "VEX instructions on general registers are 32 or 64 bits wide.");
        _cur = Operand(VexPrefix(Begin(), map, size >> 3, pp, opcode, reg, vvvv, m.Xb), reg, m, trailing);
    }
}
