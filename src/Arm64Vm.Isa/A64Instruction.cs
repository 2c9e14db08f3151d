namespace Arm64Vm.Isa;

/// <summary>An instruction word, its encoding and its fields by the Arm ARM's names. Which fields exist depends on the encoding; each accessor only extracts bits.</summary>
internal readonly struct A64Instruction(uint word, A64Opcode op)
{
    public uint Word { get; } = word;

    public A64Opcode Opcode { get; } = op;

    /// <summary>Decodes <paramref name="word"/>.</summary>
    public static A64Instruction Decode(uint word) => new(word, A64Decoder.Decode(word));

    /// <summary>Bits hi to lo, both included.</summary>
    public uint Bits(int hi, int lo) => (Word >> lo) & (uint)((1ul << (hi - lo + 1)) - 1);

    public bool Bit(int index) => ((Word >> index) & 1) != 0;

    /// <summary>Bits hi to lo as a two's complement number.</summary>
    public int SignedBits(int hi, int lo) => (int)(Word << (31 - hi)) >> (31 - hi + lo);

    public int Rd => (int)(Word & 31);

    public int Rt => (int)(Word & 31);

    public int Rn => (int)((Word >> 5) & 31);

    public int Rt2 => (int)((Word >> 10) & 31);

    public int Ra => (int)((Word >> 10) & 31);

    public int Rm => (int)((Word >> 16) & 31);

    public int Rs => (int)((Word >> 16) & 31);

    /// <summary>Bit 31: 64-bit general registers.</summary>
    public bool Sf => (int)Word < 0;

    /// <summary>Bit 30: a 128-bit vector.</summary>
    public bool Q => ((Word >> 30) & 1) != 0;

    /// <summary>Bit 29 of Advanced SIMD encodings: unsigned.</summary>
    public bool U => ((Word >> 29) & 1) != 0;

    /// <summary>Bits 23:22 of Advanced SIMD encodings: log2 of the element size in bytes.</summary>
    public int Size => (int)((Word >> 22) & 3);

    /// <summary>Bits 31:30 of load/store encodings: log2 of the access size in bytes, or opc.</summary>
    public int AccessSize => (int)(Word >> 30);

    /// <summary>Bits 23:22 of load/store encodings.</summary>
    public int Opc => (int)((Word >> 22) & 3);

    /// <summary>Bits 23:22 of scalar floating-point encodings: 0 single, 1 double, 3 half.</summary>
    public int FType => (int)((Word >> 22) & 3);

    /// <summary>Bits 23:22: shift type (LSL, LSR, ASR, ROR) of a shifted register.</summary>
    public int Shift => (int)((Word >> 22) & 3);

    /// <summary>Bit 22 of ADD/SUB (immediate): the immediate is shifted left by 12.</summary>
    public bool Sh => ((Word >> 22) & 1) != 0;

    public uint Imm12 => (Word >> 10) & 0xfff;

    /// <summary>The immediate of ADD/SUB (immediate) after its shift.</summary>
    public uint ShiftedImm12 => Imm12 << (Sh ? 12 : 0);

    /// <summary>Bits 20:5: MOVZ, MOVN, MOVK, exception generation.</summary>
    public uint Imm16 => (Word >> 5) & 0xffff;

    /// <summary>Bits 22:21: the immediate of MOVZ, MOVN, MOVK is shifted left by 16 × Hw.</summary>
    public int Hw => (int)((Word >> 21) & 3);

    public int N => (int)((Word >> 22) & 1);

    public int ImmR => (int)((Word >> 16) & 63);

    public int ImmS => (int)((Word >> 10) & 63);

    /// <summary>Bits 15:10: shift amount of a shifted register.</summary>
    public int Imm6 => (int)((Word >> 10) & 63);

    /// <summary>Bits 20:16: the immediate of CCMP, CCMN.</summary>
    public uint Imm5 => (Word >> 16) & 31;

    /// <summary>Byte offset of B, BL.</summary>
    public long Imm26Offset => (long)SignedBits(25, 0) * 4;

    /// <summary>Byte offset of B.cond, CBZ, CBNZ and literal loads.</summary>
    public long Imm19Offset => (long)SignedBits(23, 5) * 4;

    /// <summary>Byte offset of TBZ, TBNZ.</summary>
    public long Imm14Offset => (long)SignedBits(18, 5) * 4;

    /// <summary>Byte offset of ADR; in units of 4 KiB for ADRP.</summary>
    public long ImmAdr => ((long)SignedBits(23, 5) << 2) | ((Word >> 29) & 3);

    /// <summary>The bit that TBZ, TBNZ test.</summary>
    public int TestBit => (int)(((Word >> 26) & 32) | ((Word >> 19) & 31));

    /// <summary>Bits 20:12, signed: unscaled, pre- and post-indexed byte offset.</summary>
    public int Imm9 => SignedBits(20, 12);

    /// <summary>Bits 21:15, signed: pair offset before scaling by the register size.</summary>
    public int Imm7 => SignedBits(21, 15);

    /// <summary>Bits 15:13: UXTB … SXTX.</summary>
    public int Option => (int)((Word >> 13) & 7);

    /// <summary>Bits 12:10: shift amount of an extended register.</summary>
    public int Imm3 => (int)((Word >> 10) & 7);

    /// <summary>Bits 15:12: condition of CCMP, CSEL, FCSEL …</summary>
    public int Cond => (int)((Word >> 12) & 15);

    /// <summary>Bits 3:0: condition of B.cond.</summary>
    public int BranchCond => (int)(Word & 15);

    /// <summary>Bits 3:0: flags of CCMP, FCCMP, mask of RMIF; N is bit 3.</summary>
    public int Nzcv => (int)(Word & 15);

    public int Op0 => (int)((Word >> 19) & 3);

    public int Op1 => (int)((Word >> 16) & 7);

    public int CRn => (int)((Word >> 12) & 15);

    public int CRm => (int)((Word >> 8) & 15);

    public int Op2 => (int)((Word >> 5) & 7);

    /// <summary>Bits 20:5 of MRS, MSR: op0:op1:CRn:CRm:op2, the system register's encoding.</summary>
    public ushort SystemRegister => (ushort)(0x8000 | ((Word >> 5) & 0x7fff));

    /// <summary>Bits 11:5 of HINT: CRm:op2.</summary>
    public int HintNumber => (int)((Word >> 5) & 127);

    /// <summary>Acquire bit (23) of an LSE atomic other than CAS; CAS and CASP have it in bit 22.</summary>
    public bool AtomicAcquire => ((Word >> 23) & 1) != 0;

    /// <summary>Release bit (22) of an LSE atomic other than CAS; CAS and CASP have it in bit 15.</summary>
    public bool AtomicRelease => ((Word >> 22) & 1) != 0;

    /// <summary>Bits 22:16 of a SIMD shift: immh:immb.</summary>
    public int ImmHB => (int)((Word >> 16) & 127);

    /// <summary>Bits 20:13 of FMOV (scalar, immediate).</summary>
    public uint Imm8 => (Word >> 13) & 0xff;

    /// <summary>a:b:c:d:e:f:g:h of a SIMD modified immediate.</summary>
    public uint ImmAbcdefgh => ((Word >> 11) & 0xe0) | ((Word >> 5) & 31);
}
