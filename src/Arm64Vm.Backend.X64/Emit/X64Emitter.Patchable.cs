namespace Arm64Vm.Backend.X64.Emit;

// Branches that another thread may retarget while this code runs, and comparisons whose constant it may change. A four-byte store is atomic where it
// does not cross a multiple of eight (SDM vol. 3A, 9.1.1: within a cache line; AMD APM vol. 2, 7.3.2: within a naturally aligned quadword), so no field
// does; prefixes without a meaning before some are the price. Until patched, a branch goes to the next instruction, or to the label given.
internal sealed unsafe partial class X64Emitter
{
    /// <summary>The largest offset from a multiple of eight at which a field may lie.</summary>
    internal const int LastFieldOffset = 4;

    /// <summary>Overrides the segment, which it does not in 64-bit mode (SDM vol. 2A, 2.1.1). Of a conditional jump it once was a hint, which no processor takes any more; the other segments' prefixes are hints still.</summary>
    private const byte CodeSegmentPrefix = 0x2E;

    /// <summary>jmp rel32. Returns the position of the rel32 field, which can be patched.</summary>
    public int JmpPatchable() => Patchable(0xE9);

    public int JmpPatchable(Label initial) => Patchable(0xE9, initial);

    /// <summary>call rel32.</summary>
    public int CallPatchable() => Patchable(0xE8);

    public int CallPatchable(Label initial) => Patchable(0xE8, initial);

    /// <summary>jcc rel32.</summary>
    public int JccPatchable(Cc cc)
    {
        byte* field = JccField(cc);
        *(int*)field = 0;
        return (int)(field - _rw);
    }

    public int JccPatchable(Cc cc, Label initial)
    {
        byte* field = JccField(cc);
        LabelField32(field, initial, 0);
        return (int)(field - _rw);
    }

    /// <summary>cmp dword [memory], imm32. Returns the position of the constant.</summary>
    public int CmpPatchable(Mem memory, int initial)
    {
        const int ImmediateBytes = 4;
        int length = (int)(Op1(Begin(), 4, 0x81, (int)AluOp.Cmp, memory, 0, ImmediateBytes) - _cur);
        PadInstruction(length);
        byte* p = Op1(Begin(), 4, 0x81, (int)AluOp.Cmp, memory, 0, ImmediateBytes);
        *(int*)p = initial;
        _cur = p + ImmediateBytes;
        return (int)(p - _rw);
    }

    /// <summary>No-operations, so that a field <paramref name="ahead"/> bytes behind them can be patched.</summary>
    public void PlaceField(int ahead) => Nop(PaddingFor(ahead));

    /// <summary>Begins an instruction with prefixes, up to three, so that a field <paramref name="ahead"/> bytes behind them can be patched: a no-operation would keep the host from taking a comparison and its jump as one.</summary>
    private void PadInstruction(int ahead)
    {
        byte* p = Begin();
        for (int padding = PaddingFor(ahead); padding > 0; padding--)
            *p++ = CodeSegmentPrefix;
        _cur = p;
    }

    /// <summary>Bytes, up to three, that bring a field <paramref name="ahead"/> bytes further on to where it can be patched.</summary>
    private int PaddingFor(int ahead)
    {
        int offset = (int)((nint)_cur + ahead) & 7;
        return offset > LastFieldOffset ? 8 - offset : 0;
    }

    private int Patchable(byte opcode)
    {
        byte* field = OpcodeField(opcode);
        *(int*)field = 0;
        return (int)(field - _rw);
    }

    private int Patchable(byte opcode, Label initial)
    {
        byte* field = OpcodeField(opcode);
        LabelField32(field, initial, 0);
        return (int)(field - _rw);
    }

    private byte* OpcodeField(byte opcode)
    {
        PadInstruction(1);
        byte* p = Begin();
        *p = opcode;
        _cur = p + 5;
        return p + 1;
    }

    private byte* JccField(Cc cc)
    {
        PadInstruction(2);
        byte* p = Begin();
        p[0] = 0x0F;
        p[1] = (byte)(0x80 | (int)cc);
        _cur = p + 6;
        return p + 2;
    }
}
