namespace Arm64Vm.Ir;

/// <summary>The operations of the IR. Notation: <c>T</c> = <see cref="IrInst.Type"/> (I32 or I64), operands A B C D, immediate Imm.</summary>
/// <remarks>
/// Order matters: the ranges between the Begin/End remarks are tested by <see cref="IrOps"/>.
/// A guest instruction becomes reads of guest state, pure operations, memory operations and writes of guest state, in program order.
/// </remarks>
internal enum IrOp : ushort
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

    /// <summary>T := trailing zero bits of A (the width for 0).</summary>
    CountTrailingZeros,

    /// <summary>T := set bits of A.</summary>
    PopulationCount,

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

    /// <summary>Where the current SP is not a multiple of 16, leaves with <see cref="ExitReason.Poll"/> for the next instruction, which belongs to another mode.</summary>
    CheckStack,

    /// <summary>Memory barrier; Aux is a <see cref="BarrierKind"/>.</summary>
    Barrier,

    /// <summary>Adds Imm, and A (I64) where there is one, to the count of events number Aux (<see cref="CodeEvent"/>).</summary>
    Count,

    // ---- System: leave to the run loop and come back ---------------------------------------------------------------
    /// <summary>I64 := system register Imm (encoding op0:op1:CRn:CRm:op2 in 16 bits). May raise an exception instead.</summary>
    ReadSystem,

    /// <summary>System register Imm := A (I64). May raise an exception. Aux bit 0: the region ends after it.</summary>
    WriteSystem,

    /// <summary>SYS instruction Imm (cache maintenance, TLBI, AT) with operand A (I64). May raise an exception.</summary>
    SystemOperation,

    /// <summary>MSR (immediate): Imm = op1:op2 in bits 5:0, CRm in bits 11:8. Aux bit 0: the region ends after it.</summary>
    WritePState,

    /// <summary>
    /// I64 := what is left of a memory copy or set (FEAT_MOPS; Imm is the word of its main or epilogue instruction) to A from B, of C bytes in option A's form, with PSTATE.NZCV in D
    /// (I32). Zero C does nothing. Where it leaves in the middle, it has written what is left to the guest's register.
    /// </summary>
    MemoryCopySet,

    /// <summary>I64 := pointer authentication operation Aux (<see cref="PointerAuthentication"/>) on pointer A with modifier B.</summary>
    PointerAuth,

    // ---- Side exits: leave the unit for another place on its page, or go on with the next instruction ---------------
    // Imm holds the target's offset and more, see SideExit. A decides; flags B (optional) are stored in NZCV where the exit is taken, for they are not
    // stored before. They stand in the order of the branches BranchCond to BranchBitSet.

    /// <summary>Leaves if Condition(Aux) holds in flags A.</summary>
    LeaveCond,

    /// <summary>Leaves if A (Size 4 or 8 bytes wide) is zero.</summary>
    LeaveZero,

    /// <summary>Leaves if A (Size 4 or 8 bytes wide) is not zero.</summary>
    LeaveNonZero,

    /// <summary>Leaves if bit Aux of A is clear.</summary>
    LeaveBitClear,

    /// <summary>Leaves if bit Aux of A is set.</summary>
    LeaveBitSet,

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

    /// <summary>BLR: continue at address A (I64) with PSTATE.BTYPE Aux; expected return at high Imm.</summary>
    CallRegister,

    /// <summary>BR: continue at address A (I64) with PSTATE.BTYPE Aux.</summary>
    JumpRegister,

    /// <summary>RET: continue at address A (I64), expected to pair with a call.</summary>
    Return,

    /// <summary>Leave with <see cref="ExitReason"/> Aux and payload Imm; A (I64, optional) is passed along. PC = this instruction.</summary>
    Exit,

    /// <summary>As <see cref="Exit"/>, with PC = the next instruction.</summary>
    ExitAfter,

    // ---- Vector integer --------------------------------------------------------------------------------------------
    // Result V128 unless said otherwise. Size = element bytes; Shape = live lanes of the result, all bits above them are zero.
    // Operands are read only in the lanes that the live result needs. Operations between two element sizes name the narrower one in Size.
    // "High" in Aux: 1 = take the source elements from bits 127:64 of the operands, 0 = from bits 63:0.
    VectorFirst,

    /// <summary>64-bit Imm in every live half (Shape Q or D).</summary>
    VectorConst,

    /// <summary>The live lanes of A.</summary>
    VectorClearAbove,

    // -- Bitwise (Size 8, Shape Q or D) --
    VectorAnd,
    VectorOr,
    VectorXor,

    /// <summary>A and not B.</summary>
    VectorAndNot,

    /// <summary>A or not B.</summary>
    VectorOrNot,
    VectorNot,

    /// <summary>Bits of B where A is set, of C where A is clear.</summary>
    VectorBitSelect,

    // -- Arithmetic, modulo the element --
    VectorAdd,
    VectorSub,
    VectorNeg,

    /// <summary>Absolute value; the minimum stays.</summary>
    VectorAbs,

    /// <summary>Low half of the product, Size 1, 2, 4.</summary>
    VectorMul,

    /// <summary>Polynomial product over GF(2), low half; Size 1.</summary>
    VectorPolynomialMul,

    /// <summary>|A − B| of signed elements, as an unsigned element.</summary>
    VectorAbsDifferenceSigned,
    VectorAbsDifferenceUnsigned,

    /// <summary>(A + B) &gt;&gt; 1 without overflow.</summary>
    VectorHalvingAddSigned,
    VectorHalvingAddUnsigned,

    /// <summary>(A + B + 1) &gt;&gt; 1 without overflow.</summary>
    VectorRoundingHalvingAddSigned,
    VectorRoundingHalvingAddUnsigned,

    /// <summary>(A − B) &gt;&gt; 1 without overflow.</summary>
    VectorHalvingSubSigned,
    VectorHalvingSubUnsigned,
    VectorMinSigned,
    VectorMinUnsigned,
    VectorMaxSigned,
    VectorMaxUnsigned,

    // -- Comparison: all ones where true, else zero --
    VectorCompareEqual,
    VectorCompareGreaterSigned,
    VectorCompareGreaterUnsigned,
    VectorCompareGreaterEqualSigned,
    VectorCompareGreaterEqualUnsigned,

    /// <summary>(A and B) ≠ 0.</summary>
    VectorTestBits,

    // -- Shifts --
    /// <summary>A &lt;&lt; Imm, 0 ≤ Imm &lt; element bits.</summary>
    VectorShiftLeftImm,

    /// <summary>A &gt;&gt; Imm, 1 ≤ Imm ≤ element bits, zeros in.</summary>
    VectorShiftRightUnsignedImm,

    /// <summary>A &gt;&gt; Imm, 1 ≤ Imm ≤ element bits, signs in.</summary>
    VectorShiftRightSignedImm,

    /// <summary>(A + 2^(Imm−1)) &gt;&gt; Imm without intermediate overflow, 1 ≤ Imm ≤ element bits.</summary>
    VectorRoundingShiftRightUnsignedImm,
    VectorRoundingShiftRightSignedImm,

    /// <summary>A rotated right by Imm, 0 ≤ Imm &lt; element bits.</summary>
    VectorRotateRightImm,

    /// <summary>A shifted left by the signed low byte of B's element, right (zeros in) where negative (USHL).</summary>
    VectorShiftUnsigned,

    /// <summary>A shifted left by the signed low byte of B's element, right (signs in) where negative (SSHL).</summary>
    VectorShiftSigned,

    /// <summary>As <see cref="VectorShiftUnsigned"/>, right shifts rounded (URSHL).</summary>
    VectorRoundingShiftUnsigned,

    /// <summary>As <see cref="VectorShiftSigned"/>, right shifts rounded (SRSHL).</summary>
    VectorRoundingShiftSigned,

    // -- Bits --
    /// <summary>Set bits of each byte; Size 1.</summary>
    VectorPopCount,
    VectorCountLeadingZeros,

    /// <summary>Leading sign bits, not counting the sign itself.</summary>
    VectorCountLeadingSigns,

    /// <summary>Bits of each byte reversed; Size 1.</summary>
    VectorReverseBits,

    /// <summary>Elements in reverse order within every container of Aux bytes.</summary>
    VectorReverse,

    // -- Between element sizes --
    /// <summary>Elements of 2·Size truncated to Size. Shape D: 128 bits of A into the low half; Scalar: one element.</summary>
    VectorNarrow,

    /// <summary>64 bits of A (High) zero-extended to 2·Size. Shape Q or Scalar.</summary>
    VectorWidenUnsigned,
    VectorWidenSigned,

    /// <summary>Products of 2·Size of the Size elements of 64 bits (High). Shape Q.</summary>
    VectorMulLongUnsigned,
    VectorMulLongSigned,

    /// <summary>Polynomial products over GF(2) of 2·Size of 64 bits (High); Size 1 or 8. Shape Q.</summary>
    VectorPolynomialMulLong,

    /// <summary>Sums of adjacent Size elements, as elements of 2·Size. Shape Q or D.</summary>
    VectorPairAddLongUnsigned,
    VectorPairAddLongSigned,

    // -- Across lanes: Shape (Q or D) is the operand's, the result is one element, zeros above --
    VectorReduceAdd,
    VectorReduceMinSigned,
    VectorReduceMinUnsigned,
    VectorReduceMaxSigned,
    VectorReduceMaxUnsigned,

    // -- Moving elements --
    /// <summary>Every live lane := low Size bytes of A (I32; I64 for Size 8). Shape Scalar moves a general register in.</summary>
    VectorBroadcast,

    /// <summary>Every live lane := element Aux of A.</summary>
    VectorBroadcastElement,

    /// <summary>A with element Aux replaced by the low Size bytes of B (I32; I64 for Size 8). Shape Q.</summary>
    VectorInsertElement,

    /// <summary>A with element Aux replaced by element Imm of B. Shape Q.</summary>
    VectorInsertFromElement,

    /// <summary>T (I32 or I64) := element Aux of A, zero-extended.</summary>
    VectorExtractElementUnsigned,

    /// <summary>T (I32 or I64) := element Aux of A, sign-extended.</summary>
    VectorExtractElementSigned,

    /// <summary>Low half of A below the low half of B. Shape Q.</summary>
    VectorCombine,

    /// <summary>Live bytes of B:A from byte Imm on (EXT); B:A is 32 bytes in shape Q, 16 (low halves) in shape D.</summary>
    VectorExtract,

    /// <summary>Lower live halves of A and B interleaved.</summary>
    VectorZip1,

    /// <summary>Upper live halves of A and B interleaved.</summary>
    VectorZip2,

    /// <summary>Even elements of A, then of B.</summary>
    VectorUnzip1,

    /// <summary>Odd elements of A, then of B.</summary>
    VectorUnzip2,

    /// <summary>Even elements of A and B interleaved.</summary>
    VectorTranspose1,

    /// <summary>Odd elements of A and B interleaved.</summary>
    VectorTranspose2,

    /// <summary>Byte i := let k = A[i] − Imm; if 0 ≤ k &lt; 16 then B[k] else C[i]; no C = zero. Imm 0, 16, 32, 48. Chained for TBL and TBX of up to four registers.</summary>
    VectorTable,

    // -- Sums of products: 32-bit lanes, Size 4 --
    /// <summary>C + sum of the four byte products of A and B, per 32-bit lane.</summary>
    VectorDotUnsigned,
    VectorDotSigned,

    /// <summary>A unsigned, B signed.</summary>
    VectorDotUnsignedSigned,

    /// <summary>C (2×2 of 32 bits) + A (2×8 bytes) × transposed B (2×8 bytes). Shape Q.</summary>
    VectorMatrixMulUnsigned,
    VectorMatrixMulSigned,

    /// <summary>A unsigned, B signed.</summary>
    VectorMatrixMulUnsignedSigned,

    /// <summary>URECPE; Size 4.</summary>
    VectorReciprocalEstimate,

    /// <summary>URSQRTE; Size 4.</summary>
    VectorReciprocalSqrtEstimate,

    // -- Cryptography (Shape Q) --
    /// <summary>SubBytes(ShiftRows(A xor B)).</summary>
    VectorAesEncrypt,

    /// <summary>Inverse SubBytes(inverse ShiftRows(A xor B)).</summary>
    VectorAesDecrypt,
    VectorAesMixColumns,
    VectorAesInverseMixColumns,

    /// <summary>Four SHA-1 rounds on A (a–d) and B (e in 31:0) with C (schedule plus constants): Ch.</summary>
    VectorSha1Choose,
    VectorSha1Parity,
    VectorSha1Majority,

    /// <summary>A's low 32 bits rotated left by 30, zeros above (SHA1H).</summary>
    VectorSha1FixedRotate,

    /// <summary>SHA1SU0 with d = A, n = B, m = C.</summary>
    VectorSha1Schedule0,

    /// <summary>SHA1SU1 with d = A, n = B.</summary>
    VectorSha1Schedule1,

    /// <summary>SHA256H with d = A, n = B, m = C.</summary>
    VectorSha256Hash,

    /// <summary>SHA256H2 with d = A, n = B, m = C.</summary>
    VectorSha256Hash2,

    /// <summary>SHA256SU0 with d = A, n = B.</summary>
    VectorSha256Schedule0,

    /// <summary>SHA256SU1 with d = A, n = B, m = C.</summary>
    VectorSha256Schedule1,

    /// <summary>SHA512H with d = A, n = B, m = C.</summary>
    VectorSha512Hash,

    /// <summary>SHA512H2 with d = A, n = B, m = C.</summary>
    VectorSha512Hash2,

    /// <summary>SHA512SU0 with d = A, n = B.</summary>
    VectorSha512Schedule0,

    /// <summary>SHA512SU1 with d = A, n = B, m = C.</summary>
    VectorSha512Schedule1,

    /// <summary>SM3SS1 with n = A, m = B, a = C.</summary>
    VectorSm3SS1,

    /// <summary>SM3TT1A with d = A, n = B, m = C, index Imm.</summary>
    VectorSm3TT1A,
    VectorSm3TT1B,
    VectorSm3TT2A,
    VectorSm3TT2B,

    /// <summary>SM3PARTW1 with d = A, n = B, m = C.</summary>
    VectorSm3PartW1,
    VectorSm3PartW2,

    /// <summary>SM4E with d = A (block), n = B (round keys).</summary>
    VectorSm4Encode,

    /// <summary>SM4EKEY with n = A, m = B.</summary>
    VectorSm4Key,

    // -- Saturating: set FPSR.QC where a live lane saturates. IrOps.SetsSaturation tests this range --
    VectorSaturatingAddSigned,
    VectorSaturatingAddUnsigned,
    VectorSaturatingSubSigned,
    VectorSaturatingSubUnsigned,

    /// <summary>Signed A + unsigned B, saturated to signed (SUQADD).</summary>
    VectorSaturatingAddSignedUnsigned,

    /// <summary>Unsigned A + signed B, saturated to unsigned (USQADD).</summary>
    VectorSaturatingAddUnsignedSigned,
    VectorSaturatingAbs,
    VectorSaturatingNeg,

    /// <summary>High half of 2·A·B; Size 2 or 4 (SQDMULH).</summary>
    VectorSaturatingDoublingMulHigh,

    /// <summary>As <see cref="VectorSaturatingDoublingMulHigh"/>, rounded (SQRDMULH).</summary>
    VectorSaturatingRoundingDoublingMulHigh,

    /// <summary>High half of (C &lt;&lt; bits) + 2·A·B, rounded, saturated once (SQRDMLAH).</summary>
    VectorSaturatingRoundingDoublingMulAddHigh,

    /// <summary>High half of (C &lt;&lt; bits) − 2·A·B, rounded, saturated once (SQRDMLSH).</summary>
    VectorSaturatingRoundingDoublingMulSubHigh,

    /// <summary>2·A·B of the Size (2, 4) elements of 64 bits (High), in 2·Size (SQDMULL). Shape Q or Scalar.</summary>
    VectorSaturatingDoublingMulLong,

    /// <summary>Signed A &lt;&lt; Imm (SQSHL immediate).</summary>
    VectorSaturatingShiftLeftSignedImm,

    /// <summary>Unsigned A &lt;&lt; Imm (UQSHL immediate).</summary>
    VectorSaturatingShiftLeftUnsignedImm,

    /// <summary>Signed A &lt;&lt; Imm, saturated to unsigned (SQSHLU).</summary>
    VectorSaturatingShiftLeftSignedToUnsignedImm,

    /// <summary>As <see cref="VectorShiftUnsigned"/>, saturating (UQSHL).</summary>
    VectorSaturatingShiftUnsigned,

    /// <summary>As <see cref="VectorShiftSigned"/>, saturating (SQSHL).</summary>
    VectorSaturatingShiftSigned,

    /// <summary>As <see cref="VectorRoundingShiftUnsigned"/>, saturating (UQRSHL).</summary>
    VectorSaturatingRoundingShiftUnsigned,

    /// <summary>As <see cref="VectorRoundingShiftSigned"/>, saturating (SQRSHL).</summary>
    VectorSaturatingRoundingShiftSigned,

    /// <summary>Signed elements of 2·Size to signed Size (SQXTN). Shapes as <see cref="VectorNarrow"/>.</summary>
    VectorSaturatingNarrowSigned,

    /// <summary>Unsigned to unsigned (UQXTN).</summary>
    VectorSaturatingNarrowUnsigned,

    /// <summary>Signed to unsigned (SQXTUN).</summary>
    VectorSaturatingNarrowSignedToUnsigned,

    // ---- Floating point --------------------------------------------------------------------------------------------
    // Result V128 unless said otherwise. Size = element bytes (2, 4, 8); Shape = live lanes of the result, all bits above them are zero.
    // Operands are read only in the lanes that the live result needs. FPCR chooses rounding, flushing and default NaNs; FPSR's cumulative bits are set.
    // A rounding mode in Aux is an FpRounding, or 7 for FPCR's. Products come with one rounding, NaN selection is Arm's (addend first).
    FloatFirst = 0x400,

    // -- Without effect on FPSR; IrOps.SetsFpsr tests this range --
    /// <summary>A with the sign cleared; NaNs too.</summary>
    FloatAbs,

    /// <summary>A with the sign inverted; NaNs too.</summary>
    FloatNeg,

    /// <summary>C + sum of the two bfloat16 products of A and B, per 32-bit lane (BFDOT: rounds to odd, ignores FPCR). Size 4.</summary>
    FloatDotBf16,

    /// <summary>C (2×2 singles) + A (2×4 bfloat16) × transposed B (BFMMLA: two dot products each). Size 4, Shape Q.</summary>
    FloatMatrixMulBf16,

    /// <summary>
    /// Halves: C + A × B of one byte each (FMLALB, FMLALT with FPMR 0: OFP8 E5M2, no scaling). The bytes are the even ones, with Aux 1
    /// the odd ones. Rounds to nearest, flushes nothing, gives the default NaN, ignores FPCR. Size 1, Shape Q.
    /// </summary>
    FloatMulAddLongFp8,

    /// <summary>Flags := Z where converting the double A by <see cref="FloatToFixedJavaScript"/> is exact, else none. Type is Flags; Size 8, Shape Scalar.</summary>
    FloatJavaScriptFlags,

    // -- Two operands, lane by lane --
    FloatAdd,
    FloatSub,
    FloatMul,

    /// <summary>As <see cref="FloatMul"/>, but 0 × ∞ is ±2 (FMULX).</summary>
    FloatMulX,

    /// <summary>−(A × B), negated after rounding and NaN selection (FNMUL).</summary>
    FloatNegMul,
    FloatDiv,

    /// <summary>|A − B|.</summary>
    FloatAbsDifference,

    /// <summary>NaNs propagate; +0 is above −0.</summary>
    FloatMax,
    FloatMin,

    /// <summary>As <see cref="FloatMax"/>, but a number wins over a quiet NaN.</summary>
    FloatMaxNumber,
    FloatMinNumber,

    /// <summary>2 − A × B, one rounding (FRECPS).</summary>
    FloatReciprocalStep,

    /// <summary>(3 − A × B) / 2, one rounding (FRSQRTS).</summary>
    FloatReciprocalSqrtStep,

    // -- Comparison: all ones where true, else zero --
    /// <summary>A = B; quiet.</summary>
    FloatCompareEqual,

    /// <summary>A ≥ B; any NaN is invalid.</summary>
    FloatCompareGreaterEqual,

    /// <summary>A &gt; B; any NaN is invalid.</summary>
    FloatCompareGreater,

    /// <summary>|A| ≥ |B|; any NaN is invalid.</summary>
    FloatCompareAbsGreaterEqual,

    /// <summary>|A| &gt; |B|; any NaN is invalid.</summary>
    FloatCompareAbsGreater,

    // -- Three operands, one rounding; operands are negated before NaN selection --
    /// <summary>C + A × B.</summary>
    FloatMulAdd,

    /// <summary>C + (−A) × B.</summary>
    FloatMulSub,

    /// <summary>−C + (−A) × B (FNMADD).</summary>
    FloatNegMulAdd,

    /// <summary>−C + A × B (FNMSUB).</summary>
    FloatNegMulSub,

    /// <summary>
    /// Singles: C + A × B, A and B halves, exact product (FMLAL). Size 2. From half number 0 on, or with Aux 1 (FMLAL2) from the one
    /// behind the last of Aux 0: 4 or 8 bytes of A and B are read in shapes D and Q.
    /// </summary>
    FloatMulAddLong,

    /// <summary>As <see cref="FloatMulAddLong"/> with −A (FMLSL).</summary>
    FloatMulSubLong,

    // -- One operand, lane by lane --
    FloatSqrt,

    /// <summary>FRECPE.</summary>
    FloatReciprocalEstimate,

    /// <summary>FRSQRTE.</summary>
    FloatReciprocalSqrtEstimate,

    /// <summary>FRECPX.</summary>
    FloatReciprocalExponent,

    /// <summary>A rounded to an integral value. Aux bits 2:0 = rounding mode, bit 3 = raises Inexact (FRINTX).</summary>
    FloatRoundToIntegral,

    /// <summary>A rounded to an integral value of 32 bits, else −2^31 and Invalid Operation. Aux bits 2:0 = rounding mode. Size 4 or 8.</summary>
    FloatRoundToInt32,

    /// <summary>As <see cref="FloatRoundToInt32"/> with 64 bits.</summary>
    FloatRoundToInt64,

    // -- To and from integers: fixed point with Imm fraction bits --
    /// <summary>
    /// Element of Size times 2^Imm as a signed integer, saturated. Aux = rounding mode. Type V128: integers of Size in every live lane;
    /// I32 or I64: from lane 0.
    /// </summary>
    FloatToFixedSigned,
    FloatToFixedUnsigned,

    /// <summary>Signed integer of Aux bytes times 2^−Imm as an element of Size. A is V128: Aux is Size, every live lane; A is I32 (Aux 4) or I64 (Aux 8): Shape Scalar.</summary>
    FloatFromFixedSigned,
    FloatFromFixedUnsigned,

    /// <summary>I32 := the double A modulo 2^32 (FJCVTZS). Size 8, Shape Scalar.</summary>
    FloatToFixedJavaScript,

    // -- Between formats --
    /// <summary>Element of Size to one of Aux bytes (2, 4, 8). Shape Scalar.</summary>
    FloatConvert,

    /// <summary>Elements of Size of 64 bits of A (Aux 1 = bits 127:64) to 2·Size. Shape Q; Size 2 or 4.</summary>
    FloatWiden,

    /// <summary>Elements of 2·Size to Size. Shape D: 128 bits of A into the low half. Size 2 or 4.</summary>
    FloatNarrow,

    /// <summary>Doubles to singles, rounding to odd (FCVTXN). Size 4; Shape D: 128 bits of A into the low half; Scalar: one.</summary>
    FloatNarrowOdd,

    /// <summary>Singles to bfloat16. Size 2; Shape D: 128 bits of A into the low half; Scalar: one.</summary>
    FloatNarrowBf16,

    // -- Comparison to flags; Type is Flags, Shape Scalar --
    /// <summary>Flags := NZCV of A compared with B: less N, equal ZC, greater C, unordered CV. Aux 1 = a quiet NaN is invalid too (FCMPE).</summary>
    FloatCompare,

    /// <summary>Flags := if Condition(Aux bits 3:0) holds in flags C then those of <see cref="FloatCompare"/>, else Imm bits 3:0 = NZCV and no effect on FPSR. Aux bit 4 = as Aux 1 there.</summary>
    FloatCondCompare,
}
