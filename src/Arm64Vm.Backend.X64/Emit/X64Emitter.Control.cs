namespace Arm64Vm.Backend.X64.Emit;

// Jumps, calls, padding and data. Jumps to labels are near (rel32) unless the Short form is asked for.
internal sealed unsafe partial class X64Emitter
{
    private static ReadOnlySpan<byte> Nops =>
    [
        // The multi-byte sequences of the SDM (vol. 2B, NOP), each nine bytes apart.
        0x90, 0, 0, 0, 0, 0, 0, 0, 0,
        0x66, 0x90, 0, 0, 0, 0, 0, 0, 0,
        0x0F, 0x1F, 0x00, 0, 0, 0, 0, 0, 0,
        0x0F, 0x1F, 0x40, 0x00, 0, 0, 0, 0, 0,
        0x0F, 0x1F, 0x44, 0x00, 0x00, 0, 0, 0, 0,
        0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00, 0, 0, 0,
        0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00, 0, 0,
        0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00, 0,
        0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00,
    ];

    public void Ret() => One(0xC3);

    public void Ud2() => Two(0x0F, 0x0B);

    public void Int3() => One(0xCC);

    public void Jmp(Label target)
    {
        byte* p = Begin();
        *p = 0xE9;
        LabelField32(p + 1, target, 0);
        _cur = p + 5;
    }

    public void JmpShort(Label target)
    {
        byte* p = Begin();
        *p = 0xEB;
        LabelField8(p + 1, target);
        _cur = p + 2;
    }

    public void Jmp(Gpr target) => _cur = Op1(Begin(), 4, 0xFF, 4, (int)target, 0);

    public void Jmp(Mem target) => _cur = Op1(Begin(), 4, 0xFF, 4, target, 0, 0);

    /// <summary>Jumps to an address within 2 GiB.</summary>
    public void JmpTo(long rxAddress)
    {
        byte* p = Begin();
        *p = 0xE9;
        Rel32(p + 1, rxAddress);
        _cur = p + 5;
    }

    public void Jcc(Cc cc, Label target)
    {
        byte* p = Begin();
        p[0] = 0x0F;
        p[1] = (byte)(0x80 | (int)cc);
        LabelField32(p + 2, target, 0);
        _cur = p + 6;
    }

    public void JccShort(Cc cc, Label target)
    {
        byte* p = Begin();
        *p = (byte)(0x70 | (int)cc);
        LabelField8(p + 1, target);
        _cur = p + 2;
    }

    public void JccTo(Cc cc, long rxAddress)
    {
        byte* p = Begin();
        p[0] = 0x0F;
        p[1] = (byte)(0x80 | (int)cc);
        Rel32(p + 2, rxAddress);
        _cur = p + 6;
    }

    public void Call(Label target)
    {
        byte* p = Begin();
        *p = 0xE8;
        LabelField32(p + 1, target, 0);
        _cur = p + 5;
    }

    public void Call(Gpr target) => _cur = Op1(Begin(), 4, 0xFF, 2, (int)target, 0);

    public void Call(Mem target) => _cur = Op1(Begin(), 4, 0xFF, 2, target, 0, 0);

    public void CallTo(long rxAddress)
    {
        byte* p = Begin();
        *p = 0xE8;
        Rel32(p + 1, rxAddress);
        _cur = p + 5;
    }

    /// <summary>Fills <paramref name="bytes"/> bytes with as few no-operations as possible.</summary>
    public void Nop(int bytes = 1)
    {
        while (bytes > 0)
        {
            byte* p = Begin();
            int n = Math.Min(bytes, 9);
            Nops.Slice((n - 1) * 9, n).CopyTo(new Span<byte>(p, n));
            _cur = p + n;
            bytes -= n;
        }
    }

    /// <summary>Pads with no-operations to a multiple of <paramref name="alignment"/> (a power of two, a page at most) of the address.</summary>
    public void Align(int alignment) => Nop((int)(-(nint)_cur & (alignment - 1)));

    /// <summary>Pads with INT3: for data and for places that control never reaches.</summary>
    public void AlignData(int alignment)
    {
        for (int n = (int)(-(nint)_cur & (alignment - 1)); n > 0; n--)
        {
            Int3();
        }
    }

    public void Bytes(ReadOnlySpan<byte> data)
    {
        byte* p = Begin();
        if (data.Length > _limit - p + Slack)
        {
            Overflow();
            return;
        }

        data.CopyTo(new Span<byte>(p, data.Length));
        _cur = p + data.Length;
    }

    public void Dword(uint value)
    {
        byte* p = Begin();
        *(uint*)p = value;
        _cur = p + 4;
    }

    public void Qword(ulong value)
    {
        byte* p = Begin();
        *(ulong*)p = value;
        _cur = p + 8;
    }

    private void One(byte b)
    {
        byte* p = Begin();
        *p = b;
        _cur = p + 1;
    }

    private void Two(byte first, byte second)
    {
        byte* p = Begin();
        p[0] = first;
        p[1] = second;
        _cur = p + 2;
    }
}
