namespace Arm64Vm.Backend.X64.Emit;

// Counting, bit tests, bit fields, conditional moves, flags and CRC.
internal sealed unsafe partial class X64Emitter
{
    public void Lzcnt(int size, Gpr dst, Gpr src) => Count(0xBD, size, dst, src);

    public void Tzcnt(int size, Gpr dst, Gpr src) => Count(0xBC, size, dst, src);

    public void Popcnt(int size, Gpr dst, Gpr src) => Count(0xB8, size, dst, src);

    /// <summary>CF = bit <paramref name="bit"/> of r.</summary>
    public void Bt(int size, Gpr r, int bit) => BitImm(4, size, r, bit);

    public void Bts(int size, Gpr r, int bit) => BitImm(5, size, r, bit);

    public void Btr(int size, Gpr r, int bit) => BitImm(6, size, r, bit);

    public void Btc(int size, Gpr r, int bit) => BitImm(7, size, r, bit);

    /// <summary>CF = bit (<paramref name="bit"/> mod 8 * size) of r.</summary>
    public void Bt(int size, Gpr r, Gpr bit) => _cur = OpX(Begin(), size, Map0F | 0xA3, (int)bit, (int)r, 0);

    public void Bts(int size, Gpr r, Gpr bit) => _cur = OpX(Begin(), size, Map0F | 0xAB, (int)bit, (int)r, 0);

    public void Btr(int size, Gpr r, Gpr bit) => _cur = OpX(Begin(), size, Map0F | 0xB3, (int)bit, (int)r, 0);

    public void Btc(int size, Gpr r, Gpr bit) => _cur = OpX(Begin(), size, Map0F | 0xBB, (int)bit, (int)r, 0);

    public void Bt(int size, Mem m, int bit) => BitImm(4, size, m, bit);

    public void Bts(int size, Mem m, int bit) => BitImm(5, size, m, bit);

    public void Btr(int size, Mem m, int bit) => BitImm(6, size, m, bit);

    /// <summary>The low byte of r becomes 0 or 1; the rest of it is unchanged.</summary>
    public void Setcc(Cc cc, Gpr r) => _cur = OpX(Begin(), 1, Map0F | 0x90 | (int)cc, 0, (int)r, ByteRex(1, (int)r));

    public void Setcc(Cc cc, Mem m) => _cur = OpX(Begin(), 1, Map0F | 0x90 | (int)cc, 0, m, 0, 0);

    /// <summary>The four-byte form clears the upper half of dst even when the condition is false.</summary>
    public void Cmov(Cc cc, int size, Gpr dst, Gpr src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, Map0F | 0x40 | (int)cc, (int)dst, (int)src, 0);
    }

    /// <summary>Always reads memory, whatever the condition.</summary>
    public void Cmov(Cc cc, int size, Gpr dst, Mem src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, Map0F | 0x40 | (int)cc, (int)dst, src, 0, 0);
    }

    /// <summary>dst = ~a &amp; b.</summary>
    public void Andn(int size, Gpr dst, Gpr a, Gpr b) => VexGpr(0, 2, 0xF2, size, (int)dst, (int)a, (int)b);

    public void Andn(int size, Gpr dst, Gpr a, Mem b) => VexGpr(0, 2, 0xF2, size, (int)dst, (int)a, b, 0);

    /// <summary>dst = the field of src that starts at bit control[7:0] and is control[15:8] bits long.</summary>
    public void Bextr(int size, Gpr dst, Gpr src, Gpr control) => VexGpr(0, 2, 0xF7, size, (int)dst, (int)control, (int)src);

    /// <summary>dst = src with all bits from bit count[7:0] up cleared.</summary>
    public void Bzhi(int size, Gpr dst, Gpr src, Gpr count) => VexGpr(0, 2, 0xF5, size, (int)dst, (int)count, (int)src);

    public void Pdep(int size, Gpr dst, Gpr src, Gpr mask) => VexGpr(3, 2, 0xF5, size, (int)dst, (int)src, (int)mask);

    public void Pext(int size, Gpr dst, Gpr src, Gpr mask) => VexGpr(2, 2, 0xF5, size, (int)dst, (int)src, (int)mask);

    /// <summary>dst = the lowest set bit of src.</summary>
    public void Blsi(int size, Gpr dst, Gpr src) => VexGpr(0, 2, 0xF3, size, 3, (int)dst, (int)src);

    /// <summary>dst = src without its lowest set bit.</summary>
    public void Blsr(int size, Gpr dst, Gpr src) => VexGpr(0, 2, 0xF3, size, 1, (int)dst, (int)src);

    /// <summary>dst = the bits of src up to and including the lowest set one.</summary>
    public void Blsmsk(int size, Gpr dst, Gpr src) => VexGpr(0, 2, 0xF3, size, 2, (int)dst, (int)src);

    /// <summary>CRC-32C step over 1, 2, 4 or 8 bytes of src; bits 63:32 of dst become zero.</summary>
    public void Crc32(int srcSize, Gpr dst, Gpr src)
        => _cur = OpX(Begin(), srcSize, PrefixF2 | Map0F38 | Sized(0xF0, srcSize), (int)dst, (int)src, ByteRex(srcSize, (int)src));

    /// <summary>ah = SF:ZF:0:AF:0:PF:1:CF.</summary>
    public void Lahf() => One(0x9F);

    public void Sahf() => One(0x9E);

    public void Cmc() => One(0xF5);

    public void Clc() => One(0xF8);

    public void Stc() => One(0xF9);

    private void Count(int opcode, int size, Gpr dst, Gpr src)
    {
        CheckWide(size);
        _cur = OpX(Begin(), size, PrefixF3 | Map0F | opcode, (int)dst, (int)src, 0);
    }

    private void BitImm(int digit, int size, Gpr r, int bit)
    {
        CheckWide(size);
        byte* p = OpX(Begin(), size, Map0F | 0xBA, digit, (int)r, 0);
        *p = (byte)bit;
        _cur = p + 1;
    }

    private void BitImm(int digit, int size, Mem m, int bit)
    {
        CheckWide(size);
        byte* p = OpX(Begin(), size, Map0F | 0xBA, digit, m, 0, 1);
        *p = (byte)bit;
        _cur = p + 1;
    }
}
