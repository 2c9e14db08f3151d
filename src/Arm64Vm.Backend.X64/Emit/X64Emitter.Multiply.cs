namespace Arm64Vm.Backend.X64.Emit;

// Multiplication and division.
internal sealed unsafe partial class X64Emitter
{
    public void Imul(int size, Gpr dst, Gpr src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, Map0F | 0xAF, (int)dst, (int)src, 0);
    }

    public void Imul(int size, Gpr dst, Mem src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, Map0F | 0xAF, (int)dst, src, 0, 0);
    }

    /// <summary>dst = src * imm.</summary>
    public void ImulImm(int size, Gpr dst, Gpr src, int imm)
    {
        CheckWide(size);
        imm = Truncate(size, imm);
        bool shortImm = imm == (sbyte)imm;
        byte* p = Op1(Begin(), size, shortImm ? 0x6B : 0x69, (int)dst, (int)src, 0);
        *(int*)p = imm;
        _cur = p + (shortImm ? 1 : ImmBytes(size));
    }

    /// <summary>rdx:rax = rax * r, unsigned.</summary>
    public void Mul(int size, Gpr r) => OneOperand(0xF6, 4, size, r);

    public void Mul(int size, Mem m) => OneOperand(0xF6, 4, size, m);

    /// <summary>rdx:rax = rax * r, signed.</summary>
    public void ImulWide(int size, Gpr r) => OneOperand(0xF6, 5, size, r);

    public void ImulWide(int size, Mem m) => OneOperand(0xF6, 5, size, m);

    /// <summary>rax = rdx:rax / r, rdx = remainder, unsigned. Traps on division by zero and on overflow: check first.</summary>
    public void Div(int size, Gpr r) => OneOperand(0xF6, 6, size, r);

    /// <summary>As <see cref="Div"/>, signed.</summary>
    public void Idiv(int size, Gpr r) => OneOperand(0xF6, 7, size, r);

    /// <summary>edx = sign of eax.</summary>
    public void Cdq() => One(0x99);

    /// <summary>rdx = sign of rax.</summary>
    public void Cqo() => Two(0x48, 0x99);

    /// <summary>hi:lo = rdx * src, unsigned, without touching the flags.</summary>
    public void Mulx(int size, Gpr hi, Gpr lo, Gpr src) => VexGpr(3, 2, 0xF6, size, (int)hi, (int)lo, (int)src);

    public void Mulx(int size, Gpr hi, Gpr lo, Mem src) => VexGpr(3, 2, 0xF6, size, (int)hi, (int)lo, src, 0);
}
