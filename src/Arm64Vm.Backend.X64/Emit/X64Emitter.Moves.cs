namespace Arm64Vm.Backend.X64.Emit;

// MOV, MOVZX, MOVSX, LEA, XCHG without a memory operand, BSWAP, MOVBE, PUSH and POP.
internal sealed unsafe partial class X64Emitter
{
    /// <summary>mov dst, src. Four-byte moves clear the upper half of dst.</summary>
    public void Mov(int size, Gpr dst, Gpr src)
        => _cur = Op1(Begin(), size, Sized(0x88, size), (int)src, (int)dst, ByteRex(size, (int)dst) | ByteRex(size, (int)src));

    /// <summary>Load. One- and two-byte loads leave the other bits of dst alone; <see cref="Movzx(int, Gpr, Mem)"/> clears them.</summary>
    public void Mov(int size, Gpr dst, Mem src)
        => _cur = Op1(Begin(), size, Sized(0x8A, size), (int)dst, src, ByteRex(size, (int)dst), 0);

    /// <summary>Store.</summary>
    public void Mov(int size, Mem dst, Gpr src)
        => _cur = Op1(Begin(), size, Sized(0x88, size), (int)src, dst, ByteRex(size, (int)src), 0);

    /// <summary>Sets all 64 bits of dst with the shortest MOV, which leaves the flags alone.</summary>
    public void MovImm(Gpr dst, ulong value)
    {
        byte* p = Begin();
        int r = (int)dst;
        if (value <= uint.MaxValue)
        {
            *p = 0x41;
            p += r >> 3;
            *p = (byte)(0xB8 | (r & 7));
            *(uint*)(p + 1) = (uint)value;
            _cur = p + 5;
        }
        else if ((long)value == (int)value)
        {
            p[0] = (byte)(0x48 | (r >> 3));
            p[1] = 0xC7;
            p[2] = (byte)(0xC0 | (r & 7));
            *(uint*)(p + 3) = (uint)value;
            _cur = p + 7;
        }
        else
        {
            p[0] = (byte)(0x48 | (r >> 3));
            p[1] = (byte)(0xB8 | (r & 7));
            *(ulong*)(p + 2) = value;
            _cur = p + 10;
        }
    }

    /// <summary>As <see cref="MovImm(Gpr, ulong)"/>, but zero is made with XOR, which is shorter and changes the flags.</summary>
    public void MovImmClobberFlags(Gpr dst, ulong value)
    {
        if (value == 0)
        {
            Alu(AluOp.Xor, 4, dst, dst);
        }
        else
        {
            MovImm(dst, value);
        }
    }

    /// <summary>Stores an immediate; the eight-byte form sign-extends it.</summary>
    public void MovImm(int size, Mem dst, int imm)
    {
        int bytes = ImmBytes(size);
        byte* p = Op1(Begin(), size, Sized(0xC6, size), 0, dst, 0, bytes);
        *(int*)p = imm;
        _cur = p + bytes;
    }

    /// <summary>Zero-extends a 1-, 2- or 4-byte source to 64 bits.</summary>
    public void Movzx(int srcSize, Gpr dst, Gpr src)
    {
        if (srcSize >= 4)
        {
            Mov(srcSize, dst, src);
            return;
        }

        _cur = OpX(Begin(), 4, Map0F | Sized(0xB6, srcSize), (int)dst, (int)src, ByteRex(srcSize, (int)src));
    }

    /// <summary>Loads 1, 2, 4 or 8 bytes, zero-extended to 64 bits.</summary>
    public void Movzx(int srcSize, Gpr dst, Mem src)
    {
        if (srcSize >= 4)
        {
            Mov(srcSize, dst, src);
            return;
        }

        _cur = OpX(Begin(), 4, Map0F | Sized(0xB6, srcSize), (int)dst, src, 0, 0);
    }

    /// <summary>Sign-extends a source of fewer bytes to <paramref name="dstSize"/>; a four-byte result clears the upper half.</summary>
    public void Movsx(int dstSize, int srcSize, Gpr dst, Gpr src)
    {
        byte* p = Begin();
        if (srcSize >= dstSize)
        {
            Mov(dstSize, dst, src);
        }
        else if (srcSize == 4)
        {
            _cur = Op1(p, 8, 0x63, (int)dst, (int)src, 0);
        }
        else
        {
            _cur = OpX(p, dstSize, Map0F | Sized(0xBE, srcSize), (int)dst, (int)src, ByteRex(srcSize, (int)src));
        }
    }

    /// <summary>Loads <paramref name="srcSize"/> bytes, sign-extended to <paramref name="dstSize"/>.</summary>
    public void Movsx(int dstSize, int srcSize, Gpr dst, Mem src)
    {
        byte* p = Begin();
        if (srcSize >= dstSize)
        {
            Mov(dstSize, dst, src);
        }
        else if (srcSize == 4)
        {
            _cur = Op1(p, 8, 0x63, (int)dst, src, 0, 0);
        }
        else
        {
            _cur = OpX(p, dstSize, Map0F | Sized(0xBE, srcSize), (int)dst, src, 0, 0);
        }
    }

    public void Lea(int size, Gpr dst, Mem address)
    {
        CheckWide(size);
        _cur = Op1(Begin(), size, 0x8D, (int)dst, address, 0, 0);
    }

    public void Xchg(int size, Gpr a, Gpr b)
        => _cur = Op1(Begin(), size, Sized(0x86, size), (int)b, (int)a, ByteRex(size, (int)a) | ByteRex(size, (int)b));

    /// <summary>Reverses the bytes of a 4- or 8-byte register.</summary>
    public void Bswap(int size, Gpr r)
    {
        byte* p = Begin();
        int rex = (size & 8) | ((int)r >> 3);
        *p = (byte)(0x40 | rex);
        p += Flag(rex != 0);
        p[0] = 0x0F;
        p[1] = (byte)(0xC8 | ((int)r & 7));
        _cur = p + 2;
    }

    /// <summary>Load with the bytes reversed.</summary>
    public void Movbe(int size, Gpr dst, Mem src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, Map0F38 | 0xF0, (int)dst, src, 0, 0);
    }

    /// <summary>Store with the bytes reversed.</summary>
    public void Movbe(int size, Mem dst, Gpr src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, Map0F38 | 0xF1, (int)src, dst, 0, 0);
    }

    public void Push(Gpr r) => PushPop(0x50, r);

    public void Pop(Gpr r) => PushPop(0x58, r);

    public void Push(Mem m) => _cur = Op1(Begin(), 4, 0xFF, 6, m, 0, 0);

    public void Pop(Mem m) => _cur = Op1(Begin(), 4, 0x8F, 0, m, 0, 0);

    /// <summary>Pushes eight bytes, sign-extended from the immediate.</summary>
    public void PushImm(int imm)
    {
        byte* p = Begin();
        bool wide = imm != (sbyte)imm;
        *p = (byte)(wide ? 0x68 : 0x6A);
        *(int*)(p + 1) = imm;
        _cur = p + (wide ? 5 : 2);
    }

    private void PushPop(int opcode, Gpr r)
    {
        byte* p = Begin();
        *p = 0x41;
        p += (int)r >> 3;
        *p = (byte)(opcode | ((int)r & 7));
        _cur = p + 1;
    }

    /// <summary>Immediates have the operand's size, four bytes at most.</summary>
    private static int ImmBytes(int size) => size > 4 ? 4 : size;
}
