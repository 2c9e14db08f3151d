namespace Arm64Vm.Backend.X64.Emit;

// Shifts and rotates: group 2, SHLD and SHRD, and the BMI2 forms, which leave the flags alone.
internal sealed unsafe partial class X64Emitter
{
    public void Shift(ShiftOp op, int size, Gpr r, int imm)
    {
        byte* p = Begin();
        bool one = imm == 1;
        p = Op1(p, size, Sized(one ? 0xD0 : 0xC0, size), (int)op, (int)r, ByteRex(size, (int)r));
        *p = (byte)imm;
        _cur = p + Flag(!one);
    }

    public void Shift(ShiftOp op, int size, Mem m, int imm)
    {
        byte* p = Begin();
        bool one = imm == 1;
        p = Op1(p, size, Sized(one ? 0xD0 : 0xC0, size), (int)op, m, 0, Flag(!one));
        *p = (byte)imm;
        _cur = p + Flag(!one);
    }

    /// <summary>Shifts by cl. A count of zero (mod 32 or 64) leaves the flags alone.</summary>
    public void ShiftCl(ShiftOp op, int size, Gpr r)
        => _cur = Op1(Begin(), size, Sized(0xD2, size), (int)op, (int)r, ByteRex(size, (int)r));

    /// <summary>Shifts dst left and fills from the top of src.</summary>
    public void Shld(int size, Gpr dst, Gpr src, int imm) => DoubleShift(0xA4, size, dst, src, imm);

    /// <summary>Shifts dst right and fills from the bottom of src: with Rn as dst and Rm as src, A64's EXTR the other way round.</summary>
    public void Shrd(int size, Gpr dst, Gpr src, int imm) => DoubleShift(0xAC, size, dst, src, imm);

    public void ShldCl(int size, Gpr dst, Gpr src) => _cur = OpX(Begin(), size, Map0F | 0xA5, (int)src, (int)dst, 0);

    public void ShrdCl(int size, Gpr dst, Gpr src) => _cur = OpX(Begin(), size, Map0F | 0xAD, (int)src, (int)dst, 0);

    public void Shlx(int size, Gpr dst, Gpr src, Gpr count) => VexGpr(1, 2, 0xF7, size, (int)dst, (int)count, (int)src);

    public void Shrx(int size, Gpr dst, Gpr src, Gpr count) => VexGpr(3, 2, 0xF7, size, (int)dst, (int)count, (int)src);

    public void Sarx(int size, Gpr dst, Gpr src, Gpr count) => VexGpr(2, 2, 0xF7, size, (int)dst, (int)count, (int)src);

    public void Shlx(int size, Gpr dst, Mem src, Gpr count) => VexGpr(1, 2, 0xF7, size, (int)dst, (int)count, src, 0);

    public void Shrx(int size, Gpr dst, Mem src, Gpr count) => VexGpr(3, 2, 0xF7, size, (int)dst, (int)count, src, 0);

    public void Sarx(int size, Gpr dst, Mem src, Gpr count) => VexGpr(2, 2, 0xF7, size, (int)dst, (int)count, src, 0);

    /// <summary>Rotates right without touching the flags.</summary>
    public void Rorx(int size, Gpr dst, Gpr src, int imm)
    {
        VexGpr(3, 3, 0xF0, size, (int)dst, 0, (int)src);
        *_cur++ = (byte)imm;
    }

    public void Rorx(int size, Gpr dst, Mem src, int imm)
    {
        VexGpr(3, 3, 0xF0, size, (int)dst, 0, src, 1);
        *_cur++ = (byte)imm;
    }

    private void DoubleShift(int opcode, int size, Gpr dst, Gpr src, int imm)
    {
        CheckWide(size);
        byte* p = OpX(Begin(), size, Map0F | opcode, (int)src, (int)dst, 0);
        *p = (byte)imm;
        _cur = p + 1;
    }
}
