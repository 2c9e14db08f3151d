namespace Arm64Vm.Ir;

/// <summary>One of the three instructions that copy or set memory together.</summary>
internal enum MemoryStage
{
    Prologue,
    Main,
    Epilogue,
}

/// <summary>An instruction of FEAT_MOPS, from its word (Arm ARM C6.2.78 and following).</summary>
/// <remarks>
/// The algorithm is option A (PSTATE.C = 0). Behind the prologue of a copy forward and of a set, Xd (and Xs) hold the address behind the last byte and Xn holds minus the
/// number of bytes left; behind that of a copy backward they hold the first address and Xn the number of bytes left. The main and the epilogue instruction change Xn alone, so
/// an exception or an interrupt in the middle finds it saying what is left, and the instruction goes on from there. All bytes are moved by the main instruction.
/// </remarks>
internal readonly record struct MemoryOperation(uint Word)
{
    private const uint SetClass = 3;

    public bool IsSet => ((Word >> 22) & 3) == SetClass;

    /// <summary>CPY, which looks how its areas overlap, as opposed to CPYF.</summary>
    public bool MayRunBackward => !IsSet && (Word & (1u << 26)) != 0;

    public MemoryStage Stage => (MemoryStage)((IsSet ? Word >> 14 : Word >> 22) & 3);

    /// <summary>The option bits as ESR_ELx reports them: of a set two.</summary>
    public uint Options => (Word >> 12) & (IsSet ? 3u : 15u);

    /// <summary>Writes are made as EL0 makes them.</summary>
    public bool WritesUnprivileged => (Options & 1) != 0;

    /// <summary>Reads are made as EL0 makes them.</summary>
    public bool ReadsUnprivileged => !IsSet && (Options & 2) != 0;

    public int Destination => (int)(Word & 31);

    public int Count => (int)((Word >> 5) & 31);

    /// <summary>The register with the source's address, or with the byte to set.</summary>
    public int Source => (int)((Word >> 16) & 31);

    /// <summary>Each register has one part in it, and none is XZR, which only a set may take its byte from. Anything else is CONSTRAINED UNPREDICTABLE, and UNDEFINED here.</summary>
    public bool HasValidRegisters =>
        Destination != 31 && Count != 31 && (IsSet || Source != 31) && Destination != Count && Destination != Source && Count != Source;
}
