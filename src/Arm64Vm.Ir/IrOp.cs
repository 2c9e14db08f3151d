namespace Arm64Vm.Ir;

/// <summary>The operations of the IR. Notation: <c>T</c> = <see cref="IrInst.Type"/> (I32 or I64), operands A B C D, immediate Imm.</summary>
/// <remarks>
/// Order matters: the ranges between the Begin/End remarks are tested by <see cref="IrOps"/>.
/// A guest instruction becomes reads of guest state, pure operations, memory operations and writes of guest state, in program order.
/// </remarks>
public enum IrOp : ushort
{
    None = 0,

    // ---- Constants and guest state -------------------------------------------------------------------------------
    /// <summary>T := Imm.</summary>
    Const,

    /// <summary>I64 := X[Aux]; Aux 0–30, 31 = the current SP (never XZR: lifters use Const 0).</summary>
    GetX,

    /// <summary>X[Aux] := A (I64), or zero-extended A (I32). Aux 31 = the current SP.</summary>
    SetX,

    /// <summary>V128 := V[Aux].</summary>
    GetV,

    /// <summary>V[Aux] := A (V128, all 128 bits).</summary>
    SetV,

    /// <summary>Flags := PSTATE.NZCV.</summary>
    GetFlags,

    /// <summary>PSTATE.NZCV := A (Flags).</summary>
    SetFlags,

    /// <summary>I64 := virtual address of the 4 KiB page that this region's code is running from.</summary>
    PcPage,

    // ---- Integer, T in {I32, I64} ---------------------------------------------------------------------------------
    Add,
    Sub,
    And,
    Or,
    Xor,

    /// <summary>T := A and not B.</summary>
    AndNot,
    Not,
    Neg,
    Mul,

    /// <summary>I64 := high 64 bits of the signed 128-bit product.</summary>
    MulHighSigned,

    /// <summary>I64 := high 64 bits of the unsigned 128-bit product.</summary>
    MulHighUnsigned,

    /// <summary>T := A / B, signed; x/0 = 0, MIN/−1 = MIN.</summary>
    DivSigned,

    /// <summary>T := A / B, unsigned; x/0 = 0.</summary>
    DivUnsigned,

    /// <summary>T := A shifted left by B mod the width. B is of type T.</summary>
    Shl,

    /// <summary>T := A shifted right, zeros in, by B mod the width.</summary>
    Shr,

    /// <summary>T := A shifted right, signs in, by B mod the width.</summary>
    Sar,

    /// <summary>T := A rotated right by B mod the width.</summary>
    Ror,

    /// <summary>T := low T bits of (A:B) shifted right by Imm, 0 ≤ Imm &lt; width (EXTR).</summary>
    ExtractPair,

    /// <summary>T := A bits [Aux+Imm−1 : Aux], zero-extended (Aux = lsb, Imm = width ≥ 1, lsb+width ≤ T's width).</summary>
    BitsExtractUnsigned,

    /// <summary>T := A bits [Aux+Imm−1 : Aux], sign-extended.</summary>
    BitsExtractSigned,

    /// <summary>T := A with bits [Aux+Imm−1 : Aux] replaced by the low Imm bits of B.</summary>
    BitsInsert,

    /// <summary>T := leading zero bits of A (the width for 0).</summary>
    CountLeadingZeros,

    /// <summary>T := leading sign bits of A, not counting the sign itself.</summary>
    CountLeadingSigns,

    /// <summary>T := bits reversed.</summary>
    ReverseBits,

    /// <summary>T := bytes reversed in every container of Size bytes (2, 4, 8).</summary>
    ReverseBytes,

    /// <summary>I32 := A (I64), the low half.</summary>
    Truncate,

    /// <summary>I64 := zero-extended A (I32).</summary>
    ZeroExtend,

    /// <summary>T := sign-extended low Size bytes (1, 2, 4) of A.</summary>
    SignExtend,

    /// <summary>I32 := CRC-32 step of A (I32 accumulator) with the low Size bytes of B; Aux 0 = CRC32 (0x04C11DB7), 1 = CRC32C (0x1EDC6F41). For Size 8, B is I64, else I32.</summary>
    Crc32,

    // ---- Flags -----------------------------------------------------------------------------------------------------
    /// <summary>T := A + B; a following <see cref="FlagsOf"/> gives its NZCV.</summary>
    AddS,

    /// <summary>T := A − B; a following <see cref="FlagsOf"/> gives its NZCV.</summary>
    SubS,

    /// <summary>T := A and B; flags N Z, C=V=0.</summary>
    AndS,

    /// <summary>T := A and not B; flags N Z, C=V=0.</summary>
    AndNotS,

    /// <summary>T := A + B + carry of flags C; may be followed by FlagsOf.</summary>
    AdcS,

    /// <summary>T := A − B − not carry of flags C; may be followed by FlagsOf.</summary>
    SbcS,

    /// <summary>Flags := the NZCV of A, which must be the instruction directly before (one of the six above).</summary>
    FlagsOf,

    /// <summary>Flags := if Condition(Aux) holds in flags C then NZCV of (A − B) else Imm bits 3:0 = NZCV. Type is Flags; Size 4 or 8 gives the operands' width in bytes.</summary>
    CondCompare,

    /// <summary>As <see cref="CondCompare"/> with A + B.</summary>
    CondCompareNegative,

    /// <summary>T := if Condition(Aux) holds in flags C then A else B. T may be V128 (FCSEL).</summary>
    Select,

    /// <summary>I32 := flags A as NZCV in bits 31:28, zeros below.</summary>
    FlagsToNzcv,

    /// <summary>Flags := bits 31:28 of A (I32).</summary>
    FlagsFromNzcv,

    // ---- Memory ----------------------------------------------------------------------------------------------------
    // Address = A + sign-extended Imm. Aux is a MemoryFlags. All may fault; a fault happens before any state of the guest
    // instruction is written (lifters emit memory operations before SetX/SetV). Loads are never removed.

    /// <summary>Type := Size bytes at the address, zero-extended (or sign-extended to Type with MemoryFlags.SignExtend); V128: low bytes, zeros above.</summary>
    Load,

    /// <summary>Size bytes at the address := low bytes of B.</summary>
    Store,

    /// <summary>Type := Size bytes at the address; the following <see cref="Second"/> gives those at address + Size.</summary>
    LoadPair,

    /// <summary>Type := the second result of the LoadPair directly before (A).</summary>
    Second,

    /// <summary>Size bytes at the address := B, the next Size bytes := C.</summary>
    StorePair,

    /// <summary>As <see cref="Load"/> (zero-extending), and sets the exclusive monitor. Size 16 has Type V128. Address alignment to Size is required.</summary>
    LoadExclusive,

    /// <summary>I32 := 0 and stores B if the monitor still holds, else 1. Size 16: B is V128. Clears the monitor.</summary>
    StoreExclusive,

    /// <summary>Clears the exclusive monitor.</summary>
    ClearExclusive,

    /// <summary>Type := old Size bytes at the address, zero-extended; memory := Imm-selected <see cref="AtomicOperation"/> of old and B. The displacement is always 0.</summary>
    AtomicRmw,

    /// <summary>Type := old Size bytes at the address, zero-extended; memory := C if old equals the low bytes of B. Displacement 0. Size 16: V128.</summary>
    CompareSwap,

    /// <summary>Zeroes the naturally aligned block of <see cref="GuestContext.ZeroBlockSize"/> bytes around address A (DC ZVA).</summary>
    ZeroBlock,

    /// <summary>Memory barrier; Aux is a <see cref="BarrierKind"/>.</summary>
    Barrier,

    // ---- System: leave to the run loop and come back ---------------------------------------------------------------
    /// <summary>I64 := system register Imm (encoding op0:op1:CRn:CRm:op2 in 16 bits). May raise an exception instead.</summary>
    ReadSystem,

    /// <summary>System register Imm := A (I64). May raise an exception. Aux bit 0: the region ends after it.</summary>
    WriteSystem,

    /// <summary>SYS instruction Imm (cache maintenance, TLBI, AT) with operand A (I64). May raise an exception.</summary>
    SystemOperation,

    /// <summary>MSR (immediate): Imm = op1:op2 in bits 5:0, CRm in bits 11:8. The region ends after it.</summary>
    WritePState,

    /// <summary>I64 := pointer authentication operation Aux (<see cref="PointerAuthentication"/>) on pointer A with modifier B.</summary>
    PointerAuth,

    // ---- Terminators: the last instruction of every block ----------------------------------------------------------
    // Offsets are signed 32-bit byte offsets from the region's page (PcPage): low half of Imm = taken/target, high half = fall-through/return.

    /// <summary>Continue at PcPage + low Imm.</summary>
    Jump,

    /// <summary>If Condition(Aux) holds in flags A go to low Imm, else to high Imm.</summary>
    BranchCond,

    /// <summary>If A (Size 4 or 8 bytes wide) is zero go to low Imm, else to high Imm.</summary>
    BranchZero,

    /// <summary>If A (Size 4 or 8 bytes wide) is not zero go to low Imm, else to high Imm.</summary>
    BranchNonZero,

    /// <summary>If bit Aux of A is clear go to low Imm, else to high Imm.</summary>
    BranchBitClear,

    /// <summary>If bit Aux of A is set go to low Imm, else to high Imm.</summary>
    BranchBitSet,

    /// <summary>BL: continue at low Imm; the guest is expected to return to high Imm. X30 was set before by SetX.</summary>
    Call,

    /// <summary>BLR: continue at address A (I64); expected return at high Imm.</summary>
    CallRegister,

    /// <summary>BR: continue at address A (I64).</summary>
    JumpRegister,

    /// <summary>RET: continue at address A (I64), expected to pair with a call.</summary>
    Return,

    /// <summary>Leave with <see cref="ExitReason"/> Aux and payload Imm; A (I64, optional) is passed along. PC = this instruction.</summary>
    Exit,

    /// <summary>As <see cref="Exit"/>, with PC = the next instruction.</summary>
    ExitAfter,

    // ---- Vector integer --------------------------------------------------------------------------------------------
    // Size = element bytes, Shape = live lanes.
    VectorFirst,

    // ---- Floating point --------------------------------------------------------------------------------------------
    FloatFirst = 0x400,
}
