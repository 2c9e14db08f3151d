namespace Arm64Vm.Backend.X64.Emit;

// The generic vector forms. The instruction is a constant of V; VexShape says which of these methods it takes. EVEX constants take the same
// methods and are unmasked. A VEX constant with a twin takes registers above 15 too, and is encoded by the twin then.
internal sealed unsafe partial class X64Emitter
{
    /// <summary>Registers from here on exist in EVEX forms only.</summary>
    private const int FirstUpper = (int)Xmm.Xmm16;

    /// <summary>d = a op b.</summary>
    public void Vex(VexOp op, Xmm d, Xmm a, Xmm b)
        => _cur = Register(Begin(), op, (int)d, (int)a, (int)b);

    public void Vex(VexOp op, Xmm d, Xmm a, Mem b)
        => _cur = Memory(Begin(), op, (int)d, (int)a, b, 0);

    /// <summary>d = op b.</summary>
    public void Vex(VexOp op, Xmm d, Xmm b)
    {
        // A move that would need the three-byte prefix only for its source can use the store opcode, which swaps reg and rm.
        if (op.Shape == VexShape.Move & (int)b >= 8 & (int)d < 8)
        {
            (op, d, b) = (op.Second, b, d);
        }

        _cur = Register(Begin(), op, (int)d, 0, (int)b);
    }

    /// <summary>d = op b; loads.</summary>
    public void Vex(VexOp op, Xmm d, Mem b)
        => _cur = Memory(Begin(), op, (int)d, 0, b, 0);

    /// <summary>Stores s, by the store opcode of a move or the only opcode of a store.</summary>
    public void VexStore(VexOp op, Mem d, Xmm s)
        => _cur = Memory(Begin(), op.SecondOpcode != 0 ? op.Second : op, (int)s, 0, d, 0);

    /// <summary>d = op s where d is in rm: narrowing moves (EVEX).</summary>
    public void VexStore(VexOp op, Xmm d, Xmm s)
        => _cur = Register(Begin(), op, (int)s, 0, (int)d);

    public void VexImm(VexOp op, Xmm d, Xmm a, Xmm b, byte imm)
        => Finish(Register(Begin(), op, (int)d, (int)a, (int)b), imm);

    public void VexImm(VexOp op, Xmm d, Xmm a, Mem b, byte imm)
        => Finish(Memory(Begin(), op, (int)d, (int)a, b, 1), imm);

    public void VexImm2(VexOp op, Xmm d, Xmm b, byte imm)
        => Finish(Register(Begin(), op, (int)d, 0, (int)b), imm);

    public void VexImm2(VexOp op, Xmm d, Mem b, byte imm)
        => Finish(Memory(Begin(), op, (int)d, 0, b, 1), imm);

    /// <summary>d = op s, imm where d is in rm: vcvtps2ph, vextracti128.</summary>
    public void VexStoreImm(VexOp op, Xmm d, Xmm s, byte imm)
        => Finish(Register(Begin(), op, (int)s, 0, (int)d), imm);

    public void VexStoreImm(VexOp op, Mem d, Xmm s, byte imm)
        => Finish(Memory(Begin(), op, (int)s, 0, d, 1), imm);

    /// <summary>d = s shifted by a constant; bits for element shifts, bytes for pslldq and psrldq.</summary>
    public void VexShiftImm(VexOp op, Xmm d, Xmm s, byte imm)
        => Finish(Register(Begin(), op.Second, op.Extension, (int)d, (int)s), imm);

    /// <summary>d = mask's top bit ? b : a, per element.</summary>
    public void VexBlendv(VexOp op, Xmm d, Xmm a, Xmm b, Xmm mask)
        => Finish(VexRegister(Begin(), op, (int)d, (int)a, (int)b), (byte)((int)mask << 4));

    public void VexBlendv(VexOp op, Xmm d, Xmm a, Mem b, Xmm mask)
        => Finish(VexMemory(Begin(), op, (int)d, (int)a, b, 1), (byte)((int)mask << 4));

    /// <summary>ZF = (a &amp; b) is zero, CF = (~a &amp; b) is zero.</summary>
    public void Vptest(Xmm a, Xmm b) => Vex(V.Ptest, a, b);

    public void Vptest(Xmm a, Mem b) => Vex(V.Ptest, a, b);

    /// <summary>ZF, PF and CF from the comparison; unordered sets all three. Only signaling NaNs raise Invalid.</summary>
    public void Vucomiss(Xmm a, Xmm b) => Vex(V.Ucomiss, a, b);

    public void Vucomiss(Xmm a, Mem b) => Vex(V.Ucomiss, a, b);

    public void Vucomisd(Xmm a, Xmm b) => Vex(V.Ucomisd, a, b);

    public void Vucomisd(Xmm a, Mem b) => Vex(V.Ucomisd, a, b);

    /// <summary>As <see cref="Vucomiss(Xmm, Xmm)"/>, but every NaN raises Invalid.</summary>
    public void Vcomiss(Xmm a, Xmm b) => Vex(V.Comiss, a, b);

    public void Vcomiss(Xmm a, Mem b) => Vex(V.Comiss, a, b);

    public void Vcomisd(Xmm a, Xmm b) => Vex(V.Comisd, a, b);

    public void Vcomisd(Xmm a, Mem b) => Vex(V.Comisd, a, b);

    /// <summary>Clears bits 255:128 of all vector registers, which ends the penalty for mixing in legacy SSE code.</summary>
    public void Vzeroupper()
    {
        byte* p = Begin();
        *(int*)p = 0x77F8C5;
        _cur = p + 3;
    }

    private byte* Register(byte* p, VexOp op, int reg, int vvvv, int rm)
    {
        if (op.IsEvex)
            return EvexRegister(p, op, reg, vvvv, rm, 0, false);
        return (reg | vvvv | rm) < FirstUpper ? VexRegister(p, op, reg, vvvv, rm) : EvexRegister(p, TwinOf(op), reg, vvvv, rm, 0, false);
    }

    private byte* Memory(byte* p, VexOp op, int reg, int vvvv, Mem m, int trailing)
    {
        if (op.IsEvex)
            return EvexMemory(p, op, reg, vvvv, m, trailing, 0, false);
        return (reg | vvvv) < FirstUpper ? VexMemory(p, op, reg, vvvv, m, trailing) : EvexMemory(p, TwinOf(op), reg, vvvv, m, trailing, 0, false);
    }

    private static VexOp TwinOf(VexOp op)
        => op.HasTwin ? op.Twin : throw new InvalidOperationException($"vector instruction {op.Map}:{op.Opcode:X2} has no form with registers above 15");

    private void Finish(byte* p, byte imm)
    {
        *p = imm;
        _cur = p + 1;
    }
}
