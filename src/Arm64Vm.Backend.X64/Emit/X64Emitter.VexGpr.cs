namespace Arm64Vm.Backend.X64.Emit;

// Between vector and general registers, and the memory forms of the same instructions.
internal sealed unsafe partial class X64Emitter
{
    private const int P66 = 1;
    private const int PF3 = 2;
    private const int PF2 = 3;

    /// <summary>d[31:0] = s, the rest zero.</summary>
    public void Vmovd(Xmm d, Gpr s) => Cross(1, P66, 0, 0x6E, (int)d, 0, (int)s);

    public void Vmovd(Gpr d, Xmm s) => Cross(1, P66, 0, 0x7E, (int)s, 0, (int)d);

    public void Vmovd(Xmm d, Mem s) => Vex(V.Movd, d, s);

    public void Vmovd(Mem d, Xmm s) => VexStore(V.Movd, d, s);

    /// <summary>d[63:0] = s, the rest zero.</summary>
    public void Vmovq(Xmm d, Gpr s) => Cross(1, P66, 1, 0x6E, (int)d, 0, (int)s);

    public void Vmovq(Gpr d, Xmm s) => Cross(1, P66, 1, 0x7E, (int)s, 0, (int)d);

    public void Vmovq(Xmm d, Mem s) => Vex(V.Movq, d, s);

    public void Vmovq(Mem d, Xmm s) => VexStore(V.Movq, d, s);

    /// <summary>d[63:0] = s[63:0], the rest zero.</summary>
    public void Vmovq(Xmm d, Xmm s) => Vex(V.Movq, d, s);

    /// <summary>d = a with one element replaced.</summary>
    public void Vpinsrb(Xmm d, Xmm a, Gpr s, byte index) => CrossImm(3, P66, 0, 0x20, (int)d, (int)a, (int)s, index);

    public void Vpinsrw(Xmm d, Xmm a, Gpr s, byte index) => CrossImm(1, P66, 0, 0xC4, (int)d, (int)a, (int)s, index);

    public void Vpinsrd(Xmm d, Xmm a, Gpr s, byte index) => CrossImm(3, P66, 0, 0x22, (int)d, (int)a, (int)s, index);

    public void Vpinsrq(Xmm d, Xmm a, Gpr s, byte index) => CrossImm(3, P66, 1, 0x22, (int)d, (int)a, (int)s, index);

    public void Vpinsrb(Xmm d, Xmm a, Mem s, byte index) => CrossImm(3, P66, 0, 0x20, (int)d, (int)a, s, index);

    public void Vpinsrw(Xmm d, Xmm a, Mem s, byte index) => CrossImm(1, P66, 0, 0xC4, (int)d, (int)a, s, index);

    public void Vpinsrd(Xmm d, Xmm a, Mem s, byte index) => CrossImm(3, P66, 0, 0x22, (int)d, (int)a, s, index);

    public void Vpinsrq(Xmm d, Xmm a, Mem s, byte index) => CrossImm(3, P66, 1, 0x22, (int)d, (int)a, s, index);

    /// <summary>d = one element of s, zero-extended to 64 bits.</summary>
    public void Vpextrb(Gpr d, Xmm s, byte index) => CrossImm(3, P66, 0, 0x14, (int)s, 0, (int)d, index);

    public void Vpextrw(Gpr d, Xmm s, byte index) => CrossImm(1, P66, 0, 0xC5, (int)d, 0, (int)s, index);

    public void Vpextrd(Gpr d, Xmm s, byte index) => CrossImm(3, P66, 0, 0x16, (int)s, 0, (int)d, index);

    public void Vpextrq(Gpr d, Xmm s, byte index) => CrossImm(3, P66, 1, 0x16, (int)s, 0, (int)d, index);

    public void Vpextrb(Mem d, Xmm s, byte index) => CrossImm(3, P66, 0, 0x14, (int)s, 0, d, index);

    public void Vpextrw(Mem d, Xmm s, byte index) => CrossImm(3, P66, 0, 0x15, (int)s, 0, d, index);

    public void Vpextrd(Mem d, Xmm s, byte index) => CrossImm(3, P66, 0, 0x16, (int)s, 0, d, index);

    public void Vpextrq(Mem d, Xmm s, byte index) => CrossImm(3, P66, 1, 0x16, (int)s, 0, d, index);

    /// <summary>d = a with its low element replaced by the signed integer s of <paramref name="size"/> bytes, rounded by MXCSR.</summary>
    public void Vcvtsi2ss(int size, Xmm d, Xmm a, Gpr s) => Cross(1, PF3, size >> 3, 0x2A, (int)d, (int)a, (int)s);

    public void Vcvtsi2ss(int size, Xmm d, Xmm a, Mem s) => Cross(1, PF3, size >> 3, 0x2A, (int)d, (int)a, s);

    public void Vcvtsi2sd(int size, Xmm d, Xmm a, Gpr s) => Cross(1, PF2, size >> 3, 0x2A, (int)d, (int)a, (int)s);

    public void Vcvtsi2sd(int size, Xmm d, Xmm a, Mem s) => Cross(1, PF2, size >> 3, 0x2A, (int)d, (int)a, s);

    /// <summary>To a signed integer, towards zero; out of range gives the most negative value and Invalid.</summary>
    public void Vcvttss2si(int size, Gpr d, Xmm s) => Cross(1, PF3, size >> 3, 0x2C, (int)d, 0, (int)s);

    public void Vcvttss2si(int size, Gpr d, Mem s) => Cross(1, PF3, size >> 3, 0x2C, (int)d, 0, s);

    public void Vcvttsd2si(int size, Gpr d, Xmm s) => Cross(1, PF2, size >> 3, 0x2C, (int)d, 0, (int)s);

    public void Vcvttsd2si(int size, Gpr d, Mem s) => Cross(1, PF2, size >> 3, 0x2C, (int)d, 0, s);

    /// <summary>To a signed integer, rounded by MXCSR.</summary>
    public void Vcvtss2si(int size, Gpr d, Xmm s) => Cross(1, PF3, size >> 3, 0x2D, (int)d, 0, (int)s);

    public void Vcvtss2si(int size, Gpr d, Mem s) => Cross(1, PF3, size >> 3, 0x2D, (int)d, 0, s);

    public void Vcvtsd2si(int size, Gpr d, Xmm s) => Cross(1, PF2, size >> 3, 0x2D, (int)d, 0, (int)s);

    public void Vcvtsd2si(int size, Gpr d, Mem s) => Cross(1, PF2, size >> 3, 0x2D, (int)d, 0, s);

    /// <summary>d = the sign bits of the elements of s.</summary>
    public void Vmovmskps(Gpr d, Xmm s) => Cross(1, 0, 0, 0x50, (int)d, 0, (int)s);

    public void Vmovmskpd(Gpr d, Xmm s) => Cross(1, P66, 0, 0x50, (int)d, 0, (int)s);

    public void Vpmovmskb(Gpr d, Xmm s) => Cross(1, P66, 0, 0xD7, (int)d, 0, (int)s);

    private void Cross(int map, int pp, int w, int opcode, int reg, int vvvv, int rm)
        => _cur = VexRegister(Begin(), new VexOp(VexShape.Rvm, map, pp, w, opcode), reg, vvvv, rm);

    private void Cross(int map, int pp, int w, int opcode, int reg, int vvvv, Mem m)
        => _cur = VexMemory(Begin(), new VexOp(VexShape.Rvm, map, pp, w, opcode), reg, vvvv, m, 0);

    private void CrossImm(int map, int pp, int w, int opcode, int reg, int vvvv, int rm, byte imm)
        => Finish(VexRegister(Begin(), new VexOp(VexShape.Rvmi, map, pp, w, opcode), reg, vvvv, rm), imm);

    private void CrossImm(int map, int pp, int w, int opcode, int reg, int vvvv, Mem m, byte imm)
        => Finish(VexMemory(Begin(), new VexOp(VexShape.Rvmi, map, pp, w, opcode), reg, vvvv, m, 1), imm);
}
