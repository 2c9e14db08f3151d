using System.Diagnostics;

namespace Arm64Vm.Backend.X64.Emit;

// EVEX: 62 [R X B R' 0 map] [W vvvv 1 pp] [z L'L b V' aaa], with R, X, B, R', vvvv and V' inverted (Intel SDM vol. 2A, 2.7).
// In register forms X is bit 4 of rm. Displacements of one byte count in units of the operand's size (2.7.5).
internal sealed unsafe partial class X64Emitter
{
    /// <summary>d = a op b under opmask k (zero: no mask); masked-off elements keep d, or become zero.</summary>
    public void Evex(VexOp op, Xmm d, Xmm a, Xmm b, int k = 0, bool zero = false)
        => _cur = EvexRegister(Begin(), op, (int)d, (int)a, (int)b, k, zero);

    public void Evex(VexOp op, Xmm d, Xmm a, Mem b, int k = 0, bool zero = false)
        => _cur = EvexMemory(Begin(), op, (int)d, (int)a, b, 0, k, zero);

    public void EvexImm(VexOp op, Xmm d, Xmm a, Xmm b, byte imm, int k = 0, bool zero = false)
        => Finish(EvexRegister(Begin(), op, (int)d, (int)a, (int)b, k, zero), imm);

    /// <summary>Opmask register k = a compared with b.</summary>
    public void EvexCmp(VexOp op, int k, Xmm a, Xmm b)
        => _cur = EvexRegister(Begin(), op, k, (int)a, (int)b, 0, false);

    public void EvexCmp(VexOp op, int k, Xmm a, Mem b)
        => _cur = EvexMemory(Begin(), op, k, (int)a, b, 0, 0, false);

    /// <summary>Opmask register k = a compared with b by predicate imm (0 equal, 1 less, 2 less or equal, 4 to 6 their opposites).</summary>
    public void EvexCmp(VexOp op, int k, Xmm a, Xmm b, byte imm)
        => Finish(EvexRegister(Begin(), op, k, (int)a, (int)b, 0, false), imm);

    /// <summary>Opmask from a general register; size 4 takes 32 bits, 8 takes 64 (AVX512BW).</summary>
    public void Kmov(int size, int k, Gpr s) => Cross(1, PF2, size >> 3, 0x92, k, 0, (int)s);

    /// <summary>Opmask to a general register, zero-extended.</summary>
    public void Kmov(int size, Gpr d, int k) => Cross(1, PF2, size >> 3, 0x93, (int)d, 0, k);

    private static byte* EvexPrefix(byte* p, VexOp op, int reg, int vvvv, int x, int b, int k, bool zero)
    {
        Debug.Assert(op.IsEvex, "The instruction has no EVEX form here.");
        int p0 = ((~reg & 8) << 4) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | (~reg & 16) | op.Map;
        p[0] = 0x62;
        p[1] = (byte)p0;
        p[2] = (byte)((op.W << 7) | ((~vvvv & 15) << 3) | 4 | op.Pp);
        p[3] = (byte)((Flag(zero) << 7) | (Flag(op.Is256) << 5) | ((~vvvv & 16) >> 1) | k);
        p[4] = (byte)op.Opcode;
        return p + 5;
    }

    private static byte* EvexRegister(byte* p, VexOp op, int reg, int vvvv, int rm, int k, bool zero)
    {
        p = EvexPrefix(p, op, reg, vvvv, (rm >> 4) & 1, (rm >> 3) & 1, k, zero);
        *p = (byte)(0xC0 | ((reg & 7) << 3) | (rm & 7));
        return p + 1;
    }

    private byte* EvexMemory(byte* p, VexOp op, int reg, int vvvv, Mem m, int trailing, int k, bool zero)
    {
        p = EvexPrefix(p, op, reg, vvvv, (m.Xb >> 1) & 1, m.Xb & 1, k, zero);
        if (m.IsRipRelative || m.HasNoBase)
        {
            return Operand(p, reg, m, trailing);
        }

        // The displacement that Mem chose is in bytes: scale it down if it divides, otherwise use four bytes.
        int disp = (int)m.Value;
        int shift = op.Disp8Shift + (op.Is256 & op.Disp8Shift == 4 ? 1 : 0);
        int scaled = disp >> shift;
        int mod = disp == 0 & m.DispBytes == 0 ? 0 : scaled << shift == disp & scaled == (sbyte)scaled ? 1 : 2;
        *p = (byte)((m.ModRm & 7) | (mod << 6) | ((reg & 7) << 3));
        p[1] = (byte)m.Sib;
        p += 1 + m.SibBytes;
        *(int*)p = mod == 1 ? scaled : disp;
        return p + (mod * mod);
    }
}
