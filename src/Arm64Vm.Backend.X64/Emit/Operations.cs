namespace Arm64Vm.Backend.X64.Emit;

/// <summary>The eight classic two-operand operations, numbered as the /digit of opcodes 80, 81 and 83.</summary>
internal enum AluOp : byte
{
    Add,
    Or,
    Adc,
    Sbb,
    And,
    Sub,
    Xor,
    Cmp,
}

/// <summary>Shift group 2, numbered as the /digit of opcodes C0, C1 and D0 to D3.</summary>
internal enum ShiftOp : byte
{
    Rol = 0,
    Ror = 1,
    Rcl = 2,
    Rcr = 3,
    Shl = 4,
    Shr = 5,
    Sar = 7,
}

/// <summary>SHA extensions, numbered by the opcode byte in map 0F38 (0F3A for <see cref="Sha1rnds4"/>, kept apart by bit 8).</summary>
internal enum ShaOp
{
    Sha1nexte = 0xC8,
    Sha1msg1 = 0xC9,
    Sha1msg2 = 0xCA,
    /// <summary>Takes its two round words from the low half of xmm0, implicitly.</summary>
    Sha256rnds2 = 0xCB,
    Sha256msg1 = 0xCC,
    Sha256msg2 = 0xCD,
    /// <summary>Needs the two-bit function selector as an immediate.</summary>
    Sha1rnds4 = 0x1CC,
}
