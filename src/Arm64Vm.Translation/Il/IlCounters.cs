namespace Arm64Vm.Translation.Il;

/// <summary>What an executor did.</summary>
internal sealed class IlCounters
{
    /// <summary>Blocks translated to IR.</summary>
    public long Units { get; internal set; }

    /// <summary>Guest instructions of those.</summary>
    public long GuestInstructions { get; internal set; }

    /// <summary>Regions compiled.</summary>
    public long Compiled { get; internal set; }

    /// <summary>Blocks in those.</summary>
    public long CompiledBlocks { get; internal set; }

    /// <summary>Guest instructions in those.</summary>
    public long CompiledInstructions { get; internal set; }

    /// <summary>Bytes of IL.</summary>
    public long IlBytes { get; internal set; }

    /// <summary>Host time spent compiling.</summary>
    public TimeSpan CompileTime { get; internal set; }

    /// <summary>Blocks run by the interpreter.</summary>
    public long Interpreted { get; internal set; }

    /// <summary>Compiled units entered from the run loop, not from one another.</summary>
    public long Entries { get; internal set; }

    /// <summary>Exits because of floating point that compiled code does not do.</summary>
    public long RareExits { get; internal set; }

    public long Links { get; internal set; }

    public long IndirectMisses { get; internal set; }

    public long Invalidated { get; internal set; }
}
