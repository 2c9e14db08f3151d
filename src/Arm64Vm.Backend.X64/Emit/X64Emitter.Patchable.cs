namespace Arm64Vm.Backend.X64.Emit;

// Branches that another thread may retarget while this code runs. The SDM (vol. 3A, 9.1.1) makes a naturally aligned four-byte store atomic,
// so the rel32 field is placed on a multiple of four; the no-operations before it are the price. Until patched, the target is the next
// instruction, or the label given.
internal sealed unsafe partial class X64Emitter
{
    /// <summary>jmp rel32. Returns the position of the rel32 field, a multiple of four.</summary>
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
        Nop((int)(-((nint)_cur + 1) & 3));
        byte* p = Begin();
        *p = opcode;
        _cur = p + 5;
        return p + 1;
    }

    private byte* JccField(Cc cc)
    {
        Nop((int)(-((nint)_cur + 2) & 3));
        byte* p = Begin();
        p[0] = 0x0F;
        p[1] = (byte)(0x80 | (int)cc);
        _cur = p + 6;
        return p + 2;
    }
}
