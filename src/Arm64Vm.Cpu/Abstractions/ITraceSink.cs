namespace Arm64Vm.Cpu;

/// <summary>What a trace tells of; each is switched on by itself.</summary>
[Flags]
internal enum TraceKinds
{
    None = 0,

    /// <summary>Translation units entered.</summary>
    Execution = 1 << 0,

    /// <summary>Exceptions taken and returned from.</summary>
    Exceptions = 1 << 1,

    /// <summary>Accesses of processors to devices.</summary>
    Mmio = 1 << 2,

    /// <summary>Interrupts acknowledged at the interrupt controller.</summary>
    Interrupts = 1 << 3,

    /// <summary>Walks of translation tables, and invalidations.</summary>
    Tlb = 1 << 4,
}

/// <summary>One thing that a trace tells of. Which members mean what stands at each.</summary>
internal enum TraceEventKind : byte
{
    /// <summary>Pc: the first instruction of a unit.</summary>
    Enter,

    /// <summary>Pc: the preferred return; Address: the vector; Value: ESR_EL1; Detail: FAR_EL1; Size: the <see cref="Exceptions.ExceptionVector"/>; Level: from where.</summary>
    Exception,

    /// <summary>Pc: the ERET; Address: where to; Value: SPSR_EL1; Level: to where.</summary>
    Return,

    /// <summary>Pc: the instruction; Address: physical; Detail: virtual; Value: what was read; Size: bytes, negative where it was refused.</summary>
    Read,

    /// <summary>As <see cref="Read"/>, with what is to be written; told before it is, and so also where it is refused.</summary>
    Write,

    /// <summary>Size: INTID; Detail: priority.</summary>
    Interrupt,

    /// <summary>Address: virtual; Value: physical; Detail: the <see cref="Mmu.AccessType"/>; Size: log2 of the bytes mapped.</summary>
    Walk,

    /// <summary>A walk without a translation. Address: virtual; Value: the fault status; Detail: as for <see cref="Walk"/>.</summary>
    Fault,

    /// <summary>A TLBI. Address: virtual, Value: bytes, Size: the <see cref="Mmu.ShootdownKind"/>, Detail: the ASID; ulong.MaxValue: all.</summary>
    Invalidate,
}

/// <summary>Something that a processor did.</summary>
/// <param name="Kind">What.</param>
/// <param name="Cpu">Whose.</param>
/// <param name="Level">Exception level.</param>
/// <param name="Time">Nanoseconds of the machine's time.</param>
/// <param name="Pc">Virtual address of an instruction.</param>
/// <param name="Address">As the kind says.</param>
/// <param name="Value">As the kind says.</param>
/// <param name="Detail">As the kind says.</param>
/// <param name="Size">As the kind says.</param>
internal readonly record struct TraceEvent(TraceEventKind Kind, int Cpu, int Level, ulong Time, ulong Pc, ulong Address, ulong Value, ulong Detail, int Size);

/// <summary>Where a trace goes. Any thread.</summary>
internal interface ITraceSink
{
    /// <summary>What is wanted; does not change.</summary>
    TraceKinds Kinds { get; }

    void Write(in TraceEvent happened);
}
