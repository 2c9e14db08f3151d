using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

/// <summary>How the operands of a vector instruction are placed, after the SDM's "Op/En" column.</summary>
internal enum VexShape
{
    /// <summary>reg = vvvv op rm. <see cref="X64Emitter.Vex(VexOp, Xmm, Xmm, Xmm)"/>.</summary>
    Rvm,
    /// <summary>reg = op rm. <see cref="X64Emitter.Vex(VexOp, Xmm, Xmm)"/>.</summary>
    Rm,
    /// <summary>reg = op rm where rm is memory.</summary>
    RmMem,
    /// <summary>rm = reg, a store (rm may be a register). <see cref="X64Emitter.VexStore(VexOp, Mem, Xmm)"/>.</summary>
    Mr,
    /// <summary>rm = reg where rm is memory.</summary>
    MrMem,
    /// <summary>Load by one opcode, store by another, and register to register.</summary>
    Move,
    /// <summary>reg = vvvv op rm register; load and store with memory. vmovss and vmovsd.</summary>
    MoveScalar,
    /// <summary>Half a register: reg = merge of vvvv and memory; and a store. vmovlps, vmovhps.</summary>
    MoveHalf,
    /// <summary>reg = vvvv op rm where rm is a register. vmovhlps, vmovlhps.</summary>
    RvmReg,
    /// <summary>reg = vvvv op rm, imm8.</summary>
    Rvmi,
    /// <summary>reg = op rm, imm8.</summary>
    Rmi,
    /// <summary>rm = op reg, imm8.</summary>
    Mri,
    /// <summary>Shift: reg = vvvv shifted by rm; and the immediate group. <see cref="X64Emitter.VexShiftImm"/>.</summary>
    Shift,
    /// <summary>vvvv = op rm, imm8, with an opcode extension in reg.</summary>
    Vmi,
    /// <summary>reg = vvvv op rm, selected by a fourth register. <see cref="X64Emitter.VexBlendv(VexOp, Xmm, Xmm, Xmm, Xmm)"/>.</summary>
    Rvmr,
    /// <summary>Mask register = vvvv compared with rm (EVEX). <see cref="X64Emitter.EvexCmp(VexOp, int, Xmm, Xmm)"/>.</summary>
    KRvm,
    /// <summary>Mask register = vvvv compared with rm by a predicate in imm8 (EVEX).</summary>
    KRvmi,
}

/// <summary>
/// One vector instruction as a constant: opcode, map, mandatory prefix, W, vector length and the place of its operands
/// (Intel SDM vol. 2A, 2.3 and 2.7). The constants are in <see cref="V"/>.
/// </summary>
internal readonly struct VexOp
{
    private const ulong Length256Bit = 1UL << 14;
    private const ulong EvexBit = 1UL << 15;
    private const ulong TwinBit = 1UL << 37;
    private const ulong TwinWBit = 1UL << 38;

    // 7:0 opcode, 9:8 pp, 12:10 map, 13 W, 14 256 bits, 15 EVEX, 23:16 second opcode (store, or shift group), 25:24 its pp,
    // 28:26 opcode extension, 33:29 shape, 36:34 log2 of the EVEX disp8 unit, 37 there is a twin, 38 its W.
    private readonly ulong _bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private VexOp(ulong bits) => _bits = bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal VexOp(VexShape shape, int map, int pp, int w, int opcode)
        => _bits = (uint)opcode | ((ulong)pp << 8) | ((ulong)map << 10) | ((ulong)w << 13) | ((ulong)shape << 29);

    internal int Opcode
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte)_bits;
    }

    internal int SecondOpcode => (byte)(_bits >> 16);

    internal int Extension => (int)(_bits >> 26) & 7;

    internal int Map => (int)(_bits >> 10) & 7;

    internal int Pp => (int)(_bits >> 8) & 3;

    internal int W => (int)(_bits >> 13) & 1;

    internal VexShape Shape => (VexShape)((_bits >> 29) & 0x1F);

    internal bool IsEvex => (_bits & EvexBit) != 0;

    internal bool Is256 => (_bits & Length256Bit) != 0;

    internal int Disp8Shift => (int)(_bits >> 34) & 7;

    /// <summary>The 256-bit form of a VEX or EVEX instruction that has one.</summary>
    public VexOp Wide
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(_bits | Length256Bit);
    }

    /// <summary>The encoding by the second opcode: the store of a move.</summary>
    internal VexOp Second
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((_bits & ~0x3FFUL) | ((_bits >> 16) & 0x3FF));
    }

    /// <summary>True for a VEX instruction that <see cref="Twin"/> has.</summary>
    internal bool HasTwin => (_bits & TwinBit) != 0;

    /// <summary>The EVEX form of a VEX instruction, which does the same with registers 16 to 31 as well: same opcode, map and prefix, W of its own.</summary>
    internal VexOp Twin => new((_bits & ~(TwinBit | TwinWBit)) | EvexBit | ((_bits & TwinWBit) >> 38 << 13));

    /// <summary>The last three fields of the prefix, as the low byte of either VEX form: L in bit 2, pp in bits 1:0.</summary>
    internal int LengthPp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)((_bits >> 8) & 3) | (int)((_bits >> 12) & 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal VexOp WithSecond(int opcode, int pp, int extension = 0)
        => new(_bits | ((ulong)opcode << 16) | ((ulong)pp << 24) | ((ulong)extension << 26));

    /// <summary>The instruction has a <see cref="Twin"/>, with this W and this log2 of the unit of its one-byte displacements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal VexOp WithTwin(int w = 0, int disp8Shift = 4) => new(_bits | TwinBit | ((ulong)w << 38) | ((ulong)disp8Shift << 34));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal VexOp AsEvex(int disp8Shift) => new(_bits | EvexBit | ((ulong)disp8Shift << 34));
}
