namespace Arm64Vm.Cpu.Exceptions;

/// <summary>PSTATE without NZCV, DAIF and BTYPE, which live in the guest context (Arm ARM D1.4).</summary>
internal struct PState
{
    public const uint F = 1u << 6;
    public const uint I = 1u << 7;
    public const uint A = 1u << 8;
    public const uint D = 1u << 9;
    public const uint DaifMask = D | A | I | F;
    public const uint Ss = 1u << 21;
    public const int BranchTypeShift = 10;
    private const uint SsbsBit = 1u << 12;
    private const uint IlBit = 1u << 20;
    private const uint PanBit = 1u << 22;
    private const uint UaoBit = 1u << 23;
    private const uint DitBit = 1u << 24;
    private const uint AArch32 = 1u << 4;

    /// <summary>0 or 1.</summary>
    public int El;

    /// <summary>The stack pointer in use is that of the exception level, not SP_EL0.</summary>
    public bool SpSel;

    public bool Pan;
    public bool Uao;
    public bool Dit;
    public bool Ssbs;
    public bool Il;
    public bool SoftwareStep;

    /// <summary>The form of SPSR_EL1, with NZCV in bits 31:28 and DAIF in bits 9:6 given.</summary>
    public readonly uint ToSpsr(uint nzcv, uint daif) =>
        (nzcv & 0xF000_0000)
        | (Dit ? DitBit : 0) | (Uao ? UaoBit : 0) | (Pan ? PanBit : 0) | (SoftwareStep ? Ss : 0) | (Il ? IlBit : 0)
        | (Ssbs ? SsbsBit : 0) | daif | ((uint)El << 2) | (SpSel ? 1u : 0);

    /// <summary>Takes the fields of SPSR_EL1 other than the mode.</summary>
    public void LoadFields(uint spsr)
    {
        Ssbs = (spsr & SsbsBit) != 0;
        Il = (spsr & IlBit) != 0;
        SoftwareStep = (spsr & Ss) != 0;
        Pan = (spsr & PanBit) != 0;
        Uao = (spsr & UaoBit) != 0;
        Dit = (spsr & DitBit) != 0;
    }

    /// <summary>Whether ERET from EL1 may go to the mode in <paramref name="spsr"/> (Arm ARM D1.4.4: no AArch32, no higher level, no EL0h).</summary>
    public static bool IsLegalReturn(uint spsr) => (spsr & AArch32) == 0 && (spsr & 0xF) is 0b0000 or 0b0100 or 0b0101;
}
