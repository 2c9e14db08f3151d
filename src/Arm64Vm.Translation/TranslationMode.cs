namespace Arm64Vm.Translation;

/// <summary>Everything about the processor's state that generated code is specialized on; part of the key of a translation.</summary>
internal readonly record struct TranslationMode(uint Bits)
{
    private const int MmuIndexShift = 1;
    private const int FpcrShift = 8;
    private const uint GuardedBit = 32;
    private const uint SingleStepBit = 64;
    private const uint ZeroTrappedBit = 1 << 16;
    private const uint LoadWindowBit = 1 << 17;
    private const uint MemoryOperationsUndefinedBit = 1 << 19;
    private const uint UserOverrideBit = 1 << 20;
    private const uint StackCheckedBit = 1 << 21;
    private const uint StackMisalignedBit = 1 << 22;
    private const uint CountsInstructionsBit = 1 << 23;
    private const uint CountsEventsBit = 1 << 24;
    private const int StopSetShift = 26;

    /// <summary>Names of sets of stops are 1 to this.</summary>
    public const int MostStopSets = 63;

    /// <summary>FPCR bits that choose semantics: AHP(26) DN(25) FZ(24) RMode(23:22) FZ16(19).</summary>
    public const uint FpcrMask = 0x07C8_0000;

    /// <summary>Exception level, 0 or 1.</summary>
    public int ExceptionLevel => (int)(Bits & 1);

    /// <summary>Which software TLB loads and stores use: 0 = EL0, 1 = EL1, 2 = EL1 with PAN.</summary>
    public int MmuIndex => (int)((Bits >> MmuIndexShift) & 3);

    /// <summary>Unaligned accesses fault (SCTLR_ELx.A, or Device memory because the MMU is off).</summary>
    public bool AlignmentChecked => (Bits & 8) != 0;

    /// <summary>SIMD&amp;FP instructions trap (CPACR_EL1.FPEN).</summary>
    public bool FloatTrapped => (Bits & 16) != 0;

    /// <summary>The page is guarded (BTI).</summary>
    public bool Guarded => (Bits & GuardedBit) != 0;

    /// <summary>One guest instruction per unit (software step, a page with a breakpoint, a misaligned stack).</summary>
    public bool SingleStep => (Bits & SingleStepBit) != 0;

    /// <summary>Some pointer authentication key is enabled (SCTLR_EL1.EnIA, EnIB, EnDA, EnDB). False: signing and authenticating leave the pointer as it is.</summary>
    public bool PointerAuthentication => (Bits & 128) != 0;

    /// <summary>DC ZVA traps (EL0 with SCTLR_EL1.DZE = 0).</summary>
    public bool ZeroTrapped => (Bits & ZeroTrappedBit) != 0;

    /// <summary>Memory copy and set instructions are UNDEFINED (EL0 with SCTLR_EL1.MSCEn = 0).</summary>
    public bool MemoryOperationsUndefined => (Bits & MemoryOperationsUndefinedBit) != 0;

    /// <summary>PSTATE.UAO: LDTR and STTR have the privilege of the level.</summary>
    public bool UserOverride => (Bits & UserOverrideBit) != 0;

    /// <summary>Accesses with SP as their base must find it aligned to 16 (SCTLR_EL1.SA, SA0): code that may misalign it leaves then.</summary>
    public bool StackChecked => (Bits & StackCheckedBit) != 0;

    /// <summary>SP is misaligned where that matters: such accesses fault. Comes with <see cref="SingleStep"/>, since every instruction may change it.</summary>
    public bool StackMisaligned => (Bits & StackMisalignedBit) != 0;

    /// <summary>Code counts its instructions (<see cref="Ir.GuestContext.Instructions"/>).</summary>
    public bool CountsInstructions => (Bits & CountsInstructionsBit) != 0;

    /// <summary>Code counts its branches, loads and stores (<see cref="Ir.CodeEvent"/>).</summary>
    public bool CountsEvents => (Bits & CountsEventsBit) != 0;

    /// <summary>Loads look into the <see cref="Ir.LoadWindow"/> of their MMU index before the TLB. What code does never depends on it.</summary>
    public bool HasLoadWindow => (Bits & LoadWindowBit) != 0;

    /// <summary>The bits of FPCR selected by <see cref="FpcrMask"/>.</summary>
    public uint Fpcr => ((Bits >> FpcrShift) & 0xFF) << 19;

    /// <summary>Names the places of the page where a debugger stops (<see cref="ICodeStops"/>); 0: none.</summary>
    public int StopSet => (int)(Bits >> StopSetShift);

    public TranslationMode WithGuard() => new(Bits | GuardedBit);

    public TranslationMode WithSingleStep() => new(Bits | SingleStepBit);

    public TranslationMode WithInstructionCount() => new(Bits | CountsInstructionsBit);

    public TranslationMode WithEventCount() => new(Bits | CountsEventsBit);

    public TranslationMode WithoutMemoryOperations() => new(Bits | MemoryOperationsUndefinedBit);

    public TranslationMode WithUserOverride() => new(Bits | UserOverrideBit);

    public TranslationMode WithLoadWindow() => new(Bits | LoadWindowBit);

    /// <summary>The mode for a page with stops, <paramref name="set"/> from 1 to <see cref="MostStopSets"/>.</summary>
    public TranslationMode WithStops(int set) => new(Bits | ((uint)set << StopSetShift));

    /// <summary>The mode for an SP that must be aligned, and is or is not.</summary>
    public TranslationMode WithStack(bool aligned) => new(Bits | StackCheckedBit | (aligned ? 0 : StackMisalignedBit | SingleStepBit));

    public static TranslationMode Create(int exceptionLevel, int mmuIndex, bool alignmentChecked, bool floatTrapped, bool singleStep, uint fpcr, bool pointerAuthentication = false, bool zeroTrapped = false) =>
        new((uint)exceptionLevel
            | ((uint)mmuIndex << MmuIndexShift)
            | (alignmentChecked ? 8u : 0)
            | (floatTrapped ? 16u : 0)
            | (singleStep ? SingleStepBit : 0)
            | (pointerAuthentication ? 128u : 0)
            | (zeroTrapped ? ZeroTrappedBit : 0)
            | (((fpcr & FpcrMask) >> 19) << FpcrShift));
}
